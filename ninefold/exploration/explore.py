"""The profile a data scientist would draw by hand, computed from train rows."""

from collections.abc import Collection
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.describing import described, described_names
from ninefold.exploration.association import associations
from ninefold.exploration.collinearity import condition_number, variance_inflation
from ninefold.exploration.galleries import galleries
from ninefold.exploration.gaps import gaps
from ninefold.exploration.learning_curve import learning_curve
from ninefold.exploration.outliers import isolation, robust_z
from ninefold.exploration.shapes import shape
from ninefold.exploration.target_tests import target_tests
from ninefold.exploration.view import MAX_COLUMNS, MAX_TESTED, View, look_at
from ninefold.problem import ProblemSpec
from ninefold.target import Target

MAX_SHAPES, MAX_FAR, MAX_ROWS = 9, 12, 10
FAR_Z = 8.0
MIN_NUMBERS = 2


def explore(train: Frame, problem: ProblemSpec, masked: Collection[str] = ()) -> dict[str, Any]:
    """Return what reports/exploration.json holds.

    No value of a `masked` column is in it; its associations and tests are.
    """
    masked = described_names(train.columns, masked)
    shown, target = described(train), problem.target if problem.learns_target else ""
    names = problem.targets if target else ()
    told = [_with_target(shown, problem.alone(name), masked) for name in names]
    view = look_at(shown, target, problem.task, MAX_TESTED if told else MAX_COLUMNS)
    near = (
        view.only(_nearest(told[0]["target"]["tests"]))
        if told and len(view.columns) > MAX_COLUMNS
        else view
    )
    return {
        "rows": view.rows,
        "looked_at": {
            "rows": len(view.frame), "columns": len(view.columns), "left_out": view.left_out,
            "related": len(near.columns),
        },
        **(told[0] if told else {}),
        **({"more_targets": told[1:]} if told[1:] else {}),
        "associations": associations(near),
        "gaps": gaps(near),
        "outliers": _outliers(near),
        "collinearity": _collinearity(near),
        "galleries": galleries(train, problem, masked),
    }  # fmt: skip


def _nearest(tests: list[dict[str, Any]]) -> list[str]:
    """Return the columns that go with the target most."""
    return list(dict.fromkeys(test["column"] for test in tests))[:MAX_COLUMNS]


def _with_target(frame: Frame, problem: ProblemSpec, masked: Collection[str]) -> dict[str, Any]:
    """Return what the columns tell of the target.

    The learning curve takes the first columns: those that go with the target would flatter it.
    """
    view = look_at(frame, problem.target, problem.task, MAX_TESTED)
    y, what = _outcome(view, problem)
    tests = target_tests(view)
    shown = list(dict.fromkeys(t["column"] for t in tests["tests"] if t["what"] == "values"))
    return {
        "target": {"name": problem.target, "task": problem.task, "what": what, **tests},
        "shapes": [shape(view, name, y) for name in shown if name not in masked][:MAX_SHAPES],
        "learning_curve": _curve(look_at(frame, problem.target, problem.task), problem),
    }


def _outcome(view: View, problem: ProblemSpec) -> tuple[Array, str]:
    """Return what bins average `(N,)`, and how to call it."""
    if problem.task == "regression":
        return view.numbers[problem.target], f"mean {problem.target}"
    target = Target.fit(view.frame.select([problem.target]), problem)
    codes = target.encode(view.frame)
    chosen = 1 if target.is_binary else int(np.bincount(codes).argmax())
    return (codes == chosen).astype(float), f"share of {target.classes[chosen]}"


def _numbers(view: View) -> tuple[list[str], Array]:
    names = [c.name for c in view.columns if c.kind == "number"]
    X = np.column_stack([view.numbers[n] for n in names]) if names else np.empty((0, 0))
    return names, X


def _outliers(view: View) -> dict[str, Any]:
    """Count values far from their column and name the rows most unlike all others."""
    names, X = _numbers(view)
    z = np.column_stack([robust_z(x) for x in X.T]) if names else X
    far: list[dict[str, Any]] = [
        {"column": name, "far": int(count), "most": float(np.nanmax(z[:, i]))}
        for i, name in enumerate(names)
        if (count := (z[:, i] > FAR_Z).sum())
    ]
    rows: list[dict[str, Any]] = []
    if len(names) >= MIN_NUMBERS and len(X):
        score = isolation(X)
        for i in np.argsort(-score, kind="stable")[:MAX_ROWS].tolist():
            order = np.argsort(-np.nan_to_num(z[i], posinf=0), kind="stable")[:3].tolist()
            most = [names[k] for k in order if z[i, k] > 2]
            rows.append({"row": int(view.frame.row[i]), "score": float(score[i]), "columns": most})
    return {
        "far_z": FAR_Z,
        "columns": sorted(far, key=lambda item: -item["far"])[:MAX_FAR],
        "rows": rows,
    }


def _collinearity(view: View) -> dict[str, Any]:
    names, X = _numbers(view)
    if len(names) < MIN_NUMBERS:
        return {}
    pairs = zip(names, variance_inflation(X).tolist(), strict=True)
    listed = sorted(({"column": n, "vif": v} for n, v in pairs), key=lambda item: -item["vif"])
    return {"condition": condition_number(X), "columns": listed[:MAX_FAR]}


def _curve(view: View, problem: ProblemSpec) -> dict[str, Any] | None:
    y = view.numbers[problem.target]
    order = np.arange(len(y))
    is_ordered = problem.time is not None and problem.time in view.numbers
    if is_ordered:
        order = np.argsort(view.numbers[str(problem.time)], kind="stable")
    order = order[~np.isnan(y[order])]
    if not view.columns:
        return None
    X = np.column_stack([view.numbers[c.name] for c in view.columns])
    return learning_curve(X[order], y[order], problem.task, is_ordered, view.rows)
