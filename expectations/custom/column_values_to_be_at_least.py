"""Numbers reach a value below which they mean that something is wrong, such as a blank picture."""

from typing import Any

from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import (
    ColumnMapMetricProvider,
    column_condition_partial,
)


class ColumnValuesAtLeast(ColumnMapMetricProvider):  # type: ignore[misc]
    """True where a number is not below `min_value`."""

    condition_metric_name = "column_values.at_least"
    condition_value_keys = ("min_value",)

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, min_value: float, **_: Any) -> Any:  # noqa: N805
        return column.astype("float64") >= min_value


class ExpectColumnValuesToBeAtLeast(ColumnMapExpectation):  # type: ignore[misc]
    """Expect no number below `min_value`, beside the range that a column usually has."""

    min_value: float
    map_metric = "column_values.at_least"
    success_keys = ("min_value", "mostly")
    args_keys = ("column", "min_value")
