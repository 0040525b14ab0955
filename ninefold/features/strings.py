"""Strings as graph nodes: length, words, parts."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ninefold.features.values import Value, missing_mask, number, truth, with_missing

if TYPE_CHECKING:
    from ninefold.graph import Graph

MAX_CHARACTERS = 1023


def characters(graph: "Graph", value: Value) -> Value:
    """Return the number of characters (code points), at most `MAX_CHARACTERS`.

    ONNX has no operator for it: one regular expression per binary digit of the length.
    """
    total: str | None = None
    bit = 1
    while bit <= MAX_CHARACTERS:
        pattern = f"(?s)(?:{_any(2 * bit)})*{_any(bit)}.{{0,{bit - 1}}}"
        digit = graph.cast(graph.RegexFullMatch(value.ref, pattern=pattern), np.float64)
        scaled = graph.Mul(digit, float(bit))
        total = scaled if total is None else graph.Add(total, scaled)
        bit *= 2
    is_long = graph.RegexFullMatch(value.ref, pattern=f"(?s){_any(MAX_CHARACTERS)}.*")
    capped = graph.Where(is_long, float(MAX_CHARACTERS), total)
    return number(with_missing(graph, capped, missing_mask(graph, value)))


def _any(count: int) -> str:
    """Match `count` characters; RE2 repeats at most 1000 times."""
    return ".{1000}" * (count // 1000) + (f".{{{count % 1000}}}" if count % 1000 else "")


def words(graph: "Graph", value: Value) -> Value:
    """Return the number of words: what ASCII white space separates."""
    count = graph.node("StringSplit", value.ref, outputs=2)[1]
    return number(with_missing(graph, graph.cast(count, np.float64), missing_mask(graph, value)))


def contains(graph: "Graph", value: Value, part: str) -> Value:
    """Tell whether the text holds `part`; missing where the text is."""
    pattern = f"(?s).*{''.join(_escaped(c) for c in part)}.*"
    return truth(graph.RegexFullMatch(value.ref, pattern=pattern), missing_mask(graph, value))


def _escaped(character: str) -> str:
    return re.escape(character) if character.isascii() else character


SIZES: Mapping[str, Callable[["Graph", Value], Value]] = {
    "characters": characters,
    "words": words,
}
