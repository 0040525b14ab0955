"""The reported metric alone."""

from collections.abc import Sequence
from typing import Literal

from ninefold.tuning.goals import GoalSpec, Pick, Row, best


class MetricGoal(GoalSpec):
    """The best mean of the reported metric over the folds."""

    kind: Literal["metric"] = "metric"

    def pick(self, rows: Sequence[Row], higher_is_better: bool) -> Pick:
        """Return the trial with the best mean."""
        return Pick(best(rows, higher_is_better).number, "best mean over the folds")
