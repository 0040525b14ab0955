"""encoding: features that were computed from the target, test rows included."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._encoded import Groups, by_code, directions, exact, grouped, inside
from ninefold.leakage._frequencies import frequency, own_frequency
from ninefold.leakage._resolution import resolution
from ninefold.leakage.case import Case, Check, Finding, known_after

MIN_GROUPS, MIN_INSIDE = 12, 0.1
"""Groups, and share of the target's variance inside them, that the statistical test needs."""
TOO_GOOD, USUAL = 0.35, 0.6
"""Misfit over what sampling alone must leave: below the first with the feature is suspicious, if
without the feature it is above the second."""
UNLIKELY, LEAST = -6.0, -300.0
FINE = 1e-3
"""Grid of a feature, in standard deviations, up to which it looks measured or computed."""
SMOOTHING = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""Rows at the overall mean that encoders add to each group."""
MAX_CLASSES, MAX_GROUPINGS = 10, 8
MAX_PAIRED, MOST_ROWS = 5, 50_000
"""Categories that are looked at in pairs, and rows up to which they are."""


class EncodingCheck(Check):
    """Features that hold the mean target of their group, or its frequency, over all rows.

    Groups are rows with the same value of the feature, or of a categorical column. Two tests. One
    is exact: the feature is the group's mean or median to the last digit. The other asks how well
    the target's sum over a group's *test* rows is known from the feature, the sum over its train
    rows and the counts: however good an honest feature is, the scatter of the test rows must
    remain. The lower tail of chi-squared says how unlikely a smaller misfit is.
    """

    family: ClassVar[str] = "encoding"
    kinds: ClassVar[tuple[str, ...]] = ("encoding.target", "encoding.frequency")

    def findings(self, case: Case) -> Iterator[Finding]:
        numbers = [n for n in case.inputs if case.frame.column(n).kind == "number"]
        targets, categories = targets_of(case), _categories(case)
        sizes = {n: np.bincount(case.codes[n])[case.codes[n]] for n in categories}
        for name in numbers:
            others = [n for n in categories if n != name][:MAX_GROUPINGS]
            found = _own_groups(case, name, targets)
            if found is None:
                found = _by_category(case, name, others, targets)
            if found is None:
                found = frequency(case, name, {n: sizes[n] for n in others})
            if found is None:
                found = own_frequency(case, name)
            if found is not None:
                yield found


def targets_of(case: Case) -> list[Array]:
    """Return the numbers `(N,)` whose group means an encoder may hold."""
    if not case.is_classification:
        return [case.y] if np.isfinite(case.y).all() else []
    common = np.argsort(-np.bincount(case.y), kind="stable")[:MAX_CLASSES]
    each = [(case.y == code).astype(np.float64) for code in common]
    if len(each) == 2:
        each = each[:1]
    raw = case.frame.column(case.problem.target)
    if raw.kind == "number" and len(common) > 2:
        each.append(case.frame[raw.name].astype(np.float64))
    return [y for y in each if np.isfinite(y).all()]


def _own_groups(case: Case, name: str, targets: list[Array]) -> Finding | None:
    """Test a feature on the rows that share its value."""
    x = case.frame[name]
    levels = int(case.codes[name].max()) + 1
    if levels < 3 or levels > 0.6 * len(x) or not np.isfinite(x).any():
        return None
    groups = grouped(case, name, np.isfinite(x))
    if (groups.size >= 2).sum() < 3:
        return None
    values = np.zeros(levels)
    values[case.codes[name]] = np.where(np.isfinite(x), x, 0.0)
    for y in targets:
        for direct, near in directions(values, y):
            verdict = exact(case, groups, direct, y, near)
            if verdict in ("leak", "partly"):
                met = {"groups": levels, "exact": verdict == "leak"}
                return _finding(case, name, met, True)
            if verdict == "honest":
                return None
        evidence = _too_good(case, groups, values, y)
        if evidence is not None:
            return _finding(case, name, evidence, False)
    return None


def _too_good(case: Case, groups: Groups, x: Array, y: Array) -> dict[str, float] | None:
    """Test whether `x` `(G,)` knows the target's scatter in the groups' test rows.

    Where `x` is a measured-looking number it may be any straight line of the means. A coarse one
    (a year, a count) must be the mean itself, as it is or drawn towards the overall mean: the
    groups of a panel hold the same entities, and their sums are smooth in time.
    """
    from scipy.stats import chi2

    use = (groups.known > 0) & (groups.unknown > 0) & np.isfinite(x)
    scatters = inside(groups, y)
    total = float(y.var())
    share = float((scatters * groups.size)[use].sum() / max(groups.size[use].sum(), 1))
    if use.sum() < MIN_GROUPS or total == 0 or share < MIN_INSIDE * total:
        return None
    centred = y - y.mean()
    t = groups.sums(centred, ~case.test)[use]
    s = groups.sums(centred, case.test)[use]
    known, unknown, variance = groups.known[use], groups.unknown[use], scatters[use]
    weight = 1 / np.sqrt(unknown)
    base = np.column_stack([np.ones(len(t)), t, t / known, known, unknown])
    without, _ = _misfit(base, s, weight, variance)
    if without < USUAL:
        return None
    tried = [_misfit_of_mean(x[use] - y.mean(), s + t, known + unknown, unknown, variance)]
    if resolution(x[use]) <= FINE * float(x[use].std()) and use.sum() >= 2 * MIN_GROUPS:
        z = (x[use] - x[use].mean()) / np.abs(x[use]).max()
        full = np.column_stack([base, (known + unknown) * z, z, unknown * z])
        tried.append(_misfit(full, s, weight, variance))
    misfit, freedom = min(tried)
    if freedom < MIN_GROUPS / 2 or misfit > TOO_GOOD:
        return None
    chance = max(float(chi2.logcdf(misfit * freedom, freedom) / np.log(10)), LEAST)
    if chance + np.log10(len(SMOOTHING) * len(case.inputs)) > UNLIKELY:
        return None
    return {
        "groups": int(use.sum()),
        "misfit_over_sampling_error": round(misfit, 6),
        "misfit_without_the_feature": round(without, 3),
        "log10_probability_by_chance": round(chance, 1),
    }


def _misfit_of_mean(
    x: Array, total: Array, size: Array, unknown: Array, variance: Array
) -> tuple[float, float]:
    """Return the misfit if `x` `(G,)` is the smoothed mean itself, and the degrees of freedom."""
    if variance.sum() <= 0:
        return 1.0, 0.0
    missed = min(float(((total - (size + a) * x) ** 2 / unknown).sum()) for a in SMOOTHING)
    return missed / float(variance.sum()), float(variance.sum() ** 2 / (variance**2).sum())


def _misfit(design: Array, s: Array, weight: Array, variance: Array) -> tuple[float, float]:
    """Return the weighted squared misfit over its expectation, and its degrees of freedom."""
    scaled = design * weight[:, None]
    scaled = scaled / np.maximum(np.sqrt((scaled**2).sum(axis=0)), 1e-300)
    basis, singular, _ = np.linalg.svd(scaled, full_matrices=False)
    basis = basis[:, singular > 1e-9 * singular[0]]
    goal = s * weight
    rest = goal - basis @ (basis.T @ goal)
    left = variance * np.maximum(0, 1 - (basis**2).sum(axis=1))
    if left.sum() <= 0:
        return 1.0, 0.0
    return float((rest**2).sum() / left.sum()), float(left.sum() ** 2 / (left**2).sum())


def _by_category(case: Case, name: str, others: list[str], targets: list[Array]) -> Finding | None:
    """Test a feature that varies inside a category (left-out or noisy encodings) on its means."""
    x = case.frame[name]
    present = np.isfinite(x)
    if present.mean() < 0.9 or resolution(x) > FINE * float(x[present].std()):
        return None
    for other in others:
        groups = grouped(case, other, present)
        train = ~case.test & present
        mean = groups.sums(np.where(present, x, 0.0), train) / np.maximum(groups.known, 1)
        within = ((x - mean[groups.code]) ** 2)[train].mean()
        if within > 0.5 * x[train].var():
            continue
        mean[groups.known == 0] = np.nan
        for y in targets:
            if _is_left_out(groups, x, y):
                return _finding(case, name, {"groups": len(groups.size), "group": other}, True)
            evidence = _too_good(case, groups, mean, y)
            if evidence is not None:
                return _finding(case, name, {**evidence, "group": other}, False)
    return _by_pair(case, name, others, targets) if len(case) <= MOST_ROWS else None


def _by_pair(case: Case, name: str, others: list[str], targets: list[Array]) -> Finding | None:
    """Test whether a feature is a left-out mean by two categories together."""
    x = case.frame[name]
    for pair in combinations(others[:MAX_PAIRED], 2):
        a, b = (case.codes[other] for other in pair)
        codes = np.unique(a * (int(b.max()) + 1) + b, return_inverse=True)[1]
        if (codes.max() + 1) * 2 > len(codes):
            continue
        groups = by_code(case, codes, np.isfinite(x))
        if any(_is_left_out(groups, x, y) for y in targets):
            by = " and ".join(f"`{other}`" for other in pair)
            return _finding(case, name, {"groups": int(codes.max()) + 1, "group": by}, True)
    return None


def _is_left_out(groups: Groups, x: Array, y: Array) -> bool:
    """Tell whether `x` `(N,)` is the mean target of each row's group without the row itself."""
    # Where the target does not vary, whatever is constant equals its mean.
    varied = (groups.size > 1) & (inside(groups, y) > 0)
    use = (groups.code >= 0) & varied[groups.code]
    code, deviation = groups.code[use], float(y.std())
    near = max(0.51 * resolution(x[use]), 1e-6 * deviation)
    if varied.sum() < 3 or use.sum() < MIN_GROUPS or deviation == 0 or near > 0.02 * deviation:
        return False
    others = (groups.sums(y, use)[code] - y[use]) / (groups.size[code] - 1)
    return bool((np.abs(others - x[use]) <= near).mean() > 0.9) and np.ptp(y[use]) > 0


