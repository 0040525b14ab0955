"""Sequences as arrays: steps in order, channels side by side.

In memory a sequence is float64 `(T, C)`; T differs from row to row, NaN is a missing value. Steps
at the end of which nothing is known count as not there: padding. The format of a column of
sequences is JSON: `channels`, their names, and what is known of the long table they come from: its
`entity` and `time` columns, `formats` of columns, how many of the `last` steps are read, and by how
many steps targets lie `ahead` of the first channel; or which array beside held their `lengths`.
Words of steps are a text with a word a line; the format of such a column says of which `words`, and
of which long table. Needs numpy only.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ninefold.pixels import objects

Array = np.ndarray[Any, Any]
TOLD_CHANNELS = 32
"""Channels that summaries tell of one by one."""
NO_WORD = "∅"
"""Stands for the word of a step that has none."""
COLOURS = ("#2a5db0", "#c0504d", "#4f8a3c", "#8064a2", "#d98324", "#3b98a8")


def channels(format: str | None) -> tuple[str, ...]:
    """Return the names of a sequence column's channels.

    >>> channels('{"channels": ["x", "y"]}')
    ('x', 'y')
    """
    return tuple(recipe(format)["channels"])


def recipe(format: str | None) -> dict[str, Any]:
    """Return what a format says."""
    return dict(json.loads(format)) if format else {"channels": ["value"]}


def format_of(names: Iterable[str], **told: str | int | Mapping[str, Any] | None) -> str:
    """Return the format of a column with these channels; what is None or empty is left out."""
    known = {key: value for key, value in told.items() if value}
    return json.dumps({"channels": list(names), **known}, ensure_ascii=False)


def words_format(name: str, **told: str | Mapping[str, Any] | None) -> str:
    """Return the format of a column of texts with a word of the long table's column a line."""
    known = {key: value for key, value in told.items() if value}
    return json.dumps({"words": name, **known}, ensure_ascii=False)


def holds_steps(format: str | None) -> bool:
    """Tell whether a format is one that `format_of` wrote."""
    return bool(format and format.startswith('{"channels"'))


def holds_words(format: str | None) -> bool:
    """Tell whether the texts of a column with this format hold a word for each step."""
    return bool(format and format.startswith('{"words"'))


def words_of(text: str) -> list[str]:
    """Return the words of steps.

    >>> words_of("New York\\nsleeps\\n")
    ['New York', 'sleeps']
    """
    kept = text.rstrip("\n")
    return kept.split("\n") if kept else []


def text_of_words(words: Iterable[str | None]) -> str:
    """Return the text that holds these words, a break after each; breaks inside become spaces."""
    return "".join(f"{' '.join((word or '').split()) or NO_WORD}\n" for word in words)


def lines_of_words(text: str) -> str:
    """Return a text as `text_of_words` gives it, of one that holds a JSON list of words or words
    between spaces; one with line breaks stays as it is.

    >>> lines_of_words("it rains")
    'it\\nrains\\n'
    """
    if "\n" in text:
        return text
    listed = labels_of_steps(text) if text.lstrip().startswith("[") else None
    return text_of_words(text.split() if listed is None else listed)


def sizes(name: str, format: str | None) -> tuple[str | int, ...]:
    """Return the shape of the column as an input of a graph."""
    return ("N", f"{name}#steps", len(channels(format)))


def blank(format: str | None) -> Array:
    """Return a sequence without steps, `(0, C)`."""
    return np.empty((0, len(channels(format))))


def trimmed(sequence: Array) -> Array:
    """Return a sequence `(T, C)` without the steps at its end of which nothing is known."""
    known = np.flatnonzero(~np.isnan(sequence).all(axis=1))
    return sequence[: known[-1] + 1] if len(known) else sequence[:0]


def split(values: Array, counts: Array) -> Array:
    """Return sequences `(N,)` from all their steps `(S, C)` and the number of steps of each."""
    ends = np.cumsum(counts)
    return objects(values[end - size : end] for end, size in zip(ends, counts, strict=True))


def with_gaps(values: Array, moments: Array) -> tuple[Array, Array, int]:
    """Return one entity's steps `(T, C)` and moments `(T,)` with steps of NaN where time jumps,
    and how many were put in.

    The usual distance is the median; a distance of k times as much (rounded) has k - 1 steps
    missing. Months, which differ in length, have none.
    """
    if len(moments) < 3:
        return values, moments, 0
    apart = np.diff(moments).astype(np.float64)
    usual = float(np.median(apart))
    more = np.maximum(np.round(apart / usual).astype(np.int64) - 1, 0) if usual > 0 else apart * 0
    total = int(more.sum())
    if total == 0 or total > 2 * len(moments):
        return values, moments, 0
    place = np.arange(len(moments)) + np.concatenate([[0], np.cumsum(more)])
    filled = np.full((len(moments) + total, values.shape[1]), np.nan)
    filled[place] = values
    when = np.interp(np.arange(len(filled)), place, moments.astype(np.float64))
    return filled, np.round(when).astype(moments.dtype), total


