"""Text that holds numbers."""

from typing import Any

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import (
    ColumnMapMetricProvider,
    column_condition_partial,
)


class ColumnValuesNumbers(ColumnMapMetricProvider):  # type: ignore[misc]
    """True where a value is a number or reads as one; missing values are left out."""

    condition_metric_name = "column_values.numbers"

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, **_: Any) -> Any:  # noqa: N805
        return pd.to_numeric(column, errors="coerce").notna()


class ExpectColumnValuesToBeMostlyNumbers(ColumnMapExpectation):  # type: ignore[misc]
    """Expect a share `mostly` of a column's values to be numbers or to read as numbers."""

    map_metric = "column_values.numbers"
    mostly: float = 0.99
