"""The kind of a column, as Ninefold's kinds go and pandas 3 stores them."""

from typing import Any, ClassVar, Literal

from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.metrics import (
    ColumnAggregateMetricProvider,
    column_aggregate_value,
)
from pandas.api import types

from expectations.custom._column import ColumnExpectation


class ColumnKind(ColumnAggregateMetricProvider):  # type: ignore[misc]
    """number, text, bool or datetime, by the dtype of the column."""

    metric_name = "column.ninefold_kind"

    @column_aggregate_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, **_: Any) -> str:  # noqa: N805
        if types.is_bool_dtype(column.dtype):
            return "bool"
        if types.is_numeric_dtype(column.dtype):
            return "number"
        if types.is_datetime64_any_dtype(column.dtype):
            return "datetime"
        return "text"


class ExpectColumnToBeOfKind(ColumnExpectation):
    """Expect a column to hold numbers, text (as category or text), true/false or datetimes."""

    kind: Literal["number", "category", "text", "bool", "datetime"]
    metric_dependencies: ClassVar[tuple[str, ...]] = ("column.ninefold_kind",)
    success_keys: ClassVar[tuple[str, ...]] = ("kind",)

    def judge(self, found: Any) -> tuple[bool, Any]:
        return found == ("text" if self.kind == "category" else self.kind), found
