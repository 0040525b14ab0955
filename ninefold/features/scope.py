"""The columns a derived column may use, and what each was made of."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ninefold.columns import DTYPES, Column, Kind
from ninefold.config import nearest
from ninefold.errors import ConfigError
from ninefold.features.values import NOUNS, Type, Value

if TYPE_CHECKING:
    from ninefold.graph import Graph

TYPES: Mapping[Kind, Type] = {
    "number": "number",
    "category": "text",
    "text": "text",
    "bool": "truth",
    "datetime": "datetime",
}


class Scope:
    """Looks columns up by name, raw or derived before, and notes which ones were used."""

    def __init__(self, graph: "Graph", columns: tuple[Column, ...]) -> None:
        self.graph = graph
        self.raw = {column.name: column for column in columns}
        self.derived: dict[str, Value] = {}
        self.made_of: dict[str, frozenset[str]] = {}
        self.places: dict[str, str] = {}
        self.used: set[str] = set()
        self.place = "featurize"
        for column in columns:
            graph.input(column.name, DTYPES[column.kind], column.shape)

    def column(self, name: str, *types: Type) -> Value:
        """Return the column called `name`, which must be of one of `types` if any are given.

        Raises:
            ConfigError: no such column (names the nearest), or another type.
        """
        value = self.derived.get(name)
        if value is None and name in self.raw:
            kind = self.raw[name].kind
            if self.raw[name].is_tensor:
                raise ConfigError(
                    f"{self.place}: `{name}` must be a column of a table to be derived from, "
                    f"however: it is {kind}"
                )
            value = Value(TYPES[kind], name, kind=kind)
        if value is None:
            known = [*self.raw, *self.derived]
            raise ConfigError(f"{self.place}: no column `{name}`{nearest(name, known)}")
        if types and value.type not in types:
            wanted = " or ".join(NOUNS[item] for item in types)
            raise ConfigError(
                f"{self.place}: `{name}` must be {wanted}, however: it is {NOUNS[value.type]}"
            )
        self.used.add(name)
        return value

    def add(self, name: str, value: Value) -> None:
        """Make a derived column known to those after it."""
        self.derived[name] = value
        self.made_of[name] = frozenset(self.used)
        self.places[name] = self.place

    def origins(self, name: str) -> frozenset[str]:
        """Return every column, raw or derived, that `name` is computed from."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for part in self.made_of.get(waiting.pop(), frozenset()) - found:
                found.add(part)
                waiting.append(part)
        return frozenset(found)
