"""missing: the gaps in a column, or a value that stands for them, tell the target."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._left_open import shared
from ninefold.leakage._strongest import is_number
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import SURE, log10_arrangements, rank_correlation
from ninefold.leakage.identifier import is_numbering
from ninefold.leakage.noisy import class_named, reason, scored
from ninefold.leakage.power import View
from ninefold.leakage.telling import INDEPENDENT_Z

MIN_ROWS = 20
"""Rows with and without a value that are needed to judge."""
SPARED = 0.005
"""Share of the rows with the value, or without, that may stand in the wrong class: single ones are
recorded late, or wrongly."""
FEW = 3
"""Classes that are named."""
NEAREST, BY_LOT = 10, 0.01
"""Rows with the nearest values that are asked for their class, and how rarely all have one."""
GOES = 0.5
"""Rank correlation of a column's other values with the target from which it measures that."""
MOST, SOME = 0.8, 0.25
"""Share of a class that is filled in from which nothing more is asked of a one-sided column, and
below which it is left to itself."""
NEVER_OTHERWISE = -30.0
"""log10 of the chance of as many rows of one class below which filled-in cells are asked about,
however few they are in their class: no cause goes so long without an exception."""


class MissingCheck(Check):
    """Columns that are filled in exactly when the target has a certain value.

    A column that is missing in all rows of some classes and in no row of the others was filled in
    after the outcome: that blocks. A value that stands for the gaps (0, -1, none), gaps that tell
    the target almost, or only in one direction, may be honest and warn.
    """

    family: ClassVar[str] = "missing"
    kinds: ClassVar[tuple[str, ...]] = ("missing.encodes_target", "missing.tells_target")

    def findings(self, case: Case) -> Iterator[Finding]:
        power = case.power
        told = {found.view.column: found for found in power.telling}
        for name in case.inputs:
            views = [view for view in power.views if view.column == name]
            views = [v for v in views if v.aspect in ("gap", "atom") and _is_filled(v)]
            found = next(filter(None, (_pure(case, view) for view in views)), None)
            if found is None and case.is_classification:
                found = next(filter(None, (_one_sided(case, view) for view in views)), None)
            if found is None and name in told and told[name].view.aspect in ("gap", "atom"):
                item = told[name]
                what = (
                    f"tells `{case.problem.target}`{class_named(case, item)} by {_place(item.view)}"
                )
                what += f": {scored(item)}; {reason(item)}"
                found = _finding(
                    case, item.view, "missing.tells_target", item.evidence(len(power.case)), what
                )
            if found is not None:
                yield found


def _is_filled(view: View) -> bool:
    inside = int(view.codes.sum())
    return min(inside, len(view.codes) - inside) >= MIN_ROWS


def _place(view: View) -> str:
    return "its gaps" if view.aspect == "gap" else f"whether it is {view.atom}"


def _pure(case: Case, view: View) -> Finding | None:
    """Find gaps that fill some classes wholly, but for single rows, and the others not at all."""
    inside_count, rows = int(view.codes.sum()), len(view.codes)
    sizes = np.array([inside_count, rows - inside_count])
    odd = 0
    if case.is_classification:
        y = case.power.y
        size = np.bincount(y)
        counts = np.bincount(y[view.codes == 1], minlength=len(size))
        odd = int(np.minimum(counts, size - counts).sum())
        ways = len(size) * np.log10(2) + odd * np.log10(rows)
        what = f"`{case.problem.target}` is {_either(case, np.flatnonzero(2 * counts > size))}"
    else:
        if not _is_cut(case.power.y, view.codes) or _is_end_of_range(case, view):
            return None
        ways = np.log10(2 * rows)
        what = f"`{case.problem.target}` is on one side of a value"
    chance = -log10_arrangements(sizes) + ways
    is_gap = view.aspect == "gap"
    if odd > SPARED * sizes.min() or chance > SURE or (is_gap and _begins_somewhere(case, view)):
        return None
    evidence = {
        "rows_missing": inside_count,
        "rows_present": rows - inside_count,
        "rows_otherwise": odd,
        "log10_probability_by_chance": round(float(chance), 1),
    }
    said = f"{'is missing' if is_gap else f'is {view.atom}'} exactly where {what}"
    said += f", but for {odd} of {rows} rows" if odd else ""
    certain = is_gap and not odd
    kind = "missing.encodes_target" if certain else "missing.tells_target"
    return _finding(case, view, kind, evidence, said)


