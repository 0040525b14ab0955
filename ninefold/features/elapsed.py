"""Time that passed between two datetimes."""

from typing import TYPE_CHECKING, Literal

from ninefold.config import ColumnName
from ninefold.features.derive import DeriveSpec

if TYPE_CHECKING:
    from ninefold.features.scope import Scope
    from ninefold.features.values import Value


class ElapsedSpec(DeriveSpec):
    """`until` minus `column` in the given unit; missing where either is."""

    kind: Literal["elapsed"] = "elapsed"
    column: ColumnName
    """Datetime where the time starts."""
    until: ColumnName
    """Datetime where it ends."""
    unit: Literal["seconds", "minutes", "hours", "days"] = "hours"
    """Unit of the result."""

    def names(self) -> tuple[str, ...]:
        """Return `name`, or `<column>_<unit>_to_<until>`."""
        return (self.name or f"{self.column}_{self.unit}_to_{self.until}",)

    def emit(self, scope: "Scope") -> "dict[str, Value]":
        """Add the span as a number."""
        from ninefold.features import dates

        later, earlier = (scope.column(name, "datetime") for name in (self.until, self.column))
        span = dates.difference(scope.graph, later, earlier)
        return {self.names()[0]: dates.in_units(scope.graph, span, self.unit)}
