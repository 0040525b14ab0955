"""Batches so large that hardly any steps are left to learn in."""

from ninefold.diagnosis.batch_small import noise_scale
from ninefold.diagnosis.case import Case, Finding, Symptom
from ninefold.training.defaults import batch_size

TIMES = 4
"""How many times the default a batch must be."""
FEW = 1_000
"""Steps in all that are few; a run that took more of them had its time to learn."""
SETTLED = 0.01
"""Share of the loss on valid that the last quarter of the epochs may still win when it is over."""


class BatchLarge(Symptom):
    """Far more rows per step than the default, and training ends while it still learns."""

    kinds = ("batch.too_large",)
    follows = ("learning_rate",)

    def look(self, case: Case) -> Finding | None:
        size, rows = case.spec.batch_size, case.facts["train_rows"]
        usual = batch_size(rows)
        if size is None or min(size, rows) <= TIMES * usual or case.spec.optimizer.takes_all_rows:
            return None
        each, each_usual = max(rows // size, 1), rows // usual
        steps = each * len(case.history)
        if steps > FEW or not still_learns(case) or noise_scale(case) >= size:
            return None
        bars = [
            [f"batch of {size}", each / each_usual, str(each)],
            ["default batch", 1.0, str(each_usual)],
        ]
        return Finding(
            "batch.too_large",
            f"A batch of {size:,} of {rows:,} train rows leaves {each} steps an epoch, {steps} in "
            f"all, where the default makes {each_usual} an epoch: training ended while the "
            "network was still learning.",
            f"Set {case.name('batch_size')} to {usual}.",
            {"batch_size": size, "steps": steps, "steps_per_epoch": each, "default": usual,
             "noise_scale": noise_scale(case)},
            {"kind": "bars", "title": "Steps an epoch", "rows": bars},
            ((case.at("batch_size"), usual),),
        )  # fmt: skip


def still_learns(case: Case) -> bool:
    """Tell whether the last quarter of the epochs still won something on valid."""
    losses = [epoch.valid_loss for epoch in case.history]
    before = min(losses[: max(3 * len(losses) // 4, 1)])
    return case.is_cut_off and min(losses) < (1.0 - SETTLED) * before
