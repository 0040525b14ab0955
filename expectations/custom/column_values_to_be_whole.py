"""Numbers without a fraction."""

from typing import Any

from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import (
    ColumnMapMetricProvider,
    column_condition_partial,
)


class ColumnValuesWhole(ColumnMapMetricProvider):  # type: ignore[misc]
    """True where a number is whole; missing values are left out."""

    condition_metric_name = "column_values.whole"

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, **_: Any) -> Any:  # noqa: N805
        return column.astype("float64") % 1 == 0


class ExpectColumnValuesToBeWhole(ColumnMapExpectation):  # type: ignore[misc]
    """Expect the numbers of a column to be whole."""

    map_metric = "column_values.whole"
