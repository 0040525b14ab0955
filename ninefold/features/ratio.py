"""One number over another; missing where there is nothing to divide by."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ninefold.config import ColumnName
from ninefold.features.derive import DeriveSpec

if TYPE_CHECKING:
    from ninefold.features.scope import Scope
    from ninefold.features.values import Value


class RatioSpec(DeriveSpec):
    """`numerator / denominator`; missing where either is, or where the denominator is 0."""

    kind: Literal["ratio"] = "ratio"
    name: ColumnName = Field(min_length=1)
    """Name of the derived column."""
    numerator: ColumnName
    """Column above the line."""
    denominator: ColumnName
    """Column below the line."""

    def emit(self, scope: "Scope") -> "dict[str, Value]":
        """Add the quotient."""
        from ninefold.features.values import as_number, number, with_missing

        graph = scope.graph
        above, below = (
            as_number(graph, scope.column(name, "number", "truth")).ref
            for name in (self.numerator, self.denominator)
        )
        quotient = graph.Div(above, below)
        return {self.name: number(with_missing(graph, quotient, graph.Equal(below, 0.0)))}
