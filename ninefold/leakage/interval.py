"""target.interval: the time between two columns, which is the target or tells its class."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._resolution import resolution
from ninefold.leakage._scores import area_of_bins, either_area
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import rank_correlation

ROWS, MOST = 4000, 12
"""Rows looked at, and moments of one kind that are paired."""
MIN_ROWS = 60
DAY = 1440.0
"""Minutes."""
HHMM = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)(?::[0-5]\d)?")
UNITS = (1.0, 60.0, 3600.0, DAY, 1 / 60)
"""Minutes in a minute, an hour in minutes …: what an interval is divided by."""
HOLDS = 0.9
"""Share of rows in which the target must be the interval to its last digit."""
ALIKE = 0.985
"""Rank correlation with a number, from which an interval is that number but for exceptions."""
MIN_AREA, CLEAR = 0.95, 3.0
"""ROC area of a class by an interval, and how many times smaller its miss must be than that of each
moment alone and of all other columns."""


class IntervalCheck(Check):
    """Pairs of moments, or of times of day, that are known only once the outcome is.

    Arrival less schedule is the delay, closing less opening the duration. Dates are subtracted as
    they are, times of day (`14:35`, or `1435` as in many flight tables) across midnight.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.interval",)

    def findings(self, case: Case) -> Iterator[Finding]:
        if not case.inputs:
            return
        case = case.limited(ROWS)
        seen: set[str] = set()
        for pair in sorted(_pairs(case), key=lambda item: -item.strength):
            names = tuple(n for n in pair.names if n != case.problem.time)
            if names and not seen & set(names):
                seen |= set(names)
                yield _finding(case, names, pair)


@dataclass(frozen=True)
class _Pair:
    """Two columns, what their interval says of the target, and how well."""

    names: tuple[str, str]
    what: str
    evidence: dict[str, float]
    strength: float


def _pairs(case: Case) -> Iterator[_Pair]:
    times = [case.problem.time] if case.problem.time else []
    names = list(dict.fromkeys([*case.inputs, *times]))
    moments = {n: x for n in names if (x := _moment(case, n)) is not None}
    clocks = {n: x for n in names if (x := _clock(case, n)) is not None}
    for values, is_clock in ((moments, False), (clocks, True)):
        for first, second in combinations(list(values)[:MOST], 2):
            apart = values[first] - values[second]
            if is_clock:
                apart = (apart + DAY / 2) % DAY - DAY / 2
            known = np.isfinite(apart)
            if known.mean() < 0.5 or known.sum() < MIN_ROWS or np.ptp(apart[known]) == 0:
                continue
            of = {first: values[first], second: values[second]}
            judge = _of_class if case.is_classification else _of_number
            found = judge(case, of, apart, known)
            if found is not None:
                yield found


def _moment(case: Case, name: str) -> Array | None:
    """Return a date column in minutes `(N,)`, NaN where missing; None if it is none."""
    if case.frame.column(name).kind != "datetime":
        return None
    values = case.number(name)
    return np.asarray((values - np.nanmin(values)) / 60e6) if np.isfinite(values).any() else None


def _clock(case: Case, name: str) -> Array | None:
    """Return a column of times of day in minutes `(N,)`; None if it holds anything else."""
    kind = case.frame.column(name).kind
    if kind == "number":
        values = case.number(name)
        known = values[np.isfinite(values)]
        whole = len(known) > 0 and bool((known == np.round(known)).all())
        if not whole or known.min() < 0 or known.max() > 2400 or known.max() < 1000:
            return None
        if (known % 100 >= 60).any() or len(np.unique(known)) < 60:
            return None
        return np.asarray(values // 100 * 60 + values % 100)
    if kind not in ("category", "text"):
        return None
    levels, place = np.unique(case.frame[name].astype(str), return_inverse=True)
    parts = [HHMM.fullmatch(level.strip()) for level in levels]
    if sum(part is None for part in parts) > 1 or len(levels) < 30:
        return None
    minutes = [60.0 * int(p[1]) + int(p[2]) if p is not None else np.nan for p in parts]
    return np.asarray(np.array(minutes)[place])


def _of_number(case: Case, of: dict[str, Array], apart: Array, known: Array) -> _Pair | None:
    """Find an interval that is the target, in some unit, or follows its order."""
    y, x = case.y[known], apart[known]
    rho = rank_correlation(x, y)[0]
    if abs(rho) < 0.8:
        return None
    step = max(resolution(y), 1e-6 * float(np.std(y)))
    shares = [
        float((np.abs(sign * x / unit - y) < 1.01 * step).mean())
        for unit in UNITS
        for sign in (1, -1)
        if step < np.std(y)
    ]
    alone = max(abs(rank_correlation(values[known], y)[0]) for values in of.values())
    share = max(shares, default=0.0)
    first, second = of
    if share < HOLDS and (abs(rho) < ALIKE or alone > 0.9):
        return None
    evidence = {
        "share_of_rows_in_which_it_is": round(share, 4),
        "rank_correlation": round(rho, 4),
        "rank_correlation_of_one_alone": round(alone, 4),
        "rows_looked_at": int(known.sum()),
    }
    what = f"the time between `{first}` and `{second}` is `{case.problem.target}`" + (
        f" in {share:.1%} of rows" if share >= HOLDS else f", but for exceptions (ρ {rho:.3f})"
    )
    return _Pair((first, second), what, evidence, max(share, abs(rho)))


def _of_class(case: Case, of: dict[str, Array], apart: Array, known: Array) -> _Pair | None:
    """Find an interval whose length tells a class, as neither moment does nor all other columns."""
    y = case.y[known]
    sizes = np.bincount(y)
    best = max(
        ((either_area(apart[known], y == code), int(code)) for code in np.flatnonzero(sizes >= 20)
         if sizes[code] < len(y)), default=(0.0, 0),
    )  # fmt: skip
    area, code = best
    if area < MIN_AREA:
        return None
    least = 1 - CLEAR * max(1 - area, 1e-3)
    alone = max(area_of_bins(values[known], y == code) for values in of.values())
    if alone > least:
        return None
    rest = case.power.together(set(of), code)
    if rest > least:
        return None
    first, second = of
    evidence = {
        "roc_auc": round(area, 4),
        "roc_auc_of_one_alone": round(alone, 4),
        "roc_auc_of_all_others": round(rest, 4),
        "rows_looked_at": int(known.sum()),
    }
    what = (
        f"the time between `{first}` and `{second}` tells `{case.problem.target}` (ROC area "
        f"{area:.3f}), neither alone does (at most {alone:.3f})"
    )
    return _Pair((first, second), what, evidence, area)


def _finding(case: Case, names: tuple[str, ...], pair: _Pair) -> Finding:
    listed = ", ".join(f"{name!r}: after" for name in names)
    return Finding(
        kind="target.interval",
        severity="warn",
        columns=names,
        evidence=pair.evidence,
        message=f"{pair.what}. Are both known before the outcome?",
        remedy=f"problem: {{available_at: {{{listed}}}}}, for those known only afterwards",
        fix=known_after(names),
    )
