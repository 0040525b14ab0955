"""shift: the test part is not drawn from where the train part is."""

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np

from ninefold.leakage._balanced import before_balancing
from ninefold.leakage._chosen import chosen_by
from ninefold.leakage._drift import (
    APART,
    Drift,
    column_drift,
    is_mixed,
    level_drift,
    number_drift,
)
from ninefold.leakage._ranges import (
    MIN_ROWS,
    UNLIKELY,
    Shift,
    beyond,
    converted_from_then_on,
    cut,
    outside,
    places,
)
from ninefold.leakage._unrecorded import unrecorded
from ninefold.leakage._values import spike, written_otherwise
from ninefold.leakage.case import Case, Check, Finding, Severity
from ninefold.leakage.chance import log10_excess
from ninefold.splitting.identity import combine

NEW, SOME_NEW = 0.5, 0.1
"""Share of the test rows with categories that train lacks, from which a warning is due; the second
where no other column differs."""
ALONE, ALONE_EFFECT, ALONE_P, OTHERS = -3.0, 0.1, -12.0, 3
"""log10 of the chance down to which other columns do not differ; distance, and log10 of its chance,
from which one that differs alone warns; and how many others that takes."""
AT_THE_END = 0.9
"""Distance of the parts' places in the file from which test is simply its end, or beginning."""
FEW = 0.1
"""Share of the columns that may differ together, as those of one instrument."""
MEASURED = 20
"""Values from which a column measures something."""
MANY, LISTED = 3, 5
"""Columns that drift from which one finding tells of all, and how many its message lists."""


class ShiftCheck(Check):
    """Columns, or the target, whose values in test differ from those in train beyond chance.

    Where most columns agree between the parts the split was drawn by lot, and a strong difference
    in one of them is a mistake: other units, another code for gaps, a filter. Where many differ the
    split follows time or site, drift is natural, and only clear breaks are worth a warning. Of a
    train part whose classes were balanced the rows are compared that it had before.
    """

    family: ClassVar[str] = "shift"
    kinds: ClassVar[tuple[str, ...]] = (
        "shift.units",
        "shift.constant",
        "shift.missing",
        "shift.categories",
        "shift.support",
        "shift.drift",
        "shift.target",
    )
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        if min(case.train.sum(), case.test.sum()) < MIN_ROWS:
            return
        whole = _as_dealt(case)
        case = before_balancing(whole)
        if case.train.sum() < MIN_ROWS:
            return
        drifts = {name: _drift(case, name) for name in case.inputs if name != case.problem.time}
        by_lot = not case.follows_time and not case.problem.group
        order = _order(case)
        mixed = by_lot and is_mixed(list(drifts.values()), order)
        ranges = cut(case, drifts) if by_lot and order.effect < APART else {}
        if by_lot and order.effect < AT_THE_END:
            ranges |= beyond(case, drifts)
        alone = _differ_alone(case, drifts) if mixed and order.effect < APART else set()
        found = {
            n: ranges.get(n) or _judge(case, n, drift, mixed, n in alone)
            for n, drift in drifts.items()
        }
        if by_lot and not mixed:
            found |= chosen_by(case, drifts, found, by_place=order.effect >= APART)
        moved = [n for n, shift in found.items() if shift is not None and _is_plain_drift(shift)]
        many = moved if len(moved) >= MANY else []
        for name, shift in found.items():
            if shift is not None and name not in many:
                yield _finding(case, name, shift)
        if many:
            yield _drifted(sorted(many, key=lambda name: -drifts[name].effect), drifts)
        target = _target(whole, mixed and case is whole) if case.problem.learns_target else None
        if target is not None:
            yield _finding(case, case.problem.target, target)


def _as_dealt(case: Case) -> Case:
    """Return the case with equal rows once, as Ninefold's split deals them: together, by lot."""
    if case.split_kind == "given" or case.follows_time or not case.inputs:
        return case
    return case.once_a_side(combine([case.hashes[name] for name in case.inputs]))


def _order(case: Case) -> Drift:
    """Return how the parts differ in their place in the source."""
    row = case.frame.row.astype(np.float64)
    return number_drift(row[case.train], row[case.test], len(case.inputs) + 1)


def _drift(case: Case, name: str) -> Drift:
    drift = column_drift(case, name, case.train, case.test)
    return _dated(drift) if case.frame.column(name).kind == "datetime" else drift


def _dated(drift: Drift) -> Drift:
    """Return the comparison of microseconds with its medians as dates."""
    medians = {
        key: str(np.datetime64(int(value), "us").astype("datetime64[s]"))
        for key, value in drift.evidence.items()
        if key.startswith("median")
    }
    return replace(drift, evidence=drift.evidence | medians)


def _differ_alone(case: Case, drifts: dict[str, Drift]) -> set[str]:
    """Return the one column that differs, or the few of many, while none of the others does."""
    differing = [name for name, drift in drifts.items() if drift.log10_p < ALONE]
    if len(differing) > max(1, FEW * len(drifts)) or len(drifts) <= OTHERS:
        return set()
    return {name for name in differing if _differs_in_values(case, name, len(drifts))}


def _differs_in_values(case: Case, name: str, many: int) -> bool:
    """Tell whether a column's distinct values differ: of a number each counts once.

    What belongs to entities differs where these were dealt.
    """
    if case.frame.column(name).kind != "number":
        return True
    values = case.number(name)
    known = np.isfinite(values)
    train, test = (np.unique(values[part & known]) for part in (case.train, case.test))
    return number_drift(train, test, many).log10_p <= ALONE_P


