"""No class of so few rows that a part without it, or nothing measured on it, is what comes out."""

from typing import Any, ClassVar

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import ColumnAggregateExpectation

from expectations.custom.column_class_share_to_be_at_least import ColumnRarest


class ExpectColumnClassRowsToBeAtLeast(ColumnAggregateExpectation):  # type: ignore[misc]
    """Expect every class of a column to have at least `min_value` rows."""

    min_value: int = pydantic.Field(ge=1)
    metric_dependencies: ClassVar[tuple[str, ...]] = (ColumnRarest.metric_name,)
    success_keys: ClassVar[tuple[str, ...]] = ("min_value",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: Any = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        name, rows, total = metrics[ColumnRarest.metric_name]
        said = f"{name}: {rows} of {total} rows"
        return {"success": rows >= self.min_value, "result": {"observed_value": said}}
