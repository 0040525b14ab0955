"""Numbers far from the others of their column."""

from typing import Any

from great_expectations.compatibility import pydantic
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from ninefold.exploration.outliers import robust_z


class ColumnValuesRobustZ(ColumnMapMetricProvider):  # type: ignore[misc]
    """True where a number lies at most `max_z` robust standard deviations from the median."""

    condition_metric_name = "column_values.ninefold_robust_z"
    condition_value_keys = ("max_z",)

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, max_z: float, **_: Any) -> Any:  # noqa: N805
        return robust_z(column.to_numpy(dtype="float64")) <= max_z


class ExpectColumnValuesToHaveRobustZAtMost(ColumnMapExpectation):  # type: ignore[misc]
    """Expect a share `mostly` of numbers within `max_z` robust standard deviations of the median.

    The deviation is 1.4826 times the median absolute one, so that outliers do not hide outliers.
    """

    max_z: float = pydantic.Field(gt=0)
    map_metric = "column_values.ninefold_robust_z"
    success_keys = ("mostly", "max_z")
