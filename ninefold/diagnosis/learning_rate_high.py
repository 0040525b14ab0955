"""Steps that are too long."""

import numpy as np

from ninefold.diagnosis.case import Case, Finding, Symptom

SPIKE = 1.5
"""An epoch's loss on train over the least before it."""
RISE = 1.1
"""Of the loss on train over its least, at the full learning rate."""
FEWEST = 4


class LearningRateHigh(Symptom):
    """The loss on train went up, or was not finite."""

    kinds = ("learning_rate.too_high",)

    def look(self, case: Case) -> Finding | None:
        retries, spike = case.facts["retries"], _spike(case)
        rise = float(case.flat[-1] / case.flat.min()) if len(case.flat) >= FEWEST else 1.0
        has_exploded = retries > 0 or spike >= SPIKE
        if not has_exploded and rise < RISE:
            return None
        lr = float(f"{case.lr / (10 if has_exploded else 3):.2g}")
        said = (
            f"was not finite {retries} times" if retries
            else f"rose to {spike:.2f} times its least so far" if has_exploded
            else f"ended {rise:.2f} times above its least before the learning rate fell"
        )  # fmt: skip
        return Finding(
            "learning_rate.too_high",
            f"With train.lr {case.lr:g} the loss on train {said}: steps are too long.",
            f"Set train.lr to {lr:g}, or to auto.",
            {"lr": case.lr, "retries": retries, "spike": spike, "rise": rise},
            case.loss_picture("The loss rises"),
            ((("train", "lr"), lr),),
        )  # fmt: skip


def _spike(case: Case) -> float:
    """Return the largest loss of an epoch over the least of those before it."""
    if len(case.losses) < 2:
        return 1.0
    return float((case.losses[1:] / np.minimum.accumulate(case.losses)[:-1]).max())
