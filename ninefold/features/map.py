"""Values under new names: classes merged, codes spelt out."""

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, field_validator

from ninefold.config import ColumnName
from ninefold.errors import ConfigError
from ninefold.features.derive import DeriveSpec

if TYPE_CHECKING:
    from ninefold.features.scope import Scope
    from ninefold.features.values import Value

UNLISTED = "\x00unlisted"


class MapSpec(DeriveSpec):
    """A category: the name that `values` gives to each value; missing stays missing."""

    kind: Literal["map"] = "map"
    name: ColumnName = Field(min_length=1)
    """Name of the derived column."""
    column: ColumnName
    """Category, text, number or true/false column."""
    values: dict[bool | int | float | str, str] = Field(min_length=1)
    """Value -> name."""
    other: str | None = None
    """Name of values not listed; default: text keeps its own name, numbers become missing."""

    @field_validator("values")
    @classmethod
    def _has_names(cls, values: dict[object, str]) -> dict[object, str]:
        if "" in values.values():
            raise ValueError('must give a name to each value, however: ""')
        return values

    def emit(self, scope: "Scope") -> "dict[str, Value]":
        """Add the name."""
        from ninefold.features.values import Value

        value = scope.column(self.column, "text", "number", "truth")
        kinds = {"text": self._text, "number": self._number, "truth": self._truth}
        return {self.name: Value("text", kinds[value.type](scope, value), kind="category")}

    def _text(self, scope: "Scope", value: "Value") -> str:
        graph = scope.graph
        keys = {_text_of(key): name for key, name in self.values.items()} | {"": ""}
        unlisted = UNLISTED if self.other is None else self.other
        mapped = _encode(scope, value.ref, np.asarray(list(keys), dtype=object), keys, unlisted)
        if self.other is not None:
            return mapped
        return graph.Where(graph.Equal(mapped, graph.constant(UNLISTED)), value.ref, mapped)

    def _number(self, scope: "Scope", value: "Value") -> str:
        graph, keys = scope.graph, {}
        for key, name in self.values.items():
            try:
                keys[float(key)] = name
            except ValueError:
                raise ConfigError(
                    f"{scope.place}: values must be numbers, since `{self.column}` is one, "
                    f"however: {key!r}"
                ) from None
        finite = {key: name for key, name in keys.items() if not math.isnan(key)}
        mapped = _encode(scope, value.ref, np.asarray(list(finite)), finite, self.other or "")
        return graph.Where(graph.IsNaN(value.ref), graph.constant(""), mapped)

    def _truth(self, scope: "Scope", value: "Value") -> str:
        graph = scope.graph
        names = {_text_of(key): name for key, name in self.values.items()}
        yes, no = (names.get(key, self.other or key) for key in ("true", "false"))
        mapped = graph.Where(value.ref, graph.constant(yes), graph.constant(no))
        if value.missing is None:
            return mapped
        return graph.Where(value.missing, graph.constant(""), mapped)


def _text_of(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _encode(
    scope: "Scope", ref: str, keys: "np.ndarray[tuple[int], np.dtype[np.generic]]",
    names: dict[object, str] | dict[str, str] | dict[float, str], default: str,
) -> str:  # fmt: skip
    from ninefold.graph import tensor

    return scope.graph.LabelEncoder(
        ref,
        keys_tensor=tensor(keys),
        values_tensor=tensor(list(names.values())),
        default_tensor=tensor([default]),
    )
