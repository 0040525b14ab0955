"""What expectations on one value computed of a column share: how they answer."""

from abc import abstractmethod
from typing import Any, ClassVar

from great_expectations.expectations.expectation import ColumnAggregateExpectation


class ColumnExpectation(ColumnAggregateExpectation):  # type: ignore[misc]
    """An expectation on what the first of its `metric_dependencies` says of a column."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def judge(self, found: Any) -> tuple[bool, Any]:
        """Return whether it holds for what the metric found, and what is observed."""

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: Any = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        holds, observed = self.judge(metrics[self.metric_dependencies[0]])
        return {"success": holds, "result": {"observed_value": observed}}
