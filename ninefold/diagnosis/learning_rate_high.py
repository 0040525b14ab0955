"""Steps that are too long."""

import numpy as np

from ninefold.diagnosis.case import Case, Finding, Symptom

SPIKE = 1.5
"""An epoch's loss on train over the least before it."""
START = 3.0
"""The first epoch's loss over that of the untrained network, which knows no class from another."""
RISE = 1.1
"""Of the loss on train over its least, at the full learning rate."""
FEWEST = 4
LEFT = 0.05
"""Share of the untrained loss below which ups and downs are nothing."""


class LearningRateHigh(Symptom):
    """The loss on train went up, or was not finite."""

    kinds = ("learning_rate.too_high",)

    def look(self, case: Case) -> Finding | None:
        retries, spike = case.facts["retries"], _spike(case)
        rise = _rise(case)
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
            f"With {case.name('lr')} {case.lr:g} the loss on train {said}: steps are too long.",
            f"Set {case.name('lr')} to {lr:g}, or to auto.",
            {"lr": case.lr, "retries": retries, "spike": spike, "rise": rise},
            case.loss_picture("The loss rises"),
            ((case.at("lr"), lr),),
        )  # fmt: skip


def _spike(case: Case) -> float:
    """Return the largest loss of an epoch over the least before it, that before training too."""
    if len(case.losses) and case.is_classification:
        start = float(case.losses[0] / max(case.untrained_loss, 1e-12))
        if start >= START:
            return start
    if len(case.losses) < 2:
        return 1.0
    spikes = case.losses[1:] / np.minimum.accumulate(case.losses)[:-1]
    is_seen = case.losses[1:] >= LEFT * case.untrained_loss
    return float(spikes[is_seen].max(initial=1.0))


def _rise(case: Case) -> float:
    """Return the last loss at the full learning rate over the least."""
    if len(case.flat) < FEWEST or case.flat[-1] < LEFT * case.untrained_loss:
        return 1.0
    return float(case.flat[-1] / case.flat.min())
