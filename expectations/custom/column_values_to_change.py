"""A number that stands still part of the way: a sensor stuck for a long stretch of rows."""

from typing import Any

import numpy as np
import pandas as pd
from great_expectations.compatibility import pydantic
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from ninefold.exploration.runs import run_lengths


class ColumnValuesChange(ColumnMapMetricProvider):  # type: ignore[misc]
    """True where no more than `within` rows on end have the value; for all of a sorted column."""

    condition_metric_name = "column_values.ninefold_change"
    condition_value_keys = ("within",)

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, within: int, **_: Any) -> Any:  # noqa: N805
        lengths = run_lengths(column.to_numpy())
        is_sorted = len(lengths) > 1 and (
            column.is_monotonic_increasing or column.is_monotonic_decreasing
        )
        changes = np.repeat((lengths <= within) | is_sorted, lengths)
        return pd.Series(changes, index=column.index)


class ExpectColumnValuesToChange(ColumnMapExpectation):  # type: ignore[misc]
    """Expect a column to have no value in more than `within` rows on end.

    Missing values count for nothing. A column that the file is sorted by is let pass: equal values
    stand together there.
    """

    within: int = pydantic.Field(ge=1)
    map_metric = "column_values.ninefold_change"
    success_keys = ("mostly", "within")
