"""The part of a table that is looked at: sampled where it is long, capped where it is wide."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ninefold.columns import Array, Column, Frame, is_missing

MAX_ROWS = 20_000
MAX_COLUMNS, MAX_TESTED = 60, 600
"""So many columns are held against each other, and so many against a target."""
SEED = 0


@dataclass(frozen=True)
class View:
    """Rows and columns of a frame, with every column also as numbers."""

    frame: Frame
    rows: int
    """Rows of the whole frame."""
    left_out: int
    """Input columns that were too many."""
    target: str
    """"" where none is learnt."""
    task: str

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns looked at, the target not among them."""
        return tuple(c for c in self.frame.columns if c.name != self.target)

    @cached_property
    def numbers(self) -> dict[str, Array]:
        """Each column as float64 `(N,)`: levels as codes, NaN for missing."""
        return {c.name: as_numbers(c, self.frame[c.name]) for c in self.frame.columns}

    def only(self, names: Collection[str]) -> "View":
        """Return what is seen of some of the columns."""
        kept = [c.name for c in self.frame.columns if c.name in names or c.name == self.target]
        return replace(self, frame=self.frame.select(kept))

    def is_ordered(self, name: str) -> bool:
        """Tell whether a column is a number or a date, so that its order means something."""
        return self.frame.column(name).kind in ("number", "datetime")


def look_at(frame: Frame, target: str, task: str, most: int = MAX_COLUMNS) -> View:
    """Return what is looked at: the first `most` inputs and derived columns, and the target; no
    identifiers.

    Without a `target` (""), there are inputs and derived columns only.
    """
    usable = [
        c
        for c in frame.columns
        if c.name != target and not c.roles & {"id", "after", "target"} and c.kind != "text"
    ]
    kept = usable[:most] + ([frame.column(target)] if target else [])
    chosen = sample(len(frame), MAX_ROWS)
    shown = frame.select([c.name for c in kept]).take(chosen)
    return View(shown, len(frame), len(usable) - len(usable[:most]), target, task)


def sample(rows: int, most: int) -> Array:
    """Return sorted positions of at most `most` rows, drawn at random but always alike."""
    if rows <= most:
        return np.arange(rows)
    chosen = np.random.default_rng(SEED).choice(rows, most, replace=False)
    return np.asarray(np.sort(chosen))


def as_numbers(column: Column, values: Array) -> Array:
    """Return a column as float64 `(N,)`; levels become codes in sorted order, infinities NaN."""
    missing = is_missing(column.kind, values)
    if column.kind in ("category", "text"):
        numbers = np.unique(values, return_inverse=True)[1].astype(np.float64)
    else:
        numbers = values.astype(np.float64)
    numbers = np.where(missing | ~np.isfinite(numbers), np.nan, numbers)
    return np.asarray(numbers)
