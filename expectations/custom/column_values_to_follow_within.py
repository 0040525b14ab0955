"""Moments follow each other without a hole: no hours in which a sensor was silent."""

from typing import Any

import numpy as np
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from ninefold.durations import duration_us
from ninefold.exploration.runs import in_order


class ColumnValuesFollowWithin(ColumnMapMetricProvider):  # type: ignore[misc]
    """True where a value is at most `max_step` away from the last one before it in order.

    Values out of order are left to `expect_column_values_to_be_monotone`.
    """

    condition_metric_name = "column_values.follow_within"
    condition_value_keys = ("max_step",)

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, max_step: float | str, **_: Any) -> Any:  # noqa: N805
        most = pd.Timedelta(duration_us(max_step), "us") if isinstance(max_step, str) else max_step
        numbers = (column if column.dtype.kind in "fiu" else column.astype("int64")).to_numpy()
        kept = max((in_order(numbers), in_order(-numbers)), key=np.sum)
        steps = column[kept].diff().abs()
        return ~column.index.to_series().isin(steps.index[steps > most])


class ExpectColumnValuesToFollowWithin(ColumnMapExpectation):  # type: ignore[misc]
    """Expect each value at most `max_step` from the one before: a number, or "30min", "3d"."""

    max_step: float | str
    map_metric = "column_values.follow_within"
    success_keys = ("mostly", "max_step")
