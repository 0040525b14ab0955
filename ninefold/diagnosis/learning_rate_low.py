"""Steps that are too short."""

import numpy as np

from ninefold.diagnosis.case import Case, Finding, Symptom

FEWEST = 6
STEADY = 0.9
"""Share of epochs in which the loss falls."""
STILL, FAR_BELOW = 0.02, 30
"""Share of the untrained loss that is no change, at a rate so many times below the default."""
STRAIGHT = 0.6
"""The second half's fall over the first half's, from which on a curve counts as straight."""


class LearningRateLow(Symptom):
    """The loss on train falls in a straight line until the epochs are used up."""

    kinds = ("learning_rate.too_low",)

    def look(self, case: Case) -> Finding | None:
        flat, start = case.flat, case.untrained_loss
        if len(flat) < FEWEST:
            return None
        middle = len(flat) // 2
        first, second = float(flat[0] - flat[middle]), float(flat[middle] - flat[-1])
        steady = float((np.diff(flat) < 0).mean())
        moved = abs(start - float(case.losses.min())) / max(start, 1e-12)
        is_still = moved < STILL and case.lr * FAR_BELOW < case.spec.optimizer.lr
        is_straight = case.is_cut_off and steady >= STEADY and second >= STRAIGHT * first > 0
        if not is_still and not is_straight:
            return None
        said = (
            f"hardly moved in all ({moved:.2%})" if is_still
            else f"fell in {steady:.0%} of epochs, by as much in the second half of them "
            f"({second:.3g}) as in the first ({first:.3g}), and was still falling at the end"
        )  # fmt: skip
        lr = min(1.0, float(f"{case.lr * 10:.2g}"))
        return Finding(
            "learning_rate.too_low",
            f"With {case.name('lr')} {case.lr:g} the loss on train {said}: steps are too short.",
            f"Set {case.name('lr')} to {lr:g}, or to auto.",
            {
                "lr": case.lr,
                "falling": steady,
                "fall_first_half": first,
                "fall_second_half": second,
            },
            case.loss_picture("The loss falls in a straight line"),
            ((case.at("lr"), lr),),
        )
