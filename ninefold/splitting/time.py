"""Split by time: learn from the past, measure on what came after."""

from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field

from ninefold.columns import Array
from ninefold.durations import duration_us
from ninefold.errors import ConfigError, InputError
from ninefold.problem import ProblemSpec
from ninefold.splitting.base import (
    NONE,
    TEST,
    TRAIN,
    VALID,
    Assignment,
    Glance,
    Plan,
    Rows,
    SplitterSpec,
)


def _readable(gap: int | str | None) -> int | str | None:
    """Return a gap. Raises `ValueError`."""
    if isinstance(gap, str):
        duration_us(gap)
    elif gap is not None and gap < 0:
        raise ValueError(f"must be >= 0, however: {gap}")
    return gap


Gap = Annotated[int | str | None, Field(union_mode="left_to_right"), AfterValidator(_readable)]
"""A number of rows, a duration, or nothing said."""


class TimeSplitSpec(SplitterSpec):
    """Train before valid before test by `problem.time`; rows of one moment are never torn apart.

    Folds expand: fold 0 only trains; fold k is validated by a model trained on the folds before.
    """

    kind: Literal["time"] = "time"
    gap: Gap = None
    """Left out before each boundary, of parts and folds: a number of rows, or a duration (30min,
    12h, 7d, 2w). Default: problem.horizon, or none."""

    @property
    def keeps_entities_together(self) -> bool:
        return False

    @property
    def follows_time(self) -> bool:
        return True

    def resolve(
        self, problem: ProblemSpec, glance: Glance | None = None
    ) -> tuple[SplitterSpec, str]:
        if problem.time is None:
            raise ConfigError(
                f"params.yaml: problem.time must be given for split.kind {self.kind}; name the "
                "column that orders the rows"
            )
        return self, f"ordered by {problem.time}: what is predicted lies in the future"

    def assign(self, rows: Rows) -> Assignment:
        time = moments(rows)
        present = np.flatnonzero(is_known(time))
        shares = (1 - self.valid_size - self.test_size, 1 - self.test_size)
        cuts = boundaries(time[present], shares)
        if len(cuts) < 2:
            raise InputError(
                f"`{rows.problem.time}` must hold at least three moments to split by time, "
                f"however: {len(np.unique(time[present]))}. Split by another kind, or sample less"
            )
        part = np.full(len(rows), NONE)
        block = stretch(time[present], cuts)
        part[present] = np.array([TRAIN, VALID, TEST])[block]
        in_gap = np.zeros(len(rows), dtype=bool)
        if (reach := self._reach(time[present], rows.problem)) is not None:
            in_gap[present] = reach >= np.append(np.asarray(cuts, dtype=np.float64), np.inf)[block]
        part[in_gap] = NONE
        dropped = {"missing_time": ~is_known(time), "gap": in_gap}
        return Assignment(part, dropped, {"boundaries": cuts, "gap": self._gap(rows.problem)})

    def fold(self, rows: Rows) -> Plan:
        time = moments(rows)
        known = is_known(time)
        count = self.folds + 1
        cuts = boundaries(time[known], tuple(np.arange(1, count) / count))
        fold = np.where(known, stretch(time, cuts), -1).astype(np.int64)
        reach = self._reach(time, rows.problem)
        start = None if reach is None else time.astype(np.float64)
        return Plan(fold, "expanding", start, reach)

    def _gap(self, problem: ProblemSpec) -> float | str:
        """Return the gap to leave: the one asked for, or the problem's horizon."""
        return self.gap if self.gap is not None else problem.horizon or 0

    def _reach(self, time: Array, problem: ProblemSpec) -> Array | None:
        """Return up to which moment `(N,)` each row keeps later parts away; None: its own.

        A gap of n rows reaches to the moment of the n-th row after the last of the row's own.
        """
        gap = self._gap(problem)
        if not gap:
            return None
        if self.gap is None or isinstance(gap, str):
            place = "problem.horizon" if self.gap is None else "split.gap"
            return time.astype(np.float64) + length(gap, time, problem, place)
        ordered = np.sort(time)
        last = np.searchsorted(ordered, time, side="right") - 1
        return np.asarray(ordered[np.minimum(last + int(gap), len(time) - 1)], dtype=np.float64)


def length(span: float | str, time: Array, problem: ProblemSpec, place: str) -> float:
    """Return a span that params.yaml names at `place` on the scale of `time`.

    Raises:
        ConfigError: a duration where moments are numbers, or a number where they are dates.
    """
    is_date = time.dtype.kind == "i"
    if isinstance(span, str) == is_date:
        return float(duration_us(span)) if isinstance(span, str) else float(span)
    if is_date:
        rule = f"a duration such as 12h or 7d, because `{problem.time}` is a date"
    elif place == "problem.horizon":
        rule = f"a number in units of `{problem.time}`, because that is no date"
    else:
        rule = f"a number of rows, because `{problem.time}` is no date"
    told = repr(span) if isinstance(span, str) else f"{span:.15g}"
    raise ConfigError(f"params.yaml: {place} must be {rule}, however: {told}")


def moments(rows: Rows) -> Array:
    """Return the moment `(N,)` of each row. Raises `ConfigError`."""
    if rows.time is None:
        raise ConfigError("params.yaml: problem.time must be given to split by time")
    return rows.time


def is_known(time: Array) -> Array:
    """Return the mask `(N,)` of moments that are not missing."""
    return np.isfinite(time) if time.dtype.kind == "f" else time != np.iinfo(np.int64).min


def stretch(time: Array, cuts: list[float]) -> Array:
    """Return between which `cuts` each moment lies, `(N,)` int64 from 0; at a cut, after it."""
    return np.searchsorted(np.asarray(cuts, dtype=time.dtype), time, side="right")


def boundaries(time: Array, shares: tuple[float, ...]) -> list[float]:
    """Return the first moments of the later blocks: those nearest to the shares of the rows.

    Where there are too few moments each is a block of its own.
    """
    found, counts = np.unique(time, return_counts=True)
    if len(found) <= len(shares):
        return [moment.item() for moment in found[1:]]
    before = np.cumsum(counts) - counts
    cuts: list[int] = []
    for number, share in enumerate(shares):
        lowest = cuts[-1] + 1 if cuts else 1
        highest = len(found) - (len(shares) - number - 1)
        nearest = np.abs(before[lowest:highest] - share * len(time)).argmin()
        cuts.append(lowest + int(nearest))
    return [found[cut].item() for cut in cuts]
