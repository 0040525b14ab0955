"""Typed values inside the feature graph: what an expression or a derived column works with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ninefold.columns import NAT, Kind
from ninefold.errors import ConfigError

if TYPE_CHECKING:
    from ninefold.graph import Graph

Type = Literal["number", "text", "truth", "datetime", "duration"]
NOUNS = {
    "number": "a number",
    "text": "text",
    "truth": "true or false",
    "datetime": "a datetime",
    "duration": "a span of time",
}


@dataclass(frozen=True)
class Value:
    """A value `[N, 1]` of the graph, or a literal of shape `[]`.

    | type | tensor | missing |
    |---|---|---|
    | number | double | NaN |
    | text | string | "" |
    | truth | bool | where `missing` (bool) holds; `None`: never |
    | datetime, duration | int64 microseconds | `NAT` |
    """

    type: Type
    ref: str
    missing: str | None = None
    literal: Any = None
    kind: Kind | None = None

    @property
    def is_literal(self) -> bool:
        return self.literal is not None


def number(ref: str) -> Value:
    """Wrap a double tensor."""
    return Value("number", ref)


def truth(ref: str, missing: str | None = None) -> Value:
    """Wrap a bool tensor and the mask of its missing rows."""
    return Value("truth", ref, missing)


def literal(graph: "Graph", content: Any) -> Value:
    """Return a constant: a number, text, or true and false."""
    if isinstance(content, bool):
        return Value("truth", graph.constant(content), None, content)
    if isinstance(content, (int, float)):
        return Value("number", graph.constant(float(content)), None, content)
    return Value("text", graph.constant(content), None, content)


def missing_mask(graph: "Graph", value: Value) -> str | None:
    """Return the bool mask of missing rows; None when no row can be missing."""
    if value.is_literal:
        return None
    if value.type == "number":
        return graph.IsNaN(value.ref)
    if value.type == "text":
        return graph.Equal(value.ref, graph.constant(""))
    if value.type == "truth":
        return value.missing
    return graph.Equal(value.ref, np.int64(NAT))


def any_missing(graph: "Graph", *masks: str | None) -> str | None:
    """Combine masks: missing where any of them holds."""
    result = None
    for mask in masks:
        if mask is not None:
            result = mask if result is None else graph.Or(result, mask)
    return result


def as_number(graph: "Graph", value: Value) -> Value:
    """Return a truth as 1 and 0, a number as it is."""
    if value.type == "truth":
        plain = graph.cast(value.ref, np.float64)
        return number(with_missing(graph, plain, value.missing))
    return value


def with_missing(graph: "Graph", ref: str, mask: str | None) -> str:
    """Return the doubles of `ref`, NaN where `mask` holds."""
    return ref if mask is None else graph.Where(mask, float("nan"), ref)


def publish(graph: "Graph", value: Value, place: str) -> tuple[str, Kind]:
    """Return the tensor and kind of a value as a column.

    Numbers that are not finite become missing; truths that may be missing become the categories
    `true` and `false`.

    Raises:
        ConfigError: a span of time, or a literal.
    """
    if value.is_literal:
        raise ConfigError(f"{place} must use at least one column, however: {value.literal!r}")
    if value.type == "duration":
        raise ConfigError(
            f"{place} must be a number, however: it is a span of time. Write hours(…) or days(…)"
        )
    if value.type == "number":
        is_bad = graph.IsNaN(graph.Sub(value.ref, value.ref))
        return graph.Where(is_bad, float("nan"), value.ref), "number"
    if value.type == "truth":
        if value.missing is None:
            return value.ref, "bool"
        name = graph.Where(value.ref, graph.constant("true"), graph.constant("false"))
        return graph.Where(value.missing, graph.constant(""), name), "category"
    if value.type == "datetime":
        return value.ref, "datetime"
    return value.ref, value.kind or "category"
