"""time.undeclared: a regular series, split by lot although its rows resemble their neighbours."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._series import Series
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.chance import rank_correlation

MIN_ROWS, MIN_TEST = 100, 10
REGULAR = 0.5
"""Share of steps in time that are of the commonest length, from which rows are a series."""
RESEMBLES, SURE = 0.3, 6.0
"""Rank correlation with the row before, within its entity, and its z under chance."""
MIXED = 0.5
"""Share, of what a random split gives, of test rows with a learned row on either side."""


class UndeclaredTimeCheck(Check):
    """Dates at even steps, one row each, a target like that of the row before, a split by lot.

    Such rows were recorded one after the other, and what follows them is to be told in use: a
    split by lot asks for values between known ones instead. Dates at uneven steps, as of records
    that came in some day, and targets that do not depend on the last one are no series.
    """

    family: ClassVar[str] = "time"
    kinds: ClassVar[tuple[str, ...]] = ("time.undeclared",)

    def findings(self, case: Case) -> Iterator[Finding]:
        asked = case.problem.time or case.problem.group or case.split_kind != "given"
        if asked or len(case) < MIN_ROWS or case.test.sum() < MIN_TEST:
            return
        for series in case.series:
            if series.time is None or not is_regular(case, series):
                continue
            rho, z = resemblance(case, series)
            between = _between_learned(case, series)
            by_chance = float((~case.test).mean()) ** 2
            seen = case.test & between
            share = float(seen.sum() / case.test.sum())
            if rho >= RESEMBLES and z >= SURE and share >= MIXED * by_chance:
                yield _finding(case, series, seen, rho, share)
                return


def is_regular(case: Case, series: Series) -> bool:
    """Tell whether moments follow each other at one step, but for gaps such as weekends."""
    assert series.time is not None
    moments = case.frame[series.time][series.index]
    step = np.diff(moments)[series.entity[1:] == series.entity[:-1]]
    step = step[step > 0]
    if len(step) < MIN_ROWS // 2:
        return False
    months = np.diff(moments.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64))
    shares = [np.unique(s, return_counts=True)[1].max() / len(s) for s in (step, months)]
    one_each = float((months == 1).mean()) if shares[1] > REGULAR else 0.0
    return bool(max(shares[0], one_each) >= REGULAR)


def resemblance(case: Case, series: Series) -> tuple[float, float]:
    """Return the rank correlation of the target with that of the row before, and its z.

    Each entity's own mean is taken out first.
    """
    y = case.y[series.index].astype(np.float64)
    if case.is_classification:
        y = (y == np.bincount(case.y).argmax()).astype(np.float64)
    code = np.unique(series.entity, return_inverse=True)[1]
    y = y - (np.bincount(code, y) / np.bincount(code))[code]
    same = series.entity[1:] == series.entity[:-1]
    return rank_correlation(y[:-1][same], y[1:][same])


def _between_learned(case: Case, series: Series) -> Array:
    """Return the mask `(N,)` of rows with learned rows just before and just after them."""
    learned = ~case.test[series.index]
    same = series.entity[1:] == series.entity[:-1]
    mask = np.zeros(len(series), dtype=bool)
    mask[1:-1] = learned[:-2] & learned[2:] & same[:-1] & same[1:]
    out = np.zeros(len(case), dtype=bool)
    out[series.index] = mask
    return out


def _finding(case: Case, series: Series, seen: Array, rho: float, share: float) -> Finding:
    assert series.time is not None
    time = series.time
    return Finding(
        kind="time.undeclared",
        severity="warn",
        columns=(time,),
        rows=case.source_rows(case.test),
        evidence={
            "rank_correlation_with_the_row_before": round(rho, 4),
            "share_of_test_between_learned_rows": round(share, 4),
            "order": series.words,
        },
        message=(
            f"`{time}` runs at even steps, `{case.problem.target}` resembles that of the row "
            f"before ({rho:.2f}), and {share:.0%} of the test rows stand between two learned rows: "
            "the score is one of filling in, not of telling what comes. Is the task a forecast?"
        ),
        remedy=f"problem: {{time: {time!r}}} and split: {{kind: time}}, if what comes later is to "
        "be told",
        fix=((("problem", "time"), time), (("split", "kind"), "time")),
    )
