"""The reported metric, among models that are small and quick enough."""

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from ninefold.tuning.goals import GoalSpec, Pick, Row, best


class ConstrainedGoal(GoalSpec):
    """The best mean of the reported metric whose exported file keeps within limits.

    Limits hold for `model.onnx` as it is served: raw rows in, one thread.
    """

    kind: Literal["constrained"] = "constrained"
    needs_cost: ClassVar[bool] = True
    max_latency_ms: float | None = Field(None, gt=0)
    """Median time for a single row."""
    max_batch_latency_ms: float | None = Field(None, gt=0)
    """Median time for a batch of 256 rows."""
    max_size_kb: float | None = Field(None, gt=0)
    """Size of the file, in 1,000 bytes."""

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if not self.limits():
            raise ValueError("must set max_latency_ms, max_batch_latency_ms or max_size_kb")
        return self

    def limits(self) -> dict[str, float]:
        """Return the limits that are set, by the name of what is measured."""
        limits = {
            "latency_ms": self.max_latency_ms,
            "batch_latency_ms": self.max_batch_latency_ms,
            "size_kb": self.max_size_kb,
        }
        return {name: limit for name, limit in limits.items() if limit is not None}

    def costs(self) -> tuple[str, ...]:
        return tuple(self.limits())

    def constraints(self, row: Row) -> dict[str, float]:
        return {name: row.cost[name] - limit for name, limit in self.limits().items()}

    def pick(self, rows: Sequence[Row], higher_is_better: bool) -> Pick:
        """Return the best trial within the limits."""
        limits = ", ".join(f"{name} <= {limit:g}" for name, limit in self.limits().items())
        fitting = [row for row in rows if max(self.constraints(row).values()) <= 0]
        if not fitting:
            nearest = min(rows, key=self._times_over)
            found = ", ".join(f"{name} {nearest.cost[name]:.3g}" for name in self.limits())
            return Pick(None, f"no trial keeps {limits}; the nearest, {nearest.number}: {found}")
        return Pick(
            best(fitting, higher_is_better).number, f"best mean over the folds with {limits}"
        )

    def _times_over(self, row: Row) -> float:
        """Return how many times the worst limit a trial takes."""
        return max(row.cost[name] / limit for name, limit in self.limits().items())
