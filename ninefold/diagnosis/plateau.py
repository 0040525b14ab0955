"""A learning rate that stays where nothing happens any more."""

import numpy as np

from ninefold.diagnosis.case import Case, Finding, Symptom

FEWEST = 8
STILL = 0.005
"""Share of the loss by which half of the epochs differ from the half before."""
LEFT = 0.05
"""Share of the untrained loss that must be left for a plateau to matter."""


class Plateau(Symptom):
    """At one learning rate the loss on train has gone nowhere for half of the epochs.

    At no more than the usual rate an average of the weights stands still as a lower rate would.
    """

    kinds = ("fit.plateau",)
    follows = ("learning_rate", "inputs", "codes")

    def look(self, case: Case) -> Finding | None:
        late = case.flat[len(case.flat) // 2 :]
        if len(late) < FEWEST or case.flat.min() < LEFT * case.untrained_loss:
            return None
        if case.spec.ema and case.lr <= case.spec.optimizer.lr:
            return None
        before, after = np.array_split(late, 2)
        fall = float((before.mean() - after.mean()) / before.mean())
        has_learnt = case.flat.min() < 0.98 * case.untrained_loss
        if abs(fall) > STILL or not has_learnt or case.spec.schedule.kind == "plateau":
            return None
        return Finding(
            "fit.plateau",
            f"Over the last {len(late)} epochs at the learning rate {case.lr:g} the loss on train "
            f"changed by {abs(fall):.2%}: it moves about without getting anywhere.",
            f"Set {case.name('schedule')} to {{kind: plateau}}, which lowers the learning rate "
            "then.",
            {"epochs": len(late), "change": fall, "loss": float(after.mean())},
            case.loss_picture("The loss stays where it is"),
            ((case.at("schedule"), {"kind": "plateau"}),),
        )
