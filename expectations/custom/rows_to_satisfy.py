"""A rule on whole rows, as an expression."""

from typing import Any, Literal

from great_expectations.compatibility import pydantic
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    MulticolumnMapMetricProvider,
)
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_condition_partial import (  # noqa: E501
    multicolumn_condition_partial,
)

from expectations.expressions import holds


class MulticolumnValuesSatisfy(MulticolumnMapMetricProvider):  # type: ignore[misc]
    """True where the expression holds."""

    condition_metric_name = "multicolumn_values.satisfy"
    condition_domain_keys = (
        "batch_id",
        "table",
        "column_list",
        "row_condition",
        "condition_parser",
        "ignore_row_if",
    )
    condition_value_keys = ("expression",)

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_list: Any, expression: str, **_: Any) -> Any:  # noqa: N805
        return holds(expression, column_list)


class ExpectRowsToSatisfy(MulticolumnMapExpectation):  # type: ignore[misc]
    """Expect rows to satisfy `expression` (see `expectations.expressions`)."""

    expression: str
    ignore_row_if: Literal["all_values_are_missing", "any_value_is_missing", "never"] = "never"
    map_metric = "multicolumn_values.satisfy"
    success_keys = ("mostly", "expression")
    args_keys = ("column_list", "expression")

    @pydantic.validator("column_list")  # type: ignore[untyped-decorator]
    def _validate_column_list(cls, columns: list[str]) -> list[str]:  # noqa: N805
        """Take the columns as they come from the expression; one is enough."""
        return columns
