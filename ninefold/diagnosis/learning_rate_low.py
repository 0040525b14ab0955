"""Steps that are too short."""

import numpy as np

from ninefold.columns import Array
from ninefold.diagnosis.case import Case, Finding, Symptom

FEWEST, FEWEST_AT_ALL = 6, 3
"""Epochs at the full rate for the form of a curve; and in all, for telling that nothing moved."""
STEADY = 0.9
"""Share of epochs in which the loss falls."""
STILL, FAR_BELOW = 0.02, 30
"""Share of the untrained loss that is no change, at a rate so many times below the default."""
NEAR = 3.0
"""A rate that is not so many times below the default is none too low: more epochs are the cure."""
STILL_FALLING = 0.2
"""The second half's fall over the first half's that still counts, at a rate far below."""
STRAIGHT = 0.6
"""The second half's fall over the first half's, from which on a curve counts as straight."""


class LearningRateLow(Symptom):
    """The loss on train falls in a straight line until the epochs are used up."""

    kinds = ("learning_rate.too_low",)

    def look(self, case: Case) -> Finding | None:
        flat = case.flat
        if len(case.history) < FEWEST_AT_ALL:
            return None
        usual = case.spec.optimizer.lr
        moved = _moved(case)
        is_far = case.lr * FAR_BELOW < usual
        is_still = moved < STILL and is_far
        part = _falling(case, is_far)
        if not is_still and (case.lr * NEAR >= usual or part is None):
            return None
        first, second, steady = (
            halves(_on_valid(case) if part == "valid" else flat) if len(flat) > 1 else (0.0,) * 3
        )
        said = f"the loss on {'train' if is_still or not part else part} " + (
            f"hardly moved in all ({moved:.2%})" if is_still
            else f"fell in {steady:.0%} of epochs, by {first:.3g} in the first half of them and "
            f"{second:.3g} in the second, and was still falling at the end"
        )  # fmt: skip
        lr = usual if is_far else min(1.0, float(f"{case.lr * 10:.2g}"))
        return Finding(
            "learning_rate.too_low",
            f"With {case.name('lr')} {case.lr:g} {said}: steps are too short.",
            case.other_rate(lr),
            {
                "lr": case.lr,
                "falling": steady,
                "fall_first_half": first,
                "fall_second_half": second,
            },
            case.loss_picture("The loss falls in a straight line"),
            ((case.at("lr"), lr),),
        )


def _moved(case: Case) -> float:
    """Return the share of the untrained loss by which it changed on train: while training, and as
    the last look inside saw it without dropout and the ups and downs of batches.
    """
    seen = float(case.losses.min()), float(case.probes[-1]["loss"])
    return min(abs(case.untrained_loss - loss) for loss in seen) / max(case.untrained_loss, 1e-12)


def halves(flat: Array) -> tuple[float, float, float]:
    """Return by how much the losses `(E,)` of the epochs at the full learning rate fell in either
    half of them, and the share of epochs in which they fell.
    """
    middle = len(flat) // 2
    first, second = float(flat[0] - flat[middle]), float(flat[middle] - flat[-1])
    return first, second, float((np.diff(flat) < 0).mean())


def falls_straight(case: Case, *, is_far: bool = False) -> bool:
    """Tell whether the loss falls in a straight line until the epochs are used up.

    At a rate that `is_far` below the default, it need only still fall.
    """
    return _is_straight(case, case.flat, STILL_FALLING if is_far else STRAIGHT)


def _falling(case: Case, is_far: bool) -> str | None:
    """Return the part whose loss still falls, if any; valid, which has none of the noise that
    dropout and batches add, counts at a rate far below the default.
    """
    if falls_straight(case, is_far=is_far):
        return "train"
    on_valid = is_far and _is_straight(case, _on_valid(case), STILL_FALLING)
    return "valid" if on_valid else None


def _on_valid(case: Case) -> Array:
    """Return the losses on valid of the epochs at the full learning rate."""
    return np.array([epoch.valid_loss for epoch in case.history])[: len(case.flat)]


def _is_straight(case: Case, losses: Array, share: float) -> bool:
    if len(losses) < FEWEST or not case.is_cut_off:
        return False
    first, second, steady = halves(losses)
    return steady >= STEADY and second >= share * first > 0
