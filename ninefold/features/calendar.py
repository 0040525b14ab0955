"""Calendar parts of a datetime column as numbers."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ninefold.config import ColumnName
from ninefold.features.derive import DeriveSpec

if TYPE_CHECKING:
    from ninefold.features.scope import Scope
    from ninefold.features.values import Value

CalendarPart = Literal[
    "year", "quarter", "month", "day", "day_of_year", "weekday", "hour", "minute", "second",
    "is_weekend",
]  # fmt: skip


class CalendarSpec(DeriveSpec):
    """Columns `<name>_<part>`: numbers (weekday 0 is Monday); is_weekend is true or false."""

    kind: Literal["calendar"] = "calendar"
    column: ColumnName
    """Datetime column."""
    parts: tuple[CalendarPart, ...] = Field(default=("hour", "weekday"), min_length=1)
    """Which parts."""

    def names(self) -> tuple[str, ...]:
        """Return one name per part."""
        return tuple(f"{self.name or self.column}_{part}" for part in self.parts)

    def emit(self, scope: "Scope") -> "dict[str, Value]":
        """Add one column per part."""
        from ninefold.features import dates

        graph, value = scope.graph, scope.column(self.column, "datetime")
        values = [
            dates.is_weekend(graph, value)
            if part == "is_weekend"
            else dates.part(graph, value, part)
            for part in self.parts
        ]
        return dict(zip(self.names(), values, strict=True))
