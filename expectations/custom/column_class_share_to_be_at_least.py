"""No class so rare that nothing can be learned of it."""

from typing import Any, ClassVar

from great_expectations.compatibility import pydantic
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.metrics import (
    ColumnAggregateMetricProvider,
    column_aggregate_value,
)

from expectations.custom._column import ColumnExpectation


class ColumnRarest(ColumnAggregateMetricProvider):  # type: ignore[misc]
    """The rarest value of a column: its name, its rows, and all rows."""

    metric_name = "column.ninefold_rarest"

    @column_aggregate_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, **_: Any) -> tuple[str, int, int]:  # noqa: N805
        counts = column.value_counts(sort=False).sort_index()
        if not len(counts):
            return "", 0, 0
        return str(counts.idxmin()), int(counts.min()), int(counts.sum())


class ExpectColumnClassShareToBeAtLeast(ColumnExpectation):
    """Expect every class of a column to have at least the share `min_value` of the rows."""

    min_value: float = pydantic.Field(ge=0, le=1)
    metric_dependencies: ClassVar[tuple[str, ...]] = ("column.ninefold_rarest",)
    success_keys: ClassVar[tuple[str, ...]] = ("min_value",)

    def judge(self, found: Any) -> tuple[bool, Any]:
        name, rows, total = found
        share = rows / total if total else 0.0
        return share >= self.min_value, f"{name}: {rows} of {total} rows ({share:.2%})"
