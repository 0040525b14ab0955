"""Steps that are too long."""

import numpy as np

from ninefold.columns import Array
from ninefold.diagnosis.case import Case, Finding, Symptom
from ninefold.training.defaults import batch_size

SPIKE, SPIKE_AS_USUAL = 1.5, 3.0
"""An epoch's loss on train over the least before it; the latter at no more than the usual rate,
where a batch with a row far out makes as much of a small table."""
START = 3.0
"""The first epoch's loss over that of the untrained network, which knows no class from another."""
RISE = 1.15
"""Of the loss on train over its least, at the full learning rate; each a median of three epochs."""
FAR_ABOVE = 30
"""A rate so many times above the default goes back to that at once."""
FEWEST = 4
NOTHING = 0.02
"""Share of the untrained loss that counts as nothing learnt, at a rate far above the default."""
STEPS = 8
"""Fewer make an epoch's loss one of a few rows only: that of several epochs is looked at then."""
LEFT = 0.05
"""Share of the untrained loss below which ups and downs are nothing."""
JUMP = 0.25
"""Share of the untrained loss by which a spike must rise, and any rise at no more than the usual
rate: with few rows, ups and downs of a small loss are many times that loss."""


class LearningRateHigh(Symptom):
    """The loss on train went up, or was not finite."""

    kinds = ("learning_rate.too_high",)

    def look(self, case: Case) -> Finding | None:
        retries, spike = case.facts["retries"], _spike(case)
        rise = _rise(case)
        usual = case.spec.optimizer.lr
        least = SPIKE if case.lr > usual else SPIKE_AS_USUAL
        if case.unscaled is not None and case.lr <= usual:
            return None
        is_lost = case.lr > FAR_ABOVE * usual and _has_learnt_nothing(case)
        has_exploded = retries > 0 or spike >= least or is_lost
        if not has_exploded and rise < RISE:
            return None
        lr = float(f"{case.lr / (10 if has_exploded else 3):.2g}")
        lr = usual if case.lr > FAR_ABOVE * usual else lr
        said = (
            f"was not finite {retries} times" if retries
            else f"rose to {spike:.2f} times its least so far" if spike >= least
            else f"never fell below that of the untrained network, {case.untrained_loss:.3g}"
            if is_lost
            else f"ended {rise:.2f} times above its least before the learning rate fell"
        )  # fmt: skip
        return Finding(
            "learning_rate.too_high",
            f"With {case.name('lr')} {case.lr:g} the loss on train {said}: steps are too long.",
            case.other_rate(lr),
            {"lr": case.lr, "retries": retries, "spike": spike, "rise": rise},
            case.loss_picture("The loss rises"),
            ((case.at("lr"), lr),),
        )  # fmt: skip


def _has_learnt_nothing(case: Case) -> bool:
    """Tell whether all epochs left the loss on train where it was before training."""
    losses = case.losses
    return len(losses) >= FEWEST and float(losses.min()) > (1 - NOTHING) * case.untrained_loss


def _spike(case: Case) -> float:
    """Return the largest loss of an epoch over the least before it, that before training too."""
    losses = _smooth(case.losses, _epochs_together(case))
    if len(losses) and case.is_classification:
        start = float(losses[0] / max(case.untrained_loss, 1e-12))
        if start >= START:
            return start
    if len(losses) < 2:
        return 1.0
    least = np.minimum.accumulate(losses)[:-1]
    spikes = losses[1:] / np.maximum(least, 1e-12)
    is_seen = losses[1:] - least >= JUMP * case.untrained_loss
    return float(spikes[is_seen].max(initial=1.0))


def _rise(case: Case) -> float:
    """Return the last loss at the full learning rate over the least."""
    if len(case.flat) < FEWEST:
        return 1.0
    losses = _smooth(case.flat, max(3, _epochs_together(case)))
    if losses[-1] < LEFT * case.untrained_loss:
        return 1.0
    is_usual = case.lr <= case.spec.optimizer.lr
    if is_usual and losses[-1] - losses.min() < JUMP * case.untrained_loss:
        return 1.0
    return float(losses[-1] / losses.min())


def _epochs_together(case: Case) -> int:
    """Return how many epochs it takes for STEPS steps: an odd number."""
    if case.spec.optimizer.takes_all_rows:
        return 1
    rows = case.facts["train_rows"]
    steps = max(rows // (case.spec.batch_size or batch_size(rows)), 1)
    return int((STEPS - 1) // steps // 2 * 2 + 1)


def _smooth(losses: Array, epochs: int) -> Array:
    """Return the medians of so many epochs in a row, as far as there are as many."""
    epochs = min(epochs, max(len(losses), 1))
    if epochs == 1:
        return losses
    windows = np.lib.stride_tricks.sliding_window_view(losses, epochs)
    return np.asarray(np.median(windows, axis=1))
