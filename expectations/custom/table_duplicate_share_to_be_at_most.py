"""Rows that repeat an earlier row."""

from typing import Any, ClassVar

from great_expectations.compatibility import pydantic
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from pandas.util import hash_pandas_object

from ninefold.columns import ROW


class TableDuplicateShare(TableMetricProvider):  # type: ignore[misc]
    """Share of rows, from 0 to 1, that repeat an earlier one in all columns."""

    metric_name = "table.duplicate_share"

    @metric_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, execution_engine: Any, metric_domain_kwargs: Any, **_: Any) -> float:  # noqa: N805
        table = execution_engine.get_domain_records(domain_kwargs=metric_domain_kwargs)
        rows = table.drop(columns=[ROW], errors="ignore")
        hashes = hash_pandas_object(rows, index=False)
        return float(hashes.duplicated().mean()) if len(rows) else 0.0


class ExpectTableDuplicateShareToBeAtMost(BatchExpectation):  # type: ignore[misc]
    """Expect at most the share `max_value` (0 to 1) of rows to repeat an earlier row."""

    max_value: float = pydantic.Field(ge=0, le=1)
    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.duplicate_share",)
    success_keys: ClassVar[tuple[str, ...]] = ("max_value",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: Any = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        share = metrics["table.duplicate_share"]
        return {"success": share <= self.max_value, "result": {"observed_value": share}}