def _either(case: Case, codes: Array) -> str:
    """Name the classes of these codes, if they are few."""
    if len(codes) > FEW:
        return f"one of {len(codes)} classes"
    first = [int((case.y == code).argmax()) for code in codes]
    return " or ".join(str(case.frame[case.problem.target][row]) for row in first)


def _begins_somewhere(case: Case, view: View) -> bool:
    """Tell whether gaps end, or begin, at one moment or at one number of the rows.

    Then something was measured from some year on, and the target grows with the years.
    """
    rows = case.power.case
    for column in rows.frame.columns:
        if column.kind not in ("number", "datetime") or column.name in (
            view.column, case.problem.target,
        ):  # fmt: skip
            continue
        values = rows.frame[column.name].astype(np.float64)
        dates = column.kind == "datetime" or is_numbering(values[np.isfinite(values)])
        if dates and np.isfinite(values).all() and _is_cut(values, view.codes):
            return True
    return False


def _is_cut(y: Array, inside: Array) -> bool:
    """Tell whether all rows inside have a target above those outside, or all below."""
    high, low = y[inside == 1], y[inside == 0]
    return bool(high.min() > low.max() or high.max() < low.min())


def _one_sided(case: Case, view: View) -> Finding | None:
    """Find values (or gaps) that occur with one class only, although chance would mix them."""
    y = case.power.y
    size = np.bincount(y)
    for inside in (0, 1):
        mask = view.codes == inside
        count = np.bincount(y[mask], minlength=len(size))
        code = int(count.argmax())
        share = size[code] / len(y)
        chance = mask.sum() * np.log10(max(share, 1e-300))
        if count[code] < mask.sum() or share == 1 or chance > SURE:
            continue
        if view.aspect == "atom" and inside and _is_in_range(case, view, code):
            continue
        covered = count[code] / size[code]
        z = shared(case.power, view, {view.column}, code)[1]
        is_filled_in = view.aspect == "gap" and not inside
        is_enough = covered >= SOME or (is_filled_in and chance <= NEVER_OTHERWISE)
        if covered < MOST and (z >= INDEPENDENT_Z or not is_enough):
            continue
        evidence = {
            "rows": int(mask.sum()),
            "share_of_class": round(float(covered), 4),
            "log10_probability_by_chance": round(float(chance), 1),
            "z_of_tie_to_others": round(z, 1),
        }
        is_gap = (view.aspect == "gap") == (inside == 1)
        side = "missing" if is_gap else "filled in"
        if view.aspect == "atom":
            side = view.atom if inside else f"other than {view.atom}"
        what = f"is {side} in rows of one class of `{case.problem.target}` only"
        return _finding(case, view, "missing.tells_target", evidence, what)
    return None


def _is_in_range(case: Case, view: View, code: int) -> bool:
    """Tell whether a number's nearest other values come with the same class only, beyond chance.

    Then the value stands in the middle of what that class measures, and not for a gap.
    """
    power = case.power
    if not is_number(power, view.column):
        return False
    x = power.case.number(view.column)
    others = np.flatnonzero(np.isfinite(x) & (view.codes == 0))
    distance = np.abs(x[others] - x[view.codes == 1][0])
    near = others[np.argsort(distance, kind="stable")[:NEAREST]]
    share = float((power.y == code).mean())
    return bool((power.y[near] == code).all() and share ** len(near) <= BY_LOT)


def _is_end_of_range(case: Case, view: View) -> bool:
    """Tell whether a number's other values go with the target as this one does: a measure's end."""
    power = case.power
    if view.aspect != "atom" or not is_number(power, view.column):
        return False
    x, inside = power.case.number(view.column), view.codes == 1
    others = np.isfinite(x) & ~inside
    goes = rank_correlation(x[others], power.y[others])[0]
    is_low = x[inside][0] < np.median(x[others])
    return bool((goes if is_low == (power.y[inside][0] < power.y[others].min()) else -goes) >= GOES)


def _finding(case: Case, view: View, kind: str, evidence: dict[str, float], what: str) -> Finding:
    name, certain = view.column, kind == "missing.encodes_target"
    judgement = (
        "it was filled in after the outcome"
        if certain
        else "check that it is filled in before the outcome"
    )
    return Finding(
        kind=kind,
        severity="block" if certain else "warn",
        columns=(name,),
        rows=case.source_rows(case.part == "test") if certain else (),
        evidence=evidence,
        message=f"`{name}` {what}; {judgement}",
        remedy=f"problem: {{available_at: {{{name!r}: after}}}}, if it is known only afterwards",
        fix=known_after([name]),
    )
