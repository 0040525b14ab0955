"""What goes with one thing is the same wherever it is named: a shop stands in one town."""

from typing import Any, Literal

from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import MulticolumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    MulticolumnMapMetricProvider,
)
from great_expectations.expectations.metrics.map_metric_provider.multicolumn_condition_partial import (  # noqa: E501
    multicolumn_condition_partial,
)


class MulticolumnValuesAgree(MulticolumnMapMetricProvider):  # type: ignore[misc]
    """True where the last column is what it mostly is in rows that agree in all before it."""

    condition_metric_name = "multicolumn_values.agree"
    condition_domain_keys = (
        "batch_id",
        "table",
        "column_list",
        "row_condition",
        "condition_parser",
        "ignore_row_if",
    )

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_list: Any, **_: Any) -> Any:  # noqa: N805
        *named, last = column_list.columns
        known = column_list.notna().all(axis=1)
        counted = column_list[known].value_counts(sort=True).reset_index()
        usual = counted.drop_duplicates(named).set_index(named)[last]
        found = column_list.join(usual.rename("usual"), on=named)["usual"]
        return ~known | (found == column_list[last])


class ExpectRowsToAgree(MulticolumnMapExpectation):  # type: ignore[misc]
    """Expect the last of `column_list` to be the same in all rows that agree in those before it."""

    ignore_row_if: Literal["all_values_are_missing", "any_value_is_missing", "never"] = "never"
    map_metric = "multicolumn_values.agree"
    success_keys = ("mostly",)
    args_keys = ("column_list",)
