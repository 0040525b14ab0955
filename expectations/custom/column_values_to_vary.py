"""A column that is stuck: one value in every row."""

from typing import Any, ClassVar

from great_expectations.compatibility import pydantic
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.metrics import (
    ColumnAggregateMetricProvider,
    column_aggregate_value,
)

from expectations.custom._column import ColumnExpectation


class ColumnOnly(ColumnAggregateMetricProvider):  # type: ignore[misc]
    """The one value of a column, or None where there are more; and how many rows have one."""

    metric_name = "column.ninefold_only"

    @column_aggregate_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, **_: Any) -> tuple[str | None, int]:  # noqa: N805
        present = column.dropna()
        is_stuck = len(present) > 0 and bool((present == present.iloc[0]).all())
        return (str(present.iloc[0]) if is_stuck else None), len(present)


class ExpectColumnValuesToVary(ColumnExpectation):
    """Expect a second value among more than `within` rows; missing values count for nothing."""

    within: int = pydantic.Field(ge=1)
    metric_dependencies: ClassVar[tuple[str, ...]] = (ColumnOnly.metric_name,)
    success_keys: ClassVar[tuple[str, ...]] = ("within",)

    def judge(self, found: Any) -> tuple[bool, Any]:
        value, rows = found
        said = f"{rows} rows, which differ" if value is None else f"{value} in all {rows} rows"
        return value is None or rows <= self.within, said
