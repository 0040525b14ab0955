"""The parity gate for models without a target: every output of the file, in a fresh process."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.export.receipt import SMALL_BATCH, TIE, plan, run_outputs
from ninefold.runtime import stacked
from ninefold.signature import PER_NAME, Result
from ninefold.unlabelled.model import Answer

JUMP = 1e-4
"""Numbers that are rounded, or told to be missing, by less than this may come out either way."""


def receipt(
    model: bytes,
    inputs: Sequence[str],
    cases: Mapping[str, Frame],
    reference: Callable[[Frame], list[Answer]],
    results: Sequence[Result],
    tolerance: float,
) -> dict[str, Any]:
    """Compare the file with `reference` on every case; return what reports/receipt.json holds.

    Every case runs as one batch; some of its rows also alone, in sevens and in reversed order,
    which must give the same bits.
    """
    bounds, alone, batches = plan(cases)
    feeds = {n: np.concatenate([frame[n] for frame in cases.values()]) for n in inputs}
    found = run_outputs(model, feeds, batches)
    total = int(bounds[-1])
    checked: dict[str, Any] = {}
    for (name, frame), start, stop in zip(cases.items(), bounds[:-1], bounds[1:], strict=True):
        got = [output[start:stop] for output in found]
        checked[name] = compared(got, reference(frame), results, tolerance)
    rest = [output[total:] for output in found]
    expected, size = [output[:total][alone] for output in found], len(alone)
    for position, name in enumerate(("batch_1", f"batch_{SMALL_BATCH}", "reversed")):
        rows = slice(position * size, (position + 1) * size)
        step = -1 if name == "reversed" else 1
        checked[name] = _identical([output[rows][::step] for output in rest], expected, results)
    return {
        "pass": all(case["pass"] for case in checked.values()),
        "tolerance": tolerance,
        "unit": "spread among the train rows, or the number itself where that is larger",
        "rows": total,
        "max_delta": max(case["max_delta"] for case in checked.values()),
        "flips": sum(case["flips"] for case in checked.values()),
        "cases": checked,
        "reasons": [f"{name}: {why}" for name, case in checked.items() for why in case["reasons"]],
    }


def _is_number(result: Result) -> bool:
    return result.kind in ("number", *PER_NAME)


def compared(
    got: Sequence[Array], answers: Sequence[Answer], results: Sequence[Result], tolerance: float
) -> dict[str, Any]:
    """Compare one case with the reference."""
    worst, flips, ties, reasons = 0.0, 0, 0, []
    for values, answer, result in zip(got, answers, results, strict=True):
        if result.kind in ("tags", "steps"):
            values, answer = alike(values, answer)
        if _is_number(result):
            delta, odd = _delta(values, answer)
            worst = max(worst, delta)
            if odd:
                reasons.append(f"{odd} rows of `{result.name}` give no finite number")
            if delta > tolerance:
                reasons.append(f"`{result.name}` differs by {delta:.2g}, {tolerance:g} is allowed")
            continue
        differs = np.asarray(values.ravel() != answer.values.ravel())
        near = False if answer.margin is None else answer.margin.ravel() <= TIE
        tied = differs & near
        flips, ties = flips + int((differs & ~tied).sum()), ties + int(tied.sum())
        if (differs & ~tied).any():
            reasons.append(f"{int((differs & ~tied).sum())} answers of `{result.name}` differ")
    return {
        "n": len(got[0]),
        "max_delta": worst,
        "flips": flips,
        "ties": ties,
        "pass": not reasons,
        "reasons": reasons,
    }


def alike(values: Array, answer: Answer) -> tuple[Array, Answer]:
    """Return what the file and the library say of steps, filled up to as many steps."""
    both = stacked([values, answer.values])
    margin = answer.margin
    if margin is not None:
        wide = np.zeros(both.shape[:2])
        margin = stacked([wide[:0], margin]) if margin.shape[1] < wide.shape[1] else margin
    return both[: len(values)], Answer(both[len(values) :], answer.unit, margin)


def _delta(values: Array, answer: Answer) -> tuple[float, int]:
    """Return the largest difference in units, and how many numbers are not finite in one only."""
    kept = slice(None) if answer.margin is None else answer.margin > JUMP
    got = values[kept].astype(np.float64).ravel()
    wanted = answer.values[kept].astype(np.float64).ravel()
    both = np.isfinite(got) & np.isfinite(wanted)
    odd = int((np.isnan(got) != np.isnan(wanted)).sum() + np.isinf(got).sum())
    unit = np.maximum(answer.unit, np.abs(wanted[both]))
    return float((np.abs(got[both] - wanted[both]) / unit).max(initial=0.0)), odd


def _identical(
    got: Sequence[Array], expected: Sequence[Array], results: Sequence[Result]
) -> dict[str, Any]:
    """Compare the same rows in other batches, bit by bit."""
    changed, flips, worst = np.zeros(len(expected[0]), dtype=bool), 0, 0.0
    for values, wanted, result in zip(got, expected, results, strict=True):
        equal = np.asarray(values == wanted)
        if _is_number(result):
            equal = np.asarray(equal | (np.isnan(values) & np.isnan(wanted)))
            delta = np.abs(values.astype(np.float64) - wanted)
            worst = max(worst, float(np.nanmax(delta, initial=0.0)))
        differs = np.asarray(~equal.reshape(len(equal), -1).all(axis=1))
        changed |= differs
        flips += 0 if _is_number(result) else int(differs.sum())
    count = int(changed.sum())
    reasons = [f"{count} rows give other bits than in a large batch"] if count else []
    return {
        "n": len(changed),
        "max_delta": worst,
        "flips": flips,
        "ties": 0,
        "pass": not reasons,
        "reasons": reasons,
    }
