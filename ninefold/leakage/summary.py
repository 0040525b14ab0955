"""encoding.summary: a total, a rank or a share of the target in its group, over all rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._groupings import Grouping, groupings_of
from ninefold.leakage._placed import is_counter, is_placed
from ninefold.leakage._resolution import resolution
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import SURE, rank_correlation

SCREENED, ROWS = 3000, 100_000
"""Rows on which a column is looked at first, and on which its order within groups is judged."""
FITS = 0.9
"""Share of the rows whose group must have the statistic to the last digit."""
LARGEST = 1e12
IN_ORDER, IN_STEPS = 0.995, 0.5
"""Share of steps along the target inside groups that must not go back, and that must go on."""
SAME = 0.9999
"""Rank correlation over all rows from which a column is the target itself: others say so."""
ONE_WAY = 0.9
"""Share of steps in one direction along time from which a target only counts the rows."""
MIN_STEPS = 60

Statistic = Callable[[Grouping, Array], Array]


def _median(by: Grouping, y: Array) -> Array:
    ordered = y[np.lexsort((y, by.code))]
    low = ordered[by.starts + (by.size - 1) // 2]
    return np.asarray((low + ordered[by.starts + by.size // 2]) / 2)


def _spread(by: Grouping, y: Array) -> Array:
    return np.sqrt(_inside(by, y))


def _inside(by: Grouping, y: Array) -> Array:
    """Return the unbiased variance `(G,)` of `y` `(N,)` in each group; 0 in groups of one."""
    mean = by.total(y) / np.maximum(by.size, 1)
    return np.asarray(by.total((y - mean[by.code]) ** 2) / np.maximum(by.size - 1, 1))


TOTALS: dict[str, Statistic] = {"sum": Grouping.total}
LEVELS: dict[str, Statistic] = {
    "mean": lambda by, y: by.total(y) / np.maximum(by.size, 1),
    "median": _median,
    "spread": _spread,
    "greatest": Grouping.greatest,
    "least": Grouping.least,
}
AMONG = ("greatest", "least", "median")
"""Statistics that are a value of the group, which may be one that rows have again and again."""


class SummaryCheck(Check):
    """Features that sum up the target of their group, or place a row in it, test rows included.

    Groups are the values of a category, of the feature itself, entities, and the days, weeks,
    months and years of a date. A total, median, spread, greatest or least value must be met to the
    last digit in nearly every group, and not by the train rows alone. A rank, share or distance in
    the group follows the target's order inside every group, though not over the whole table.
    """

    family: ClassVar[str] = "encoding"
    kinds: ClassVar[tuple[str, ...]] = ("encoding.summary",)

    def findings(self, case: Case) -> Iterator[Finding]:
        targets = _targets(case)
        columns = {name: x for name in case.inputs if (x := _numbers(case, name)) is not None}
        if not targets or not columns or len(case) < MIN_STEPS:
            return
        groupings = list(groupings_of(case))
        told: set[str] = set()
        for name, x in columns.items():
            own = Grouping(case.codes[name], f"`{name}` itself")
            found = _summed_up(case, x, [own, *groupings], targets)
            if found is not None:
                told.add(name)
                yield _finding(case, name, found)
        if not case.is_classification:
            left = {name: x for name, x in columns.items() if name not in told}
            yield from _placed(case, left, groupings)


@dataclass(frozen=True)
class _Summary:
    """What a feature is of the target in which groups, and the numbers that show it."""

    what: str
    by: str
    evidence: dict[str, Any]


def _targets(case: Case) -> list[Array]:
    """Return the target as numbers `(N,)`, or of each common class whether a row has it."""
    if not case.is_classification:
        fine = np.isfinite(case.y).all() and np.abs(case.y).max() < LARGEST and np.ptp(case.y) > 0
        return [case.y] if fine else []
    common = np.argsort(-np.bincount(case.y), kind="stable")[:5]
    return [(case.y == code).astype(np.float64) for code in common]


def _numbers(case: Case, name: str) -> Array | None:
    """Return a feature with more than two numbers and hardly any gap, as `(N,)`; else None."""
    if case.frame.column(name).kind != "number":
        return None
    x = case.number(name)
    x = np.where(np.abs(x) < LARGEST, x, np.nan)
    return x if np.isfinite(x).mean() >= 0.9 and case.codes[name].max() >= 2 else None


def _summed_up(
    case: Case, x: Array, groupings: list[Grouping], targets: list[Array]
) -> _Summary | None:
    """Find the groups in which `x` `(N,)` is constant and a statistic of the target."""
    for by in groupings:
        if len(by.size) < 3 or len(by.size) > 0.6 * len(x) or not _is_constant(by, x):
            continue
        values = by.least(np.where(np.isfinite(x), x, -np.inf))
        for y in targets:
            found = _statistic(case, by, values, y)
            if found is not None:
                what, evidence = found
                return _Summary(f"the {what} of `{case.problem.target}`", by.words, evidence)
    return None


def _is_constant(by: Grouping, x: Array) -> bool:
    """Tell whether a column has one value in each group, on some rows first."""
    few = by.order[:SCREENED]
    code, values = by.code[few], x[few]
    same = code[1:] == code[:-1]
    if (values[1:][same] != values[:-1][same]).mean() > 0.1 if same.any() else True:
        return False
    low, high = by.least(x), by.greatest(x)
    return bool((by.size * (low == high)).sum() >= FITS * len(x))


def _statistic(
    case: Case, by: Grouping, values: Array, y: Array
) -> tuple[str, dict[str, Any]] | None:
    """Return which statistic of `y` `(N,)` the groups' `values` `(G,)` are, if not of train."""
    inside = _inside(by, y)
    told = (by.size >= 2) & (inside > 1e-9 * y.var()) & np.isfinite(values)
    if told.sum() < 3:
        return None
    is_event = case.is_classification
    for name, statistic in {**TOTALS, **({} if is_event else LEVELS)}.items():
        scatter = np.sqrt(inside * by.size) if name in TOTALS else np.sqrt(inside / by.size)
        near = max(0.51 * resolution(values[told]), 1e-6 * float(np.median(scatter[told])))
        fits = told & (np.abs(statistic(by, y) - values) <= near)
        if (by.size * fits).sum() < FITS * (by.size * told).sum():
            continue
        chance = float(np.log10(np.minimum(1, near / scatter[fits])).sum())
        if chance > SURE or (name in AMONG and _is_limit(by, values, y, near)):
            continue
        if name in AMONG and _is_first(case, by, values, y, near):
            continue
        if _is_of_train(case, by, values, y, statistic, near):
            continue
        evidence = {
            "groups": int(told.sum()),
            "groups_met_exactly": int(fits.sum()),
            "log10_probability_by_chance": round(max(chance, -300.0), 1),
        }
        return name, evidence
    return None


