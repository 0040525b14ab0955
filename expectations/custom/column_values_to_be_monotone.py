"""A column in order: no row before the one it follows."""

from typing import Any, Literal

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from ninefold.exploration.runs import in_order


class ColumnValuesMonotone(ColumnMapMetricProvider):  # type: ignore[misc]
    """True but for the fewest values without which the column ascends (descends).

    One date in the far future is one wrong row; not all rows after it are.
    """

    condition_metric_name = "column_values.ninefold_monotone"
    condition_value_keys = ("direction", "strictly")

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, direction: str, strictly: bool = False, **_: Any) -> Any:  # noqa: N805
        numbers = column if column.dtype.kind in "fiu" else column.astype("int64")
        numbers = numbers if direction == "ascending" else -numbers
        return pd.Series(in_order(numbers.to_numpy(), strictly=strictly), index=column.index)


class ExpectColumnValuesToBeMonotone(ColumnMapExpectation):  # type: ignore[misc]
    """Expect a number or datetime column to ascend (or descend) row by row, `strictly` or not."""

    direction: Literal["ascending", "descending"] = "ascending"
    strictly: bool = False
    map_metric = "column_values.ninefold_monotone"
    success_keys = ("mostly", "direction", "strictly")
