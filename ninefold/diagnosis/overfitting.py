"""Learning by heart."""

import math
from typing import Any

import numpy as np

from ninefold.diagnosis.case import Case, Finding, Symptom
from ninefold.training.defaults import PATIENT_STEPS, batch_size, patience

GAP = 0.3
"""Share of the loss on valid that is not there on train."""
RISE, RISE_AS_USUAL = 1.1, 1.5
"""On valid, of the last loss over the least; the latter where nothing was loosened: of 25 healthy
tables of 300 rows, every second rose by more than 1.2 until it stopped."""
SURE = 3.0
"""Standard errors by which the losses must differ."""
EARLY, UP, FAR, KNOWN = 0.1, 2.0, 0.9, 0.25
"""Share of the epochs by which the best one came; rise on valid and gap from then on; and share of
the untrained network's loss that it left at least, for a rise from nothing is nothing."""

LOOSE, RISE_LOOSE, FAR_LOOSE = 2, 1.25, 0.5
"""How many settings against learning by heart must be weaker than by default for less of a rise and
gap at the end to count."""


class Overfitting(Symptom):
    """Train rows are known far better than valid ones, which got worse while train got better."""

    kinds = ("fit.overfitting",)

    def look(self, case: Case) -> Finding | None:
        train, valid = float(case.train.losses.mean()), float(case.valid.losses.mean())
        spread = case.valid.error_of_mean(case.valid.losses)
        rises = [epoch.valid_loss for epoch in case.history]
        rise = rises[-1] / max(min(rises), 1e-12)
        gap = (valid - train) / max(valid, 1e-12)
        is_loose = _loosened(case) >= LOOSE
        is_risen = rise >= (RISE if is_loose else RISE_AS_USUAL)
        is_kept = gap >= GAP and valid - train >= SURE * spread and is_risen
        if not is_kept and not _went_on(case, rise, is_loose=is_loose):
            return None
        path, value = _stronger(case)
        best, last = case.facts["best_epoch"], case.history[-1]
        seen = (
            f"The kept network's loss is {train:.3g} on train and {valid:.3g} on valid, where it "
            f"ended {rise:.2f} times above its least"
            if is_kept
            else f"Epoch {best} of {len(case.history)} was the best: from then on the loss fell to "
            f"{last.train_loss:.3g} on train and rose to {last.valid_loss:.3g} on valid, "
            f"{rise:.2f} times its least"
        )
        return Finding(
            "fit.overfitting",
            f"{seen}: the network learns rows by heart.",
            f"Set {'.'.join(path)} to {value:g}, or bring more rows.",
            {"train_loss": train, "valid_loss": valid, "gap": gap, "rise_on_valid": rise},
            case.loss_picture("Train and valid part"),
            ((path, value),),
        )


def _loosened(case: Case) -> int:
    """Return how many settings against learning by heart are weaker than by default."""
    spec, network, rows = case.spec, case.network, case.facts["train_rows"]
    fields = type(network).model_fields
    usual = fields["dropout"].default if "dropout" in fields else 0.0
    steps = max(rows // (spec.batch_size or batch_size(rows)), 1)
    late = 2 * max(patience(rows), math.ceil(PATIENT_STEPS / steps))
    is_table = hasattr(spec, "network") and not network.reads_tensors
    is_averaged = spec.ema is not None or getattr(network, "normalization", "none") == "batch"
    return sum((
        getattr(network, "dropout", 0.0) < usual,
        spec.weight_decay < spec.optimizer.weight_decay,
        spec.patience is not None and spec.patience > late,
        is_table and not is_averaged,
    ))  # fmt: skip


def _went_on(case: Case, rise: float, *, is_loose: bool) -> bool:
    """Tell whether all that holds was learnt in the first epochs, and rows by heart after."""
    last, least = case.history[-1], min(epoch.valid_loss for epoch in case.history)
    if is_loose and least >= KNOWN * case.untrained_loss:
        late = case.history[-3:]
        train, valid = (
            float(np.median(losses))
            for losses in ([e.train_loss for e in late], [e.valid_loss for e in late])
        )
        if valid >= RISE_LOOSE * least and train <= (1 - FAR_LOOSE) * valid:
            return True
    is_early = case.facts["best_epoch"] <= EARLY * len(case.history)
    is_known = least >= KNOWN * case.untrained_loss
    return is_early and is_known and rise >= UP and last.train_loss <= (1 - FAR) * last.valid_loss


def _stronger(case: Case) -> tuple[tuple[str, ...], Any]:
    """Return more dropout where the network has it and there is room, else more weight decay."""
    dropout = getattr(case.network, "dropout", None)
    if dropout is not None and dropout < 0.5:
        return case.of_network("dropout"), round(min(0.5, dropout + 0.2), 3)
    decay = case.spec.weight_decay
    return case.at("weight_decay"), min(1.0, round(max(5 * decay, 0.01), 4))
