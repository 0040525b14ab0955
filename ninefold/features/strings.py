"""Strings as graph nodes: length, words, parts."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ninefold.features.values import Value, missing_mask, number, truth, with_missing

if TYPE_CHECKING:
    from ninefold.graph import Graph

MOST_CHARACTERS, MOST_WORDS = 1023, 511
"""Larger counts would overrun the memory that RE2 gives to one expression."""


def characters(graph: "Graph", value: Value) -> Value:
    """Return the number of characters (code points), at most `MOST_CHARACTERS`."""
    return _count(graph, value, value.ref, ".", "", MOST_CHARACTERS)


def words(graph: "Graph", value: Value) -> Value:
    """Return the number of words, at most `MOST_WORDS`: what ASCII white space separates."""
    ended = graph.StringConcat(value.ref, graph.constant(" "))
    return _count(graph, value, ended, r"(?:[^\s]+\s+)", r"\s*", MOST_WORDS)


def _count(graph: "Graph", value: Value, text: str, item: str, start: str, largest: int) -> Value:
    """Count the matches of `item` that `text` consists of, up to `largest`.

    Missing where `value` is. ONNX has no operator for it: one regular expression per binary digit
    of the count.
    """
    total: str | None = None
    bit = 1
    while bit <= largest:
        pairs, half = _repeated(item, 2 * bit), _repeated(item, bit)
        pattern = f"(?s){start}(?:{pairs})*{half}{item}{{0,{bit - 1}}}"
        digit = graph.cast(graph.RegexFullMatch(text, pattern=pattern), np.float64)
        scaled = graph.Mul(digit, float(bit))
        total = scaled if total is None else graph.Add(total, scaled)
        bit *= 2
    most = f"(?s){start}{_repeated(item, largest)}.*"
    is_more = graph.RegexFullMatch(text, pattern=most)
    capped = graph.Where(is_more, float(largest), total)
    return number(with_missing(graph, capped, missing_mask(graph, value)))


def _repeated(item: str, count: int) -> str:
    """Match `item` `count` times; RE2 repeats at most 1000 times."""
    rest = f"{item}{{{count % 1000}}}" if count % 1000 else ""
    return f"{item}{{1000}}" * (count // 1000) + rest


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
