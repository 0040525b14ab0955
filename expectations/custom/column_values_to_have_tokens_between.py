"""How many words texts have."""

from typing import Any

from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import (
    ColumnMapMetricProvider,
    column_condition_partial,
)


class ColumnValuesTokens(ColumnMapMetricProvider):  # type: ignore[misc]
    """True where a text has from `min_value` to `max_value` words (runs without white space)."""

    condition_metric_name = "column_values.ninefold_tokens"
    condition_value_keys = ("min_value", "max_value")

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, min_value: int, max_value: int, **_: Any) -> Any:  # noqa: N805
        words = column.str.count(r"\S+")
        return (words >= min_value) & (words <= max_value)


class ExpectColumnValuesToHaveTokensBetween(ColumnMapExpectation):  # type: ignore[misc]
    """Expect a share `mostly` of texts to have `min_value` to `max_value` words."""

    min_value: int = 0
    max_value: int = 1_000_000
    map_metric = "column_values.ninefold_tokens"
    success_keys = ("mostly", "min_value", "max_value")
