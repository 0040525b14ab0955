"""A column in order: no row before the one it follows."""

from typing import Any, Literal

from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import (
    ColumnMapMetricProvider,
    column_condition_partial,
)


class ColumnValuesMonotone(ColumnMapMetricProvider):  # type: ignore[misc]
    """True where a value is not before (after, if descending) any earlier one of its column."""

    condition_metric_name = "column_values.ninefold_monotone"
    condition_value_keys = ("direction", "strictly")

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, direction: str, strictly: bool = False, **_: Any) -> Any:  # noqa: N805
        numbers = column if column.dtype.kind in "fiu" else column.astype("int64")
        numbers = numbers if direction == "ascending" else -numbers
        reached = numbers.cummax().shift()
        return reached.isna() | (numbers > reached if strictly else numbers >= reached)


class ExpectColumnValuesToBeMonotone(ColumnMapExpectation):  # type: ignore[misc]
    """Expect a number or datetime column to ascend (or descend) row by row, `strictly` or not."""

    direction: Literal["ascending", "descending"] = "ascending"
    strictly: bool = False
    map_metric = "column_values.ninefold_monotone"
    success_keys = ("mostly", "direction", "strictly")
