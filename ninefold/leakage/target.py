"""target: a feature that is the target in disguise."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import SURE, auc, log10_arrangements, log10_order, rank_correlation
from ninefold.leakage.telling import EQUAL
from ninefold.splitting.identity import combine, hash_values

MIN_PRESENT = 30
"""Rows with a value below which nothing is said about a feature."""
ENTITY_VALUES = 1.01
"""Values of a feature in an entity, on the mean, up to which it is a fact of the entity."""
NEARLY = 0.995
"""Agreement, ROC area or rank correlation from which a feature is worth a look."""
PARTED = -24.0
"""log10 of the chance that a shuffled feature parts two classes, down to which it may: 42 rows
of each, or eleven of a thousand."""


class TargetCheck(Check):
    """Features that equal or determine the target.

    One value of the feature for each value of the target and back, or a strictly monotone curve
    through every row, has no honest reading and blocks; being almost so, or separating the classes
    perfectly at a threshold where no other column does, may be honest and warns, unless the target
    is itself derived from columns of the table: then it was derived from that one.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.copy", "target.determines", "target.nearly")

    def findings(self, case: Case) -> Iterator[Finding]:
        y = np.unique(case.y, return_inverse=True)[1]
        for name in case.features:
            present = ~case.is_missing(name)
            if present.sum() < MIN_PRESENT or len(np.unique(y[present])) < 2:
                continue
            found = _one_to_one(case, name, present, y) or _in_order(case, name, present)
            if found is not None:
                yield found


@dataclass(frozen=True)
class _Match:
    """How well values of a feature and of the target go one to one."""

    agreement: float
    is_bijection: bool
    is_function: bool
    log10_chance: float
    values: int


def _one_to_one(case: Case, name: str, present: Array, y: Array) -> Finding | None:
    """Compare a feature that repeats its values with the target, value by value.

    A fact of declared entities counts once for each: it tells the target of its own rows anyhow.
    """
    present = _once_an_entity(case, name, present)
    match = _match(np.unique(case.hashes[name][present], return_inverse=True)[1], y[present])
    if match is None or match.log10_chance > SURE:
        return None
    if not match.is_bijection and case.is_apart(name):
        return None
    evidence = {
        "rows": int(present.sum()),
        "agreement": round(match.agreement, 6),
        "values": match.values,
        "log10_probability_by_chance": round(match.log10_chance, 1),
    }
    target = case.problem.target
    if match.is_bijection:
        return _finding(
            case, name, "target.copy", evidence, f"goes one to one with `{target}` in every row"
        )
    if match.is_function:
        return _finding(case, name, "target.determines", evidence, f"fixes `{target}` in every row")
    if match.agreement >= NEARLY and not (case.is_classification and _is_one_of_many(case, name)):
        share = f"{match.agreement:.2%}"
        return _finding(
            case, name, "target.nearly", evidence, f"tells `{target}` in {share} of rows"
        )
    return None


def _once_an_entity(case: Case, name: str, present: Array) -> Array:
    """Return the mask `(N,)` of one row of each declared entity, if the feature never varies in it.

    All that are `present` `(N,)` otherwise.
    """
    names = [column for column in case.problem.group if column in case.frame.data]
    if not names or not present.any():
        return present
    rows = np.flatnonzero(present)
    entity = combine([hash_values(case.frame.column(n).kind, case.frame[n][rows]) for n in names])
    _, first = np.unique(entity, return_index=True)
    pairs = np.unique(combine([entity, case.hashes[name][rows]]))
    if len(pairs) > ENTITY_VALUES * len(first):
        return present
    once = np.zeros(len(case), dtype=bool)
    once[rows[first]] = True
    return once


def _match(x: Array, y: Array) -> _Match | None:
    """Return the match of value codes `x` with target codes `y`; None if values hardly repeat."""
    values, classes = int(x.max()) + 1, int(y.max()) + 1
    if values < 2 or values > len(x) / 5:
        return None
    pairs, counts = np.unique(x * classes + y, return_counts=True)
    level = pairs // classes
    best = np.zeros(values, dtype=np.int64)
    np.maximum.at(best, level, counts)
    by_class = np.bincount(y, minlength=classes)
    occurring = int((by_class > 0).sum())
    chance = -log10_arrangements(by_class[by_class > 0]) + values * np.log10(occurring)
    agreement = float(best.sum() / len(x))
    base = by_class.max() / len(x)
    is_function = len(pairs) == values
    lifted = agreement if agreement - base > 0.5 * (1 - base) else 0.0
    return _Match(lifted, is_function and values == occurring, is_function, float(chance), values)


