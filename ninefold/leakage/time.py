"""time: learning from the future."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.durations import duration_us, named_duration, rounded_up
from ninefold.leakage._outcome import outcome_known
from ninefold.leakage.case import Case, Check, Finding, Fix, Severity

MIN_SHARE, LONGEST = 0.01, 0.5
"""Train-test pairs in the wrong order below this share are stragglers, a warning; and the share of
the time covered up to which the target's name may say when it is known."""


class TimeCheck(Check):
    """Test rows older than rows the model learned from, although `problem.time` orders the rows.

    Of a given split without a valid part the last train rows become one: stragglers from after the
    test rows stand there. Without `problem.horizon` a duration in the target's name is asked about,
    else the end of the window that a row is about, or the later rows that a target is made of.
    """

    family: ClassVar[str] = "time"
    kinds: ClassVar[tuple[str, ...]] = ("time.order", "time.horizon")
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        name = case.problem.time
        if name is None:
            return
        values, known = case.frame[name], ~case.is_missing(name)
        learned = np.sort(values[(case.part != "test") & known])
        test = (case.part == "test") & known
        if not len(learned) or not test.any():
            return
        yield from _overlap(case, name, values, known)
        later = len(learned) - np.searchsorted(learned, values[test], side="right")
        if not later.any():
            return
        mask = np.zeros(len(case), dtype=bool)
        mask[test] = later > 0
        wrong = float(later.mean() / len(learned))
        yield Finding(
            kind="time.order",
            severity=_severity(case, wrong),
            columns=(name,),
            rows=case.source_rows(mask),
            evidence={
                "test_rows_before_a_train_row": int(mask.sum()),
                "pairs_in_wrong_order": round(wrong, 6),
                "pairs_if_order_were_ignored": 0.5,
                "last_train": _readable(case, name, learned[-1]),
                "first_test": _readable(case, name, values[test].min()),
            },
            message=(
                f"{int(mask.sum())} test rows are older than learned rows by `{name}` ({wrong:.2%} "
                "of the pairs stand in the wrong order): the model has seen the future"
            ),
            remedy="split: {kind: time}; or drop problem.time if order does not matter",
            fix=((("split", "kind"), "time"),),
        )


def _overlap(case: Case, name: str, values: Array, known: Array) -> Iterator[Finding]:
    """Find learned rows, train or valid, whose outcome was not known when the test part began."""
    said = _horizon(case, values[known])
    if said is None:
        return
    horizon, step, asked, told_by = said
    test = case.test & known
    first_test = values[test].min()
    late = ~case.test & known & (values > first_test - step) & (values < first_test)
    if not late.any():
        return
    near = test & (values < values[late].max() + step)
    yield Finding(
        kind="time.horizon",
        severity="warn",
        columns=(name, *told_by),
        rows=case.source_rows(near),
        evidence={
            "rows_known_too_late": int(late.sum()),
            "of_train": int((late & case.train).sum()),
            "test_rows_within_horizon": int(near.sum()),
            "horizon": horizon,
            "first_test": _readable(case, name, first_test),
        },
        message=(
            f"the outcome of {int(late.sum())} train or valid rows was known only after the test "
            f"part began ({asked}): in use they could not "
            f"have been learned from, and they tell of the first {int(near.sum())} test rows"
        ),
        remedy=f"problem: {{horizon: {horizon}}} and split: {{kind: time}}, which leaves a gap of "
        "it before each boundary",
        fix=_fix(case, horizon),
    )


def _fix(case: Case, horizon: str | float) -> Fix:
    """Return the change to params: Ninefold's own split by time only wants to know the horizon."""
    if case.problem.horizon is not None:
        return ((("split", "kind"), "time"),)
    split: Fix = ((("split", "kind"), "time"),) if case.split_kind == "given" else ()
    return ((("problem", "horizon"), horizon), *split)


def _horizon(case: Case, moments: Array) -> tuple[str | float, float, str, tuple[str, ...]] | None:
    """Return how long after a row its target is known, that in the units of `moments` `(M,)`, who
    says so, and by which columns; None if nobody does.
    """
    problem = case.problem
    if problem.horizon is not None:
        step = case.horizon
        asked = f"problem.horizon is {problem.horizon_text}"
        return None if step is None else (problem.horizon, step, asked, ())
    is_date = case.frame.column(str(problem.time)).kind == "datetime"
    named = named_duration(problem.target)
    if named is not None and is_date:
        step = float(duration_us(named))
        asked = (
            f"if `{problem.target}` is known only {named} later; problem.horizon says when it is"
        )
        return (named, step, asked, ()) if step <= LONGEST * np.ptp(moments) else None
    found = outcome_known(case)
    if found is None:
        return None
    horizon = rounded_up(found.after) if is_date else found.after
    return horizon, found.after, f"{found.why}: after {horizon}", (found.column,)


def _severity(case: Case, wrong: float) -> Severity:
    """Block what nobody asked for; a split by entity crosses time on purpose."""
    return "warn" if case.split_kind == "group" or wrong < MIN_SHARE else "block"


def _readable(case: Case, name: str, value: Array) -> str | float:
    if case.frame.column(name).kind == "datetime":
        return str(np.datetime64(int(value), "us"))
    return float(value)