def _judge(case: Case, name: str, drift: Drift, mixed: bool, alone: bool) -> Shift | None:
    """Come to the clearest of the things that may differ in one column."""
    return (
        unrecorded(case, name, mixed)
        or _constant(case, name)
        or _units(drift, mixed)
        or converted_from_then_on(case, name)
        or outside(case, name, mixed)
        or (spike(case, name) if mixed else None)
        or (written_otherwise(case, name) if mixed else None)
        or _levels(case, name, drift, mixed, alone)
        or _moved(case, name, drift, mixed, alone)
    )


def _constant(case: Case, name: str) -> Shift | None:
    """Find a column with one value in train and others in most of test."""
    present = ~case.is_missing(name)
    train = np.unique(case.codes[name][case.train & present])
    test = case.codes[name][case.test & present]
    if len(train) != 1 or len(test) < MIN_ROWS:
        return None
    differing = int((test != train[0]).sum())
    rows = int((case.train & present).sum())
    other = differing / len(test)
    # With no value in common the split was made by this column, unless it measures something.
    by_it = other == 1 and len(np.unique(test)) < MEASURED
    if log10_excess(differing, len(test), 0, rows) > UNLIKELY or other < 0.05 or by_it:
        return None
    evidence = {"share_of_test_with_other_values": round(other, 6)}
    what = f"has one value in train and others in {other:.0%} of the test rows"
    # Laws, prices and products begin some day, and over time often after the train rows.
    severity: Severity = "info" if case.follows_time else "warn"
    return Shift("shift.constant", severity, what, evidence)


def _units(drift: Drift, mixed: bool) -> Shift | None:
    if drift.unit is None or not (mixed or drift.is_plain):
        return None
    return Shift("shift.units", "warn", f"looks converted in test: {drift.unit}", drift.evidence)


def _levels(case: Case, name: str, drift: Drift, mixed: bool, alone: bool) -> Shift | None:
    if case.frame.column(name).kind not in ("category", "text"):
        return None
    codes, present = case.codes[name], ~case.is_missing(name)
    train = codes[case.train & present]
    test = codes[case.test & present]
    if min(len(train), len(test)) < MIN_ROWS:
        return None
    # Of a column that repeats its values, unlike names and texts.
    repeats = len(np.unique(train)) <= len(train) / 4
    new = float((~np.isin(test, train)).mean())
    if not repeats or new == 0:
        return None
    evidence = {"share_of_test_with_new_values": round(new, 6)}
    # Many levels against few without one in common: whole sites were set aside, on purpose.
    by_level = new == 1 and len(np.unique(test)) < 0.7 * len(np.unique(train))
    if mixed and new >= (SOME_NEW if alone else NEW) and drift.log10_p < -10 and not by_level:
        what = f"has values in {new:.0%} of the test rows that train never shows"
        return Shift("shift.categories", "warn", what, evidence)
    if new >= 0.01:
        what = f"has values in {new:.1%} of the test rows that train never shows"
        return Shift("shift.categories", "info", what, evidence)
    return None


def _moved(case: Case, name: str, drift: Drift, mixed: bool, alone: bool) -> Shift | None:
    if drift.log10_p > -8:
        return None
    if mixed and drift.is_apart and not places(case, name):
        what = "has hardly a value in common between train and test"
        return Shift("shift.support", "warn", what, drift.evidence)
    far = ALONE_EFFECT if alone and drift.log10_p <= ALONE_P else 0.3
    strong = mixed and drift.effect >= far and not places(case, name)
    return Shift(
        "shift.drift",
        "warn" if strong else "info",
        f"is distributed differently in test (distance {drift.effect:.2f} of 1)",
        drift.evidence,
    )


def _target(case: Case, mixed: bool) -> Shift | None:
    y = case.y
    train, test = y[case.train], y[case.test]
    if case.is_classification:
        drift = level_drift(train, test, 1)
        classes = len(np.unique(test))
        if classes == 1 and len(np.unique(train)) > 1 and drift.log10_p < -4:
            share = float((train == test[0]).mean())
            evidence = {"share_of_that_class_in_train": round(share, 6)}
            what = "has one class only in the test part"
            return Shift("shift.target", "warn", what, evidence)
    else:
        drift = number_drift(train, test, 1)
    if drift.log10_p > -8:
        return None
    strong = mixed and drift.effect >= 0.2
    return Shift(
        "shift.target",
        "warn" if strong else "info",
        f"is distributed differently in test (distance {drift.effect:.2f} of 1)",
        drift.evidence,
    )


def _is_plain_drift(found: Shift) -> bool:
    return found.kind == "shift.drift" and found.severity == "info"


def _drifted(names: list[str], drifts: dict[str, Drift]) -> Finding:
    """Say of several columns at once that they drift, the most first."""
    listed = ", ".join(f"`{n}` ({drifts[n].effect:.2f})" for n in names[:LISTED])
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return Finding(
        kind="shift.drift",
        severity="info",
        columns=tuple(names),
        evidence={"distance": {name: round(drifts[name].effect, 6) for name in names}},
        message=(
            f"{len(names)} columns are distributed differently in test (distance, of 1): {listed}"
            f"{more}; natural if the split follows time or site"
        ),
        remedy="nothing to do if the split follows time or site",
    )


def _finding(case: Case, name: str, found: Shift) -> Finding:
    loud, why = found.severity == "warn", "natural if the split follows time or site"
    if loud and case.follows_time:
        why = "the parts seem not to have been made alike"
    elif loud:
        why = "a part drawn by lot would not"
    return Finding(
        kind=found.kind,
        severity=found.severity,
        columns=(name,),
        evidence=found.evidence,
        message=f"`{name}` {found.what}; {why}",
        remedy="look how the parts were made (units, filters, sources); `split: {kind: auto}` "
        "makes them by lot or by time"
        if loud
        else "nothing to do if the split follows time or site",
    )
