"""What expectations on whole tables share: the rows, as numbers or hashed, and how they answer."""

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from pandas.api import types

from ninefold.columns import ROW, Array

LISTED = 10_000


class TableRows(TableMetricProvider):  # type: ignore[misc]
    """The table itself, without the position of its rows."""

    metric_name = "table.ninefold_rows"

    @metric_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, execution_engine: Any, metric_domain_kwargs: Any, **_: Any) -> Any:  # noqa: N805
        table = execution_engine.get_domain_records(domain_kwargs=metric_domain_kwargs)
        return table.drop(columns=[ROW], errors="ignore")


class TableExpectation(BatchExpectation):  # type: ignore[misc]
    """An expectation on all columns at once, those in `ignore` left out."""

    ignore: list[str] = []  # noqa: RUF012
    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.ninefold_rows",)

    @abstractmethod
    def judge(self, table: pd.DataFrame) -> dict[str, Any]:
        """Return `{"success": …, "result": …}` for the columns that count."""

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: Any = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        table = metrics["table.ninefold_rows"]
        return self.judge(table.drop(columns=self.ignore, errors="ignore"))


def share_found(found: Array, max_value: float, what: str) -> dict[str, Any]:
    """Answer for a mask `(N,)` of rows, of which a share `max_value` may be."""
    count, rows = int(found.sum()), len(found)
    share = count / rows if rows else 0.0
    return {
        "success": share <= max_value,
        "result": {
            "observed_value": f"{count} of {rows} rows ({share:.2%}) {what}",
            "element_count": rows,
            "unexpected_count": count,
            "unexpected_percent": 100 * share,
            "partial_unexpected_index_list": np.flatnonzero(found)[:LISTED].tolist(),
        },
    }


def arrays(table: pd.DataFrame) -> list[Array]:
    """Return the columns as arrays `(N,)`: float64, int64 of dates, or text with ""
    for missing."""
    return [_array(table[name]) for name in table.columns]


def _array(column: "pd.Series[Any]") -> Array:
    if types.is_bool_dtype(column.dtype) or types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if types.is_datetime64_any_dtype(column.dtype):
        return column.astype("int64").to_numpy()
    return column.astype(object).where(column.notna(), "").to_numpy()


def numbers(table: pd.DataFrame) -> tuple[list[str], Array]:
    """Return the number columns that vary: names, and values `(N, F)` with NaN for missing."""
    names = [
        n
        for n in table.columns
        if types.is_numeric_dtype(table[n].dtype) and not types.is_bool_dtype(table[n].dtype)
    ]
    values = [table[n].to_numpy(dtype=np.float64, na_value=np.nan) for n in names]
    values = [np.where(np.isfinite(v), v, np.nan) for v in values]
    kept = [i for i, v in enumerate(values) if len(np.unique(v[~np.isnan(v)])) > 1]
    X = np.column_stack([values[i] for i in kept]) if kept else np.empty((len(table), 0))
    return [names[i] for i in kept], X
