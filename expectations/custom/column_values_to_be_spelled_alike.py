"""A level is written in one way: `Rome`, not also `rome` and `ROME `."""

from typing import Any

from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

from ninefold.spelling import variants


class ColumnValuesSpelledAlike(ColumnMapMetricProvider):  # type: ignore[misc]
    """True where a text is written as most of those that differ in case or blanks only."""

    condition_metric_name = "column_values.spelled_alike"

    @column_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column: Any, **_: Any) -> Any:  # noqa: N805
        texts = column.astype(str)
        return ~texts.isin(list(variants(texts.value_counts().to_dict())))


class ExpectColumnValuesToBeSpelledAlike(ColumnMapExpectation):  # type: ignore[misc]
    """Expect no level that is another one but for case, blanks or what joins its words."""

    map_metric = "column_values.spelled_alike"
