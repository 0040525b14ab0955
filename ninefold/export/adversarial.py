"""Raw rows that break weak models: all missing, unseen levels, extremes, bin edges."""

from collections.abc import Iterator, Mapping

import numpy as np

from ninefold.columns import NAT, Column, Frame, spread
from ninefold.durations import DAY_US
from ninefold.pixels import channels
from ninefold.preprocessing import Layout
from ninefold.sequences import channels as channels_of
from ninefold.sequences import holds_words, text_of_words

INT64 = np.iinfo(np.int64)
NUMBERS = (1e300, -1e300, np.inf, -np.inf, 0.0, -0.0, 5e-324, -1.0, 2.0**53 + 2, np.nan)
TEXTS = (
    "never seen before",
    " ",
    "\u00e4\u6f22\U0001f642",
    "'\";--\n\t",
    "x" * 5000,
    "nan",
    "0",
    "",
)
TIMES = (
    *(NAT, NAT + 1, int(INT64.max), 0, -1, -DAY_US),
    *(951_782_400_000_000, 4_107_542_400_000_000),
)
"""Missing, the ends of the range, 1970 and just before, 29 February 2000 and 1 March 2100."""
BLANK = {"number": np.nan, "category": "", "text": "", "bool": False, "datetime": NAT}
MAX_EDGES, MAX_LEVELS = 40, 40
LENGTHS = (0, 1, 2, 17, 300)
WORDS = ("the", "Zürich", "X", "3.5", "co-op", "🙂", "ﬁrst", "New York", "unheard-of")
BROKEN = ("one", "one\ntwo", "\n", "\n\none\n\n", "one\n\ntwo\n", " \none \n", "a\r\nb\r\n")
SIZES = ((1, 1), (1, 40), (40, 1), (7, 5), (64, 64), (200, 150))


def adversarial_rows(base: Frame, layout: Layout) -> dict[str, Frame]:
    """Return case -> rows, each a change of the first row of `base` (raw columns, N >= 1)."""
    return {
        name: _varied(base, list(changes))
        for name, changes in (
            ("all_missing", [{c.name: BLANK[c.kind] for c in base.columns if not c.is_tensor}]),
            ("one_missing", [{c.name: BLANK[c.kind]} for c in base.columns if not c.is_tensor]),
            ("unseen_category", list(_texts(base))),
            ("extremes", list(_extremes(base))),
            ("edges", list(_edges(base, layout))),
            ("levels", list(_levels(base, layout))),
            ("pictures", list(_pictures(base))),
            ("sequences", [*_sequences(base), *_step_words(base)]),
        )
        if any(changes)
    }


Change = Mapping[str, object]


def _texts(base: Frame) -> Iterator[Change]:
    for column in base.columns:
        if column.kind in ("category", "text"):
            yield from ({column.name: text} for text in TEXTS)
    named = [column.name for column in base.columns if column.kind in ("category", "text")]
    if named:
        yield dict.fromkeys(named, TEXTS[0])


def _extremes(base: Frame) -> Iterator[Change]:
    values: dict[str, tuple[object, ...]] = {
        "number": NUMBERS,
        "datetime": TIMES,
        "bool": (True, False),
    }
    for column in base.columns:
        yield from ({column.name: value} for value in values.get(column.kind, ()))
    for value in NUMBERS:
        everywhere: Change = {c.name: value for c in base.columns if c.kind == "number"}
        if everywhere:
            yield everywhere


def _edges(base: Frame, layout: Layout) -> Iterator[Change]:
    """Yield every number where a column's treatment changes, and its neighbours on either side."""
    for column in _of_kind(base, "number"):
        edges = np.unique(
            [*layout.edges.get(column.name, ()), *layout.quantiles.get(column.name, ())]
        )
        for edge in edges[spread(len(edges), MAX_EDGES)]:
            for value in (np.nextafter(edge, -np.inf), edge, np.nextafter(edge, np.inf)):
                yield {column.name: value}


def _levels(base: Frame, layout: Layout) -> Iterator[Change]:
    for column in base.columns:
        levels = layout.levels.get(column.name, ())
        if column.kind in ("category", "text"):
            yield from ({column.name: levels[i]} for i in spread(len(levels), MAX_LEVELS))


def _pictures(base: Frame) -> Iterator[Change]:
    """Yield pictures of extreme sizes and contents."""
    rng = np.random.default_rng(0)
    for column in _of_kind(base, "image"):
        depth = channels(column.format)
        for height, width in SIZES:
            yield {column.name: rng.integers(0, 256, (height, width, depth), dtype=np.uint8)}
        for value in (0, 255):
            yield {column.name: np.full((9, 11, depth), value, dtype=np.uint8)}


def _sequences(base: Frame) -> Iterator[Change]:
    """Yield sequences of extreme lengths and contents, and padded ones."""
    rng = np.random.default_rng(0)
    for column in _of_kind(base, "sequence"):
        depth = len(channels_of(column.format))
        for length in LENGTHS:
            yield {column.name: rng.normal(size=(length, depth))}
        for value in NUMBERS:
            yield {column.name: np.full((6, depth), value)}
        gaps = rng.normal(size=(9, depth))
        gaps[::2] = np.nan
        yield {column.name: gaps}
        yield {column.name: np.concatenate([gaps, np.full((5, depth), np.nan)])}


def _step_words(base: Frame) -> Iterator[Change]:
    """Yield words of steps of extreme numbers and spellings, with gaps and breaks at either end."""
    for column in base.columns:
        if holds_words(column.format):
            for length in LENGTHS:
                yield {column.name: text_of_words(WORDS[i % len(WORDS)] for i in range(length))}
            yield from ({column.name: text} for text in BROKEN)


def _of_kind(base: Frame, kind: str) -> list[Column]:
    return [column for column in base.columns if column.kind == kind]


def _varied(base: Frame, changes: list[Change]) -> Frame:
    rows = base.take(np.zeros(len(changes), dtype=np.int64))
    data = {name: values.copy() for name, values in rows.data.items()}
    for row, change in enumerate(changes):
        for name, value in change.items():
            data[name][row] = value
    return Frame(rows.columns, data, np.arange(len(changes)))