def _categories(case: Case) -> list[str]:
    """Return the columns that could be what was encoded, one more than is looked at."""
    kept = []
    for other in case.inputs:
        levels = int(case.codes[other].max()) + 1
        kind = case.frame.column(other).kind
        if kind != "datetime" and 3 <= levels <= len(case) / 3:
            kept.append((kind == "number", -levels, other))
    return [other for _, _, other in sorted(kept)[: MAX_GROUPINGS + 1]]


def _finding(case: Case, name: str, evidence: Mapping[str, Any], is_exact: bool) -> Finding:
    target = case.problem.target
    if is_exact:
        what = (
            f"is the mean, or median, of `{target}` over its group of rows, in "
            f"{evidence['groups']} groups to the last digit"
            f"{'' if evidence.get('exact', True) else ' in most of them'}; test rows are among them"
        )
    else:
        by = f" by `{evidence['group']}`" if "group" in evidence else ""
        what = (
            f"knows `{target}` of the test rows by group{by} better than any measured feature "
            f"could: the misfit is {evidence['misfit_over_sampling_error']:.3f} of what the "
            "scatter of single rows must leave"
        )
    return Finding(
        kind="encoding.target",
        severity="block" if is_exact and evidence.get("exact", True) else "warn",
        columns=(name,),
        evidence=dict(evidence),
        message=f"`{name}` {what}. It was computed from the target before the rows were split",
        remedy=(
            f"problem: {{available_at: {{{name!r}: after}}}}, or compute it from train rows only"
        ),
        fix=known_after([name]),
    )
