"""group.undeclared: entities that nobody declared, in train and in test."""

import re
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._balanced import before_balancing
from ninefold.leakage._ties import (
    Tie,
    intraclass,
    null_spread,
    numbers_of_target,
    tie,
)
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.entity_keys import (
    RAW,
    SURE,
    Key,
    combined_keys,
    key_of,
    names_of,
    single_keys,
)

LEFT_NAMED, LEFT, LEFT_COMBINED = 0.25, 0.4, 0.5
"""Intraclass correlation of what the features leave, for a column that calls itself an identifier,
for another one, and for several."""
IDENTIFIER = re.compile(r"(?:^|[_\W])(?:id|ID|Id|uuid|guid)$|[a-z](?:Id|ID)$")
CLEAR = 0.75
"""From so much on, one column names the entity and combinations need no look."""
SEEN = 0.05
"""Share of the test rows whose entity train knows, below which nothing is reported."""
MAX_TESTED = 2
CONSTANT, GAINED = 0.75, 0.12
"""Intraclass correlation of the target from which it is nearly one value in an entity, and what
knowing that adds to R²: categories with less, such as shops, are features, and no more is said."""


class EntityCheck(Check):
    """Columns whose values tie rows together: a few rows each, and the target nearly the same.

    A model that has seen an entity in train knows it again in test by its name, or by the columns
    that never change for it. Told from an ordinary category by what a model of all features, which
    has not seen the entity, leaves: only for an entity does that still agree within it.
    """

    family: ClassVar[str] = "group"
    kinds: ClassVar[tuple[str, ...]] = ("group.undeclared",)

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.problem.group or case.follows_time or len(case) < 60:
            return
        case = before_balancing(case)
        found = [*_tied(case, single_keys(case))]
        if not found or found[0][1].left < CLEAR:
            found = sorted(
                [*found, *_tied(case, combined_keys(case))],
                key=lambda item: (not _is_entity(case, *item), -item[1].left),
            )
        for key, result in found[:1]:
            seen = np.isin(key.codes, key.codes[~case.test]) & case.test
            if seen.sum() >= SEEN * case.test.sum():
                yield _finding(case, key, result, seen)


def tied_by(case: Case, name: str) -> float | None:
    """Return how the values of one column tie rows together that share their target: the intraclass
    correlation of what features leave of it; None if the column names no entity. Needs no split.
    """
    key = key_of(case, name, numbers_of_target(case)) if name in names_of(case) else None
    return next((found.left for _, found in _tied(case, [key] if key else [])), None)


def _tied(case: Case, keys: list[Key]) -> Iterator[tuple[Key, Tie]]:
    """Yield the keys whose rows share what no feature tells, the strongest first."""
    y = numbers_of_target(case)
    screened: list[tuple[float, int, Key]] = []
    for key in keys:
        raw = intraclass(y, key.codes)
        if raw >= RAW and raw >= SURE * null_spread(key.codes):
            screened.append((-raw, len(screened), key))
    results = []
    for _, number, key in sorted(screened)[:MAX_TESTED]:
        result = tie(case, key.codes, key.names)
        sure = result.left >= SURE * null_spread(key.codes)
        clear = result.left >= _least(case, key) and result.left > 2 * result.chance
        if sure and clear and result.tells_test:
            results.append((-result.left, number, key, result))
    for _, _, key, result in sorted(results, key=lambda item: item[:2]):
        yield key, result


def _least(case: Case, key: Key) -> float:
    if len(key.names) > 1:
        return LEFT_COMBINED
    return LEFT_NAMED if _is_named(case, key) else LEFT


def _is_named(case: Case, key: Key) -> bool:
    """Tell whether people, or its name, call a column an identifier."""
    name, *others = key.names
    return not others and (name in case.problem.ids or bool(IDENTIFIER.search(name)))


def _is_entity(case: Case, key: Key, result: Tie) -> bool:
    """Tell whether a key is more than a category that the target follows, as shops or varieties."""
    is_constant = result.raw >= CONSTANT and result.gained >= GAINED
    return is_constant or _is_named(case, key)


def _finding(case: Case, key: Key, result: Tie, seen: Array) -> Finding:
    size = np.bincount(key.codes)
    words = " ".join(filter(None, [key.part, ", ".join(f"`{n}`" for n in key.names)]))
    remedy = (
        f"make a column of {words} in the source and name it in problem.group"
        if key.part
        else f"problem: {{group: [{', '.join(repr(n) for n in key.names)}]}}"
    )
    share = float(seen.sum() / max(1, case.test.sum()))
    return Finding(
        kind="group.undeclared",
        severity="warn" if _is_entity(case, key, result) else "info",
        columns=key.names,
        rows=case.source_rows(seen),
        evidence={
            "entities": int((size > 1).sum()),
            "mean_rows": round(float(size[size > 1].mean()), 2),
            "share_of_test_seen_in_train": round(share, 6),
            "intraclass_correlation": round(result.raw, 4),
            "unexplained_by_features": round(result.left, 4),
            "largest_by_chance": round(result.chance, 4),
            "r2_gained_by_entity": round(result.gained, 4),
            "rows_looked_at": result.rows,
        },
        message=(
            f"rows with the same {words} share their `{case.problem.target}` (intraclass "
            f"correlation {result.raw:.2f}, {result.left:.2f} beyond what the other columns tell) "
            f"and stand on both sides: {share:.0%} of the test rows are of an entity the model has "
            "seen. Will it serve new ones?"
        ),
        remedy=f"{remedy}, if they name an entity that the model meets for the first time in use",
        fix=() if key.part else ((("problem", "group"), list(key.names)),),
    )
