"""preprocessing: gaps that were filled from other columns, by neighbours or by a regression."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._listed import listed
from ninefold.leakage._resolution import resolution
from ninefold.leakage.case import Case, Check, Finding, known_after

ROWS, MOST_COLUMNS = 4000, 40
MIN_FILLED, MIN_WHOLE = 20, 0.4
"""Values that are finer than the others, and the least share of the others."""
LEVELS = 6
"""Different values among the finer ones."""
GRIDS = (1.0, 0.1, 0.01, 1e-3, 1e-4)
ON_PLANE, KNOWN_APART = 1e-3, 0.1
"""Error of what a regression filled in, in standard deviations, and of the other values at least.
"""
MOSTLY, STEPS = 0.6, 6
"""Share of filled-in values that the plane must meet, and steps of the trimmed fit."""
CLOSER = 0.7
"""How many times nearer the plane is to that of all rows than to that of train rows."""
NEIGHBOURS, RECEIVERS = (5, 3, 10), 80
MET, LEAST_MET, BY_CHANCE, BY_TRAIN = 0.2, 8, 4.0, 0.12
"""Share and number of filled-in values that are the mean of the nearest rows, how many times more
than among shuffled ones, and how much more of them must be if test rows are among these."""


@dataclass(frozen=True)
class _Filled:
    """A column with finer values among coarse ones: its name, values and where they are `(N,)`."""

    name: str
    x: Array
    finer: Array


class FilledByModelCheck(Check):
    """Columns of coarse numbers some of which are finer, since a model of other columns gave them.

    Those lie on a plane over the other columns to the last digits, or are the mean of the nearest
    rows, as the usual imputers leave them; what was measured does neither. With a given split it
    counts only if the test rows were among those learned from.
    """

    family: ClassVar[str] = "preprocessing"
    kinds: ClassVar[tuple[str, ...]] = ("preprocessing.model_fill",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        case = case.limited(ROWS)
        names = [n for n in case.inputs if case.frame.column(n).kind == "number"][:MOST_COLUMNS]
        filled = [f for name in names if (f := _filled(name, case.number(name))) is not None]
        if not filled:
            return
        others = {name: case.number(name) for name in names}
        target = case.y.astype(np.float64) if case.problem.learns_target else None
        found: dict[str, dict[str, Any]] = {}
        for one in filled:
            rest = {name: x for name, x in others.items() if name != one.name}
            evidence = _by_regression(case, one, rest, target)
            evidence = evidence or _by_neighbours(case, one, others, filled, target)
            if evidence is not None:
                found[one.name] = evidence
        if found:
            yield _finding(case, found)


def _filled(name: str, x: Array) -> _Filled | None:
    """Return the column if most of its values lie on a grid and enough others do not."""
    known = np.isfinite(x)
    for grid in GRIDS:
        off = known & (np.abs(x / grid - np.round(x / grid)) > 1e-6)
        whole = known & ~off
        if whole.sum() >= MIN_WHOLE * known.sum():
            varied = off.sum() >= MIN_FILLED and len(np.unique(x[whole])) > 2
            return _Filled(name, x, off) if varied and len(np.unique(x[off])) >= LEVELS else None
    return None


def _by_regression(
    case: Case, one: _Filled, rest: dict[str, Array], target: Array | None
) -> dict[str, Any] | None:
    """Test whether the finer values lie on a plane over the other columns, the target among them.

    The fit is trimmed: rows with several gaps lie beside it.
    """
    for with_target in (False, True):
        columns = [*rest.values(), *([target] if with_target and target is not None else [])]
        if not columns or (with_target and target is None):
            continue
        z = np.column_stack([*columns, np.ones(len(one.x))])
        whole = np.isfinite(z).all(1)
        at, known = one.finer & whole, ~one.finer & whole & np.isfinite(one.x)
        # A few levels, as of regions, lie on a plane of other columns of the same regions.
        varied = len(np.unique(one.x[at]))
        if varied < max(MIN_FILLED // 2, 2 * z.shape[1]) or known.sum() < 4 * z.shape[1]:
            continue
        z = z / np.maximum(np.abs(z[whole]).max(0), 1e-300)
        plane, met = _plane(z[at], one.x[at])
        spread = float(one.x[at].std())
        apart = np.abs(one.x[known] - z[known] @ plane)
        if met < MOSTLY or np.median(apart) < KNOWN_APART * spread:
            continue
        if case.split_kind == "given" and not _is_of_all(case, z, one, known, at, plane):
            return None
        return {
            "filled": int(one.finer.sum()),
            "share_on_a_plane": round(met, 4),
            "target_is_among_the_columns": with_target,
        }
    return None


def _plane(z: Array, x: Array) -> tuple[Array, float]:
    """Return the weights of a trimmed fit, and the share of the rows that it meets."""
    kept = np.arange(len(x))
    for _ in range(STEPS):
        weights = np.linalg.lstsq(z[kept], x[kept], rcond=None)[0]
        error = np.abs(x - z @ weights)
        kept = np.argsort(error, kind="stable")[: max(int(0.7 * len(x)), 2 * z.shape[1])]
    spread = float(x.std())
    return weights, float((error <= ON_PLANE * spread).mean()) if spread > 0 else 0.0


def _is_of_all(case: Case, z: Array, one: _Filled, known: Array, at: Array, plane: Array) -> bool:
    """Tell whether the plane is that of all known rows rather than that of the train rows."""
    said = z[at] @ plane
    apart = []
    for rows in (known, known & ~case.test, known & case.train):
        weights = np.linalg.lstsq(z[rows], one.x[rows], rcond=None)[0]
        apart.append(float(np.sqrt(((z[at] @ weights - said) ** 2).mean())))
    return apart[0] < CLOSER * min(apart[1:])


def _by_neighbours(
    case: Case,
    one: _Filled,
    others: dict[str, Array],
    filled: list[_Filled],
    target: Array | None,
) -> dict[str, Any] | None:
    """Test whether the finer values are the mean of the nearest rows of known value."""
    gaps = {f.name: f.finer for f in filled}
    values = {n: np.where(gaps[n], np.nan, x) if n in gaps else x for n, x in others.items()}
    receivers = np.random.default_rng(case.seed).permutation(np.flatnonzero(one.finer))[:RECEIVERS]
    near = max(0.51 * resolution(one.x[one.finer]), 1e-6)
    best, by_train, by_chance = 0.0, 0.0, 0.0
    rng = np.random.default_rng(case.seed)
    for matrix in _measures(values, one.name, set(gaps), target):
        distance = _distances(matrix[receivers], matrix)
        donors = np.isfinite(values[one.name])
        share = _met(distance, values[one.name], donors, one.x[receivers], near)
        if share > best:
            best = share
            sets = (donors & ~case.test, donors & case.train)
            known = np.flatnonzero(donors)
            shuffled = values[one.name].copy()
            shuffled[known] = rng.permutation(shuffled[known])
            by_chance = _met(distance, shuffled, donors, one.x[receivers], near)
            by_train = max(
                _met(distance, values[one.name], rows, one.x[receivers], near) for rows in sets
            )
    least = max(MET, BY_CHANCE * by_chance, LEAST_MET / len(receivers))
    if best < least or (case.split_kind == "given" and best < by_train + BY_TRAIN):
        return None
    return {"filled": int(one.finer.sum()), "share_of_nearest_rows": round(best, 4)}


def _measures(
    values: dict[str, Array], name: str, filled: set[str], target: Array | None
) -> Iterator[Array]:
    """Yield the columns `(N, F)` that nearness may have been measured in.

    All, those that measure something, or only those that have gaps themselves.
    """
    finite = {n: x[np.isfinite(x)] for n, x in values.items() if n != name}
    every = [n for n, x in finite.items() if len(x)]
    measured = [n for n in every if len(np.unique(finite[n])) > 2]
    gappy = [n for n in every if n in filled]
    sets = [every, measured, gappy]
    for names in [n for at, n in enumerate(sets) if n not in sets[:at]]:
        plain = [values[n] for n in names]
        for columns in [plain] if target is None else [plain, [*plain, target]]:
            if columns:
                matrix = np.column_stack(columns)
                yield matrix
                spread = np.nanstd(matrix, axis=0)
                yield (matrix - np.nanmean(matrix, axis=0)) / np.where(spread > 0, spread, 1.0)


def _distances(a: Array, b: Array) -> Array:
    """Return squared distances `(A, B)` over the columns that both rows have, scaled up to all."""
    here, there = np.isfinite(a).astype(np.float64), np.isfinite(b).astype(np.float64)
    a, b = np.where(here > 0, a, 0.0), np.where(there > 0, b, 0.0)
    square = (a**2) @ there.T + here @ (b**2).T - 2 * a @ b.T
    both = here @ there.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(both > 0, np.maximum(square, 0) * a.shape[1] / both, np.inf)


def _met(distance: Array, x: Array, donors: Array, filled: Array, near: float) -> float:
    """Return the share of filled-in values that are the mean of their nearest donors."""
    rows = np.flatnonzero(donors)
    best = 0.0
    for k in NEIGHBOURS:
        if len(rows) > k:
            nearest = np.argpartition(distance[:, rows], k - 1, axis=1)[:, :k]
            means = x[rows[nearest]].mean(1)
            best = max(best, float((np.abs(means - filled) <= near).mean()))
    return best


def _finding(case: Case, found: dict[str, dict[str, Any]]) -> Finding:
    with_target = any(e.get("target_is_among_the_columns") for e in found.values())
    said = f", `{case.problem.target}` among them" if with_target else ""
    of = "train and test rows together" if case.split_kind == "given" else "all rows"
    return Finding(
        kind="preprocessing.model_fill",
        severity="warn",
        columns=tuple(found),
        evidence={
            "rows_looked_at": len(case),
            "filled": sum(e["filled"] for e in found.values()),
            "columns": len(found),
            **next(iter(found.values())),
        },
        message=(
            f"gaps of {listed(found)} were filled from the other columns{said}, by a regression or "
            f"by the nearest rows, learned from {of}: test rows tell of train rows, and a served "
            "model meets gaps that nobody filled so"
        ),
        remedy="give the columns with their gaps; Ninefold fills them by what the train rows hold",
        fix=known_after(found) if with_target else (),
    )
