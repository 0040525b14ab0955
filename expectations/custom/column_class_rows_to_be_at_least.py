"""No class of so few rows that a part without it, or nothing measured on it, is what comes out."""

from typing import Any, ClassVar

from great_expectations.compatibility import pydantic

from expectations.custom._column import ColumnExpectation
from expectations.custom.column_class_share_to_be_at_least import ColumnRarest


class ExpectColumnClassRowsToBeAtLeast(ColumnExpectation):
    """Expect every class of a column to have at least `min_value` rows."""

    min_value: int = pydantic.Field(ge=1)
    metric_dependencies: ClassVar[tuple[str, ...]] = (ColumnRarest.metric_name,)
    success_keys: ClassVar[tuple[str, ...]] = ("min_value",)

    def judge(self, found: Any) -> tuple[bool, Any]:
        name, rows, total = found
        return rows >= self.min_value, f"{name}: {rows} of {total} rows"
