"""The rows of each fold: to fit on, to watch while training, to score on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ninefold.beside import cores
from ninefold.columns import Array, Frame, spread
from ninefold.errors import InputError
from ninefold.problem import ProblemSpec

if TYPE_CHECKING:
    from ninefold.splitting import Folds

WATCHED = 0.2
"""Share of the earlier rows that is watched where folds expand over time."""
LEAST_SHARE = 1 / 3
"""Rounds fitted on fewer rows than this, for each that the largest is fitted on, tell too little
of the model that is shipped."""

LARGE = 5
"""Times the rows that a round is fitted on, from which on a train part counts as large."""
WORTH_ROWS = 10_000
"""Rows to fit on, all rounds together, from which on processes of their own pay: each takes some
seconds to load what it needs."""


@dataclass(frozen=True)
class Round:
    """One comparison: every model is fitted on `fit`, stops early and is calibrated on `watch`, and
    is scored on `new`, which no model has seen.
    """

    fold: int
    fit: Frame
    watch: Frame
    new: Frame

    def grown(self, share: float, is_ordered: bool) -> "Round":
        """Return the round with only a share of the rows to fit on: the latest, or any."""
        count = max(1, round(len(self.fit) * share))
        return replace(self, fit=self.fit.take(thinned(len(self.fit), count, is_ordered)))


def rounds(
    train: Frame, valid: Frame, folds: "Folds", problem: ProblemSpec, max_rows: int
) -> Iterator[Round]:
    """Yield a round for each fold.

    Watched are the valid rows: the split keeps them apart from all train rows. Where folds expand
    over time the valid rows lie in the fold's future; there the last of its earlier rows are
    watched instead, and folds with little before them are left out.

    Raises:
        InputError: the folds are not those of `train`.
    """
    if not np.array_equal(folds.row, train.row):
        raise InputError(
            "folds.parquet must list the rows of train.parquet, however: they differ. Run the "
            "split stage again"
        )
    is_ordered = folds.scheme == "expanding"
    pairs = list(folds.pairs())
    largest = max((len(fit) for fit, _ in pairs), default=0)
    for fit, new in pairs:
        fold, watch = int(folds.fold[new[0]]), valid
        if is_ordered:
            if len(fit) < LEAST_SHARE * largest:
                continue
            fit = in_order(train, fit, problem)
            cut = len(fit) - max(1, round(len(fit) * WATCHED))
            fit, watch = fit[:cut], train.take(fit[cut:])
        kept = fit[thinned(len(fit), max_rows, is_ordered)]
        yield Round(fold, train.take(kept), watch, train.take(new))


def in_order(train: Frame, rows: Array, problem: ProblemSpec) -> Array:
    """Return the positions `rows` `(n,)` of train rows in the order of time, else of the source."""
    time = train.row if problem.time is None else train[problem.time]
    return rows[np.argsort(time[rows], kind="stable")]


def thinned(count: int, most: int, is_ordered: bool) -> Array:
    """Return at most `most` of `count` positions: the last ones, or evenly spread ones."""
    if count <= most:
        return np.arange(count)
    if is_ordered:
        return np.arange(count - most, count)
    return spread(count, most)


def side_by_side(played: Sequence[Round], rows: int) -> int:
    """Return in how many processes rounds from `rows` train rows are best played.

    The shipped network of a large table takes longer than all its thinned rounds: there one process
    is enough, and memory is what is short.
    """
    counts = [len(found.fit) for found in played]
    is_large = rows > LARGE * max(counts, default=0)
    return min(cores(), len(played)) if sum(counts) >= WORTH_ROWS and not is_large else 1
