"""Levels, hours and weekdays that go together with a number in training: do they in fresh rows?

A level stands for its grade, the mean rank that the number has there; grades and ranks correlate.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame, is_missing, spread
from ninefold.freshness.pairs import MAX_COLUMNS, MIN_ROWS, STRONG, apart, moved_by

LEAST, MAX_LEVELS, MAX_ROWS = 10, 50, 20_000
"""A level has a grade from so many rows on; so many levels and rows are looked at."""
PARTS = {"hour": (3_600_000_000, 0, 24), "weekday": (86_400_000_000, 3, 7)}
"""Parts of a time: microseconds of one, which is the first of them, and how many there are."""

Source = tuple[str, str]
"""A column, and the part of it that is looked at: "" for its levels."""


def graded_pairs(
    train: Frame, levels: Sequence[str], numbers: Sequence[str], time: str | None
) -> list[dict[str, Any]]:
    """Return for each column of `levels`, and for parts of the time, the number of `numbers` that
    goes best with it, and for each number what goes best with it, where that is strong.
    """
    frame = train.take(spread(len(train), MAX_ROWS))
    ranks = {name: _ranks(frame[name].astype(np.float64)) for name in numbers[:MAX_COLUMNS]}
    sources: list[Source] = [(name, "") for name in levels[:MAX_COLUMNS]]
    if time and frame.column(time).kind == "datetime":
        sources += [(time, part) for part in PARTS]
    found = {
        (source, name): pair
        for source in sources
        for name, pair in _of_source(frame, source, ranks)
    }
    best = set()
    for side in (0, 1):
        for one in {key[side] for key in found}:
            keys = [key for key in found if key[side] == one]
            best.add(max(keys, key=lambda key: found[key]["correlation"]))
    return [found[key] for key in found if key in best]


def _of_source(
    frame: Frame, source: Source, ranked: Mapping[str, Array]
) -> Iterable[tuple[str, dict[str, Any]]]:
    names, codes = np.unique(_levels(frame, source), return_inverse=True)
    if not 2 <= len(names) <= MAX_LEVELS + 1:
        return
    for name, all_ranks in ranked.items():
        known = np.isfinite(all_ranks) & (names[codes] != "")
        ranks, inside = all_ranks[known], codes[known]
        counts = np.bincount(inside, minlength=len(names))
        grades = np.bincount(inside, ranks, len(names)) / np.maximum(counts, 1)
        grades[counts < LEAST] = np.nan
        correlation, rows, width = _together(grades[inside], ranks)
        if rows >= MIN_ROWS and correlation >= STRONG:
            told = zip(names.tolist(), grades.tolist(), strict=True)
            yield name, {
                "columns": [source[0], name], "part": source[1], "correlation": correlation,
                "rows": rows, "spread": width,
                "grades": {level: grade for level, grade in told if np.isfinite(grade)},
            }  # fmt: skip


def compare_graded(pairs: Iterable[Mapping[str, Any]], fresh: Frame) -> list[dict[str, Any]]:
    """Compare how grades and ranks correlate in fresh rows with what training lets expect.

    Rows of a few levels show less of it than those of all: Thorndike's correction (1949, case 2).
    """
    found = []
    kinds = {column.name: column.kind for column in fresh.columns}
    for pair in pairs:
        (one, other), was = pair["columns"], float(pair["correlation"])
        if one not in kinds or kinds.get(other) != "number":
            continue
        given = pair["grades"]
        levels = _levels(fresh, (one, pair["part"])).tolist()
        grades = np.array([given.get(level, np.nan) for level in levels], dtype=np.float64)
        now, rows, width = _together(grades, ranks := _ranks(fresh[other].astype(np.float64)))
        if rows < MIN_ROWS:
            continue
        share = min(1.0, width / pair["spread"])
        due = was * share / float(np.sqrt(1 - was**2 * (1 - share**2)))
        said = moved_by(grades, ranks, due, now)
        called = f"the {pair['part']} of `{one}`" if pair["part"] else f"`{one}`"
        found.append(apart((one, other), called, (due, int(pair["rows"])), (now, rows), said))
    return found


def _levels(frame: Frame, source: Source) -> Array:
    """Return the level of each row `(N,)` as text, "" where it is missing."""
    name, part = source
    kind, values = frame.column(name).kind, frame[name]
    if part:
        unit, first, count = PARTS[part]
        texts = ((values.astype(np.int64) // unit + first) % count).astype(str)
    else:
        texts = values.astype(str)
    return np.where(is_missing(kind, values), "", texts)


def _ranks(values: Array) -> Array:
    """Return ranks from 0 to 1 `(N,)`, NaN where a value is missing or infinite."""
    from scipy.stats import rankdata

    known = np.isfinite(values)
    ranks = np.full(len(values), np.nan)
    ranks[known] = rankdata(values[known]) / max(known.sum(), 1)
    return ranks


def _together(grades: Array, ranks: Array) -> tuple[float, int, float]:
    """Return how grades correlate with ranks, in how many rows, and how far grades spread."""
    known = np.isfinite(grades) & np.isfinite(ranks)
    rows, grades, ranks = int(known.sum()), grades[known], ranks[known]
    if rows < MIN_ROWS or np.ptp(grades) == 0 or np.ptp(ranks) == 0:
        return 0.0, rows, 0.0
    return float(np.corrcoef(grades, ranks)[0, 1]), rows, float(grades.std())
