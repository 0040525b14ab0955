"""Groups of a number, cut at given edges."""

import itertools
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, model_validator

from ninefold.config import ColumnName
from ninefold.features.derive import DeriveSpec

if TYPE_CHECKING:
    from ninefold.features.scope import Scope
    from ninefold.features.values import Value


class BinsSpec(DeriveSpec):
    """A category: the group between two edges that a number falls in; missing stays missing."""

    kind: Literal["bins"] = "bins"
    name: ColumnName = Field(min_length=1)
    """Name of the derived column."""
    column: ColumnName
    """Number to cut."""
    edges: tuple[float, ...] = Field(min_length=1)
    """Inner edges, ascending; n edges give n + 1 groups."""
    labels: tuple[str, ...] | None = None
    """Names of the groups; default: `< 15`, `15 to 30`, `>= 30`."""
    closed: Literal["left", "right"] = "left"
    """The side of a group that its edge belongs to."""

    @model_validator(mode="after")
    def _fits(self) -> "BinsSpec":
        if any(b <= a for a, b in itertools.pairwise(self.edges)):
            raise ValueError(f"edges must ascend, however: {list(self.edges)}")
        groups = len(self.edges) + 1
        if self.labels is not None and len(self.labels) != groups:
            raise ValueError(
                f"labels must be {groups}, one more than edges, however: {len(self.labels)}"
            )
        if self.labels is not None and "" in self.labels:
            raise ValueError('labels must not be empty text, however: ""')
        return self

    def emit(self, scope: "Scope") -> "dict[str, Value]":
        """Add the group's name."""
        from ninefold.features.values import Value

        graph = scope.graph
        value = scope.column(self.column, "number")
        edges = np.asarray(self.edges, dtype=np.float64)
        is_past = (graph.GreaterOrEqual if self.closed == "left" else graph.Greater)(
            value.ref, edges
        )
        group = graph.ReduceSum(graph.cast(is_past, np.int64), np.array([1]), keepdims=1)
        label = graph.Gather(graph.constant(list(self.labels or self._names())), group)
        missing = graph.Where(graph.IsNaN(value.ref), graph.constant(""), label)
        return {self.name: Value("text", missing, kind="category")}

    def _names(self) -> list[str]:
        below, above = ("<", ">=") if self.closed == "left" else ("<=", ">")
        inner = [f"{a:g} to {b:g}" for a, b in itertools.pairwise(self.edges)]
        return [f"{below} {self.edges[0]:g}", *inner, f"{above} {self.edges[-1]:g}"]
