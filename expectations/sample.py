"""The rows a suite is drafted from: of the train part, and some of those that no part has."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array, Column, is_missing, to_array
from ninefold.problem import ProblemSpec

if TYPE_CHECKING:
    import pyarrow as pa

Rule = dict[str, Any]
"""One expectation as it stands in YAML."""


@dataclass(frozen=True)
class Sample:
    """N rows of the source in their order, with `ROW`, and what is known of their columns."""

    table: "pa.Table"
    columns: tuple[Column, ...]
    problem: ProblemSpec
    masked: frozenset[str] = frozenset()
    """Columns whose values must not appear in a rule."""
    pictures: tuple[str, ...] = ()
    """Names of the columns of pictures, of which `columns` has the numbers that tell of them."""

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @cached_property
    def values(self) -> "dict[str, Array]":
        """Every column as an array `(N,)`."""
        return {c.name: to_array(self.table[c.name], c.kind) for c in self.columns}

    @cached_property
    def missing(self) -> dict[str, Array]:
        """The mask `(N,)` of missing values of every column."""
        kinds = {column.name: column.kind for column in self.columns}
        return {name: is_missing(kinds[name], values) for name, values in self.values.items()}

    def present(self, name: str) -> Array:
        """Return the values of a column that are not missing, in order."""
        return np.asarray(self.values[name][~self.missing[name]])

    def of_kind(self, *kinds: str) -> list[Column]:
        """Return the columns of some kinds, in order."""
        return [column for column in self.columns if column.kind in kinds]

    def is_target(self, name: str) -> bool:
        return name in self.problem.targets


def rule(type_: str, severity: str, because: str, **kwargs: Any) -> Rule:
    """Return an expectation with what it was drafted from."""
    return {"type": type_, **kwargs, "severity": severity, "because": because}
