"""Two numbers at once: the reported metric and what an answer costs."""

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

from ninefold.tuning.goals import GoalSpec, Pick, Row, best

Cost = Literal["latency_ms", "batch_latency_ms", "size_kb"]


class FrontGoal(GoalSpec):
    """The Pareto front of the reported metric and one cost of the exported file.

    Optuna does not prune such studies.
    """

    kind: Literal["front"] = "front"
    needs_cost: ClassVar[bool] = True
    is_single: ClassVar[bool] = False
    cost: Cost = "latency_ms"
    """Median time for a single row, for a batch of 256 rows, or the size of the file."""
    rule: Literal["cheapest_within_one_se", "best"] = "cheapest_within_one_se"
    """Which trial of the front is taken: the cheapest whose mean is within one standard error of
    the best mean (Breiman et al., 1984), or the best."""

    def values(self, row: Row) -> tuple[float, ...]:
        return (row.score, row.cost[self.cost])

    def costs(self) -> tuple[str, ...]:
        return (self.cost,)

    def front(self, rows: Sequence[Row], higher_is_better: bool) -> tuple[int, ...]:
        sign = 1.0 if higher_is_better else -1.0
        kept: list[Row] = []
        for row in sorted(rows, key=lambda r: (r.cost[self.cost], -sign * r.score, r.number)):
            if not kept or sign * row.score > sign * kept[-1].score:
                kept.append(row)
        return tuple(row.number for row in kept)

    def pick(self, rows: Sequence[Row], higher_is_better: bool) -> Pick:
        """Return the trial of the front that the rule names."""
        sign = 1.0 if higher_is_better else -1.0
        numbers = self.front(rows, higher_is_better)
        front = [row for number in numbers for row in rows if row.number == number]
        top = best(front, higher_is_better)
        if self.rule == "best" or not math.isfinite(top.standard_error):
            return Pick(top.number, "best mean over the folds")
        near = [row for row in front if sign * (top.score - row.score) <= top.standard_error]
        cheapest = min(near, key=lambda row: row.cost[self.cost])
        said = (
            f"lowest {self.cost} within one standard error ({top.standard_error:.3g}) of the best"
        )
        return Pick(cheapest.number, said, is_by_metric=cheapest.number == top.number)