def _in_order(case: Case, name: str, present: Array) -> Finding | None:
    """Compare the order of a feature's numbers with that of the target."""
    kind = case.frame.column(name).kind
    if kind not in ("number", "datetime"):
        return None
    x, y = case.frame[name][present].astype(np.float64), case.y[present]
    if case.problem.task == "regression":
        return _monotone(case, name, x, y)
    if len(np.unique(y)) != 2:
        return _bands(case, name, x, y)
    area, _ = auc(x, y == y.max())
    chance = -log10_arrangements(np.unique(y, return_counts=True)[1])
    if max(area, 1 - area) < 1 or chance > PARTED or _is_one_of_many(case, name):
        return None
    evidence = {
        "rows": len(x),
        "roc_auc": 1.0,
        "log10_probability_by_chance": round(chance, 1),
    }
    what = f"separates the classes of `{case.problem.target}` without a single error"
    return _finding(case, name, "target.determines", evidence, what)


def _is_one_of_many(case: Case, name: str) -> bool:
    """Tell whether the other columns tell the classes as well: then they are well apart."""
    return case.power.together({name}, int(case.y.max())) >= EQUAL


def _bands(case: Case, name: str, x: Array, y: Array) -> Finding | None:
    """Find edges that cut a feature's numbers into one band for each of three or more classes."""
    order = np.lexsort((y, x))
    x, y = x[order], y[order]
    changes = y[1:] != y[:-1]
    classes = len(np.unique(y))
    torn = bool((changes & (x[1:] == x[:-1])).any())
    chance = -log10_arrangements(np.unique(y, return_counts=True)[1])
    if torn or int(changes.sum()) != classes - 1 or chance > SURE or _is_one_of_many(case, name):
        return None
    evidence = {"rows": len(x), "bands": classes, "log10_probability_by_chance": round(chance, 1)}
    what = f"falls into one band for each class of `{case.problem.target}`"
    return _finding(case, name, "target.determines", evidence, what)


def _monotone(case: Case, name: str, x: Array, y: Array) -> Finding | None:
    """Find a monotone curve through every row: a copy in other units, perhaps rounded."""
    rho, z = rank_correlation(x, y)
    if abs(rho) < NEARLY or abs(z) < 8:
        return None
    order = np.lexsort((y if rho > 0 else -y, x))
    steps = np.diff(y[order]) * np.sign(rho)
    distinct_x, distinct_y = len(np.unique(x)), len(np.unique(y))
    evidence = {
        "rows": len(x),
        "rank_correlation": round(rho, 8),
        "distinct_values": distinct_x,
        "log10_probability_by_chance": round(log10_order(distinct_x), 1),
    }
    keeps_detail = distinct_x >= distinct_y / 2 and distinct_x >= MIN_PRESENT
    if (steps < 0).any() or not keeps_detail:
        return None
    what = f"is a monotone function of `{case.problem.target}` in every row"
    return _finding(case, name, "target.copy", evidence, what)


def _finding(case: Case, name: str, kind: str, evidence: dict[str, float], what: str) -> Finding:
    source = next((n for n in case.inputs if name in case.power.derived_from({n})), name)
    if source != name:
        return replace(
            _finding(case, source, kind, evidence, f"gives `{name}`, which {what}"), severity="warn"
        )
    is_derived = "derived" in case.frame.column(case.problem.target).roles
    is_copy = kind == "target.copy" or (kind == "target.determines" and is_derived)
    judgement = (
        "it is the target in disguise" if is_copy else "check that it is known before the outcome"
    )
    return Finding(
        kind=kind,
        severity="block" if is_copy else "warn",
        columns=(name,),
        rows=case.source_rows((case.part == "test") & ~case.is_missing(name)) if is_copy else (),
        evidence=evidence,
        message=f"`{name}` {what}; {judgement}",
        remedy=f"problem: {{available_at: {{{name!r}: after}}}}, if it is known only afterwards",
        fix=known_after([name]),
    )
