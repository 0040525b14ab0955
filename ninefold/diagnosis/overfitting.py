"""Learning by heart."""

from typing import Any

from ninefold.diagnosis.case import Case, Finding, Symptom

GAP = 0.3
"""Share of the loss on valid that is not there on train."""
RISE = 1.1
SURE = 3.0
"""Standard errors by which the losses must differ."""
EARLY, UP, FAR, KNOWN = 0.1, 2.0, 0.9, 0.25
"""Share of the epochs by which the best one came; rise on valid and gap from then on; and share of
the untrained network's loss that it left at least, for a rise from nothing is nothing."""


class Overfitting(Symptom):
    """Train rows are known far better than valid ones, which got worse while train got better."""

    kinds = ("fit.overfitting",)

    def look(self, case: Case) -> Finding | None:
        train, valid = float(case.train.losses.mean()), float(case.valid.losses.mean())
        spread = case.valid.error_of_mean(case.valid.losses)
        rises = [epoch.valid_loss for epoch in case.history]
        rise = rises[-1] / max(min(rises), 1e-12)
        gap = (valid - train) / max(valid, 1e-12)
        is_kept = gap >= GAP and valid - train >= SURE * spread and rise >= RISE
        if not is_kept and not _went_on(case, rise):
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


def _went_on(case: Case, rise: float) -> bool:
    """Tell whether all that holds was learnt in the first epochs, and rows by heart after."""
    last, least = case.history[-1], min(epoch.valid_loss for epoch in case.history)
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
