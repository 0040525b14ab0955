"""Numbers are neither infinite nor minus infinite."""

from typing import Any

import numpy as np
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import (
    ColumnMapMetricProvider,
    column_condition_partial,
)


class ColumnValuesFinite(ColumnMapMetricProvider):  # type: ignore[misc]
    """True where a number is finite; missing values are left out."""

    condition_metric_name = "column_values.finite"

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, **_: Any) -> Any:  # noqa: N805
        return ~np.isinf(column.astype("float64"))


class ExpectColumnValuesToBeFinite(ColumnMapExpectation):  # type: ignore[misc]
    """Expect the numbers of a column to be finite; for a number or bool column."""

    map_metric = "column_values.finite"