def summary_names(format: str | None) -> tuple[str, ...]:
    """Return what `summaries` tells of each sequence, in order."""
    told = channels(format)[:TOLD_CHANNELS]
    return ("steps", "missing", *(f"{name} {what}" for name in told for what in ("mean", "spread")))


def summaries(sequences: Array, format: str | None) -> Array:
    """Return `(N, S)` float64: number of steps, share of missing values, and of each channel mean
    and spread of what is known; NaN where nothing is.
    """
    told = len(channels(format)[:TOLD_CHANNELS])
    found = np.full((len(sequences), 2 + 2 * told), np.nan)
    for row, sequence in enumerate(sequences):
        known = np.isfinite(sequence)
        found[row, 0] = len(sequence)
        found[row, 1] = 1.0 - known.mean() if sequence.size else 1.0
        for channel in range(told):
            values = sequence[known[:, channel], channel]
            if len(values):
                with np.errstate(over="ignore", invalid="ignore"):
                    found[row, 2 + 2 * channel : 4 + 2 * channel] = values.mean(), values.std()
    return found


def cell_hashes(sequences: Array) -> Array:
    """Return uint64 hashes `(N,)` of size and values; equal sequences hash alike anywhere."""
    return np.array([_hash(sequence) for sequence in sequences], dtype=np.uint64)


def _hash(sequence: Array) -> int:
    plain = np.ascontiguousarray(sequence, dtype="<f8") + 0.0
    plain[np.isnan(plain)] = np.nan
    size = np.array(plain.shape, dtype="<i8").tobytes()
    digest = hashlib.blake2b(size + plain.tobytes(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def to_cell(sequence: Array) -> list[list[float | None]]:
    """Return a sequence as JSON holds it: a list of steps; what is missing or infinite is None."""
    known = np.isfinite(sequence)
    steps = zip(sequence.tolist(), known.tolist(), strict=True)
    return [[v if k else None for v, k in zip(*step, strict=True)] for step in steps]


def convert(values: Any, format: str | None) -> Array:
    """Return numbers `(T, C)`, or `(T,)` for one channel, as a sequence.

    Raises:
        ValueError: another shape; says which.
    """
    depth = len(channels(format))
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 1 and (depth == 1 or not len(array)):
        array = array.reshape(-1, depth)
    if array.ndim != 2 or array.shape[1] != depth:
        raise ValueError(f"it has the shape {list(array.shape)}, not [T, {depth}]")
    return array


def thumbnail(sequence: Array, width: int = 120, height: int = 48) -> str:
    """Return a small drawing of a sequence, each channel by its own scale: SVG in a data URI."""
    parts = [
        _line(sequence[:, channel], COLOURS[channel % len(COLOURS)], width, height)
        for channel in range(min(sequence.shape[1], len(COLOURS)))
    ]
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{"".join(parts)}</svg>'
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()}"


def _line(values: Array, colour: str, width: int, height: int) -> str:
    """Draw one channel `(T,)`; the line is broken where values are missing."""
    known = np.isfinite(values)
    if not known.any():
        return ""
    low, high = values[known].min(), values[known].max()
    scale = (height - 6) / (high - low) if high > low and np.isfinite(high - low) else 0.0
    across = 3 + np.arange(len(values)) * (width - 6) / max(len(values) - 1, 1)
    pieces: list[str] = []
    for run in _runs(np.flatnonzero(known)):
        spots = [f"{across[i]:.1f},{height - 3 - (values[i] - low) * scale:.1f}" for i in run]
        spots = spots * 2 if len(spots) == 1 else spots
        pieces.append(
            f'<polyline points="{" ".join(spots)}" fill="none" stroke="{colour}" '
            'stroke-width="1.2" stroke-linecap="round"/>'
        )
    return "".join(pieces)


def _runs(positions: Array) -> Sequence[Array]:
    return np.split(positions, np.flatnonzero(np.diff(positions) > 1) + 1)


def labels_of_steps(cell: str | None) -> list[str | None] | None:
    """Return the labels that a cell holds as a JSON list; None where it holds something else.

    >>> labels_of_steps('["a", null]')
    ['a', None]
    """
    try:
        found = json.loads(cell or "")
    except (TypeError, ValueError):
        return None
    if not isinstance(found, list):
        return None
    return [None if label is None else str(label) for label in found]