def _is_limit(by: Grouping, values: Array, y: Array, near: float) -> bool:
    """Tell whether rows have the value again and again: a limit, a price from a list, no change."""
    meets = np.abs(y - values[by.code]) <= near
    return bool(meets.sum() > 1.2 * len(by.size))


def _is_first(case: Case, by: Grouping, values: Array, y: Array, near: float) -> bool:
    """Tell whether a value is the target of its group's first row: where an entity started."""
    order = case.order[np.argsort(by.code[case.order], kind="stable")]
    first = y[order[by.starts]]
    return bool((np.abs(first - values) <= near).mean() >= FITS)


def _is_of_train(
    case: Case, by: Grouping, values: Array, y: Array, statistic: Statistic, near: float
) -> bool:
    """Tell whether the train rows alone give the same, in the groups that have test rows too."""
    if case.split_kind != "given":
        return False
    with_test = np.bincount(by.code[case.test], minlength=len(by.size)) > 0
    if not with_test.any():
        return True
    for mask in (~case.test, case.train):
        present = np.bincount(by.code[mask], minlength=len(by.size)) > 0
        levels, code = np.unique(by.code[mask], return_inverse=True)
        part = np.full(len(by.size), np.nan)
        part[levels] = statistic(Grouping(code, ""), y[mask])
        fits = np.abs(part - values)[present & with_test] <= near
        if (present & with_test).sum() >= 0.5 * with_test.sum() and fits.mean() > FITS:
            return True
    return False


def _placed(case: Case, columns: dict[str, Array], groupings: list[Grouping]) -> Iterator[Finding]:
    """Find features that follow the target's order inside groups, though not over all rows."""
    usable = {
        name: x
        for name, x in columns.items()
        if abs(rank_correlation(x[(k := np.isfinite(x))][:ROWS], case.y[k][:ROWS])[0]) < SAME
    }
    lot = np.random.default_rng(case.seed).permutation(len(case))
    for by in groupings:
        if not usable:
            return
        # Rows of one target stand by lot: in file order their last and first would make the steps.
        order = np.lexsort((lot, case.y, by.code))[:ROWS]
        same = by.code[order[1:]] == by.code[order[:-1]]
        up = same & (case.y[order[1:]] > case.y[order[:-1]])
        in_time = by.is_period or case.problem.time is not None
        if up.sum() < MIN_STEPS or (in_time and _counts(case, by)):
            continue
        for name in list(usable):
            evidence = _order_inside(usable[name][order], up)
            if evidence is None or is_counter(by.code, usable[name], case.frame.row):
                continue
            if is_placed(by.code, usable[name], case.y):
                del usable[name]
                what = f"a rank, share or distance of `{case.problem.target}`"
                yield _finding(case, name, _Summary(what, by.words, evidence))


def _order_inside(x: Array, up: Array) -> dict[str, Any] | None:
    """Judge a feature `(N,)` in the target's order inside groups at the steps `up` `(N-1,)`."""
    few = np.flatnonzero(up)[:SCREENED]
    for places in (few, np.flatnonzero(up)):
        step = x[places + 1] - x[places]
        step = step[np.isfinite(step)]
        forward, back = int((step > 0).sum()), int((step < 0).sum())
        if max(forward, back) < IN_STEPS * len(up[places]) or len(step) < MIN_STEPS:
            return None
        if min(forward, back) > (1 - IN_ORDER) * (forward + back):
            return None
    moved = forward + back
    return {"steps_in_the_order_of_the_target": max(forward, back), "steps": moved}


def _counts(case: Case, by: Grouping) -> bool:
    """Tell whether the target itself only rises, or only falls, along time inside a group."""
    place = np.empty(len(case), dtype=np.int64)
    place[case.order] = np.arange(len(case))
    order = np.lexsort((place, by.code))
    same = by.code[order[1:]] == by.code[order[:-1]]
    step = np.diff(case.y[order])[same]
    step = step[step != 0]
    return len(step) > 0 and float(max((step > 0).mean(), (step < 0).mean())) >= ONE_WAY


def _finding(case: Case, name: str, found: _Summary) -> Finding:
    return Finding(
        kind="encoding.summary",
        severity="warn",
        columns=(name,),
        evidence={"groups_of": found.by, **found.evidence},
        message=(
            f"`{name}` is {found.what} within {found.by}, over all rows of a group: the row's own "
            "target is in it, and those of test rows"
        ),
        remedy=(
            f"problem: {{available_at: {{{name!r}: after}}}}, or compute it from earlier rows, or "
            "from train rows only"
        ),
        fix=known_after([name]),
    )
