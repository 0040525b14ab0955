"""group.undeclared: entities that nobody declared, in train and in test."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._balanced import before_balancing
from ninefold.leakage._name_parts import parts_of_names
from ninefold.leakage._ties import (
    MOST_ROWS,
    Tie,
    intraclass,
    measures,
    null_spread,
    numbers_of_target,
    tie,
)
from ninefold.leakage.case import Case, Check, Finding
from ninefold.splitting.identity import combine, hash_values, pairs_within

LEAST_ENTITIES = 15
MEAN_ROWS = (1.5, 25.0)
"""Rows of an entity, on the mean of those that repeat, that speak for one."""
COVERED = 0.3
"""Share of the rows whose key must repeat."""
RAW, SURE = 0.3, 6.0
"""Intraclass correlation of the target, and its z under chance."""
LEFT, LEFT_COMBINED = 0.4, 0.5
"""Intraclass correlation of what the features leave, for one column and for several."""
CLEAR = 0.75
"""From so much on, one column names the entity and combinations need no look."""
BY_CHANCE = 0.01
"""Share of rows that chance may tie together for two numbers to name an entity, as a place."""
SEEN = 0.05
"""Share of the test rows whose entity train knows, below which nothing is reported."""
LEVELS = 5
"""Values of a column from which a combination may start with it; others may join."""
MAX_TESTED = 2
OFTENER, OFTEN = 2.0, 3
"""Times as many pairs of rows as by chance that two columns with few values must tie for a
combination to start with them, and how many such starts are looked at."""
MAX_COLUMNS = 10


@dataclass(frozen=True)
class _Key:
    names: tuple[str, ...]
    codes: Array
    part: str = ""
    """Which part of the name makes the key, "part 1 of"; "" for all of it."""


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
        found = [*_tied(case, _single(case))]
        if not found or found[0][1].left < CLEAR:
            found = sorted([*found, *_tied(case, _combined(case))], key=lambda item: -item[1].left)
        for key, result in found[:1]:
            seen = np.isin(key.codes, key.codes[~case.test]) & case.test
            if seen.sum() >= SEEN * case.test.sum():
                yield _finding(case, key, result, seen)


def tied_by(case: Case, name: str) -> float | None:
    """Return how the values of one column tie rows together that share their target: the intraclass
    correlation of what features leave of it; None if the column names no entity. Needs no split.
    """
    key = _key_of(case, name, numbers_of_target(case)) if name in _names(case) else None
    return next((found.left for _, found in _tied(case, [key] if key else [])), None)


def _tied(case: Case, keys: list[_Key]) -> Iterator[tuple[_Key, Tie]]:
    """Yield the keys whose rows share what no feature tells, the strongest first."""
    y = numbers_of_target(case)
    screened: list[tuple[float, int, _Key]] = []
    for key in keys:
        raw = intraclass(y, key.codes)
        if raw >= RAW and raw >= SURE * null_spread(key.codes):
            screened.append((-raw, len(screened), key))
    results = []
    for _, number, key in sorted(screened)[:MAX_TESTED]:
        result = tie(case, key.codes, key.names)
        sure = result.left >= SURE * null_spread(key.codes)
        least = LEFT if len(key.names) == 1 else LEFT_COMBINED
        clear = result.left >= least and result.left > 2 * result.chance
        if sure and clear and result.tells_test:
            results.append((-result.left, number, key, result))
    for _, _, key, result in sorted(results, key=lambda item: item[:2]):
        yield key, result


def _names(case: Case) -> list[str]:
    """Return the raw columns that could name an entity, identifiers among them."""
    ids = [c.name for c in case.frame.columns if "id" in c.roles and "after" not in c.roles]
    return [n for n in dict.fromkeys([*case.inputs, *ids]) if n != case.problem.time]


def _codes(case: Case, names: tuple[str, ...]) -> Array:
    """Return codes `(N,)`; rows that lack all of the columns are entities of their own."""
    hashes = combine([hash_values(case.frame.column(n).kind, case.frame[n]) for n in names])
    codes = _coded(hashes)
    missing = np.all([case.is_missing(n) for n in names], axis=0)
    codes[missing] = codes.max() + 1 + np.arange(int(missing.sum()))
    return _coded(codes)


def _could_be(codes: Array) -> bool:
    """Tell whether a key has the sizes of entities: many, of a few rows each."""
    size = np.bincount(codes)
    repeated = size[(size > 1) & (size <= MOST_ROWS)]
    if len(repeated) < LEAST_ENTITIES or repeated.sum() < COVERED * len(codes):
        return False
    return MEAN_ROWS[0] <= float(repeated.mean()) <= MEAN_ROWS[1]


def _single(case: Case) -> list[_Key]:
    """Return the columns of names and of whole numbers that could each name an entity."""
    y = numbers_of_target(case)
    keys = [_key_of(case, name, y) for name in _names(case)]
    parts = [
        _Key((name,), codes, words)
        for name in _names(case)
        for words, codes in parts_of_names(case, name)
        if _could_be(codes)
    ]
    return [key for key in (*keys, *parts) if key is not None]


def _key_of(case: Case, name: str, y: Array) -> _Key | None:
    """Return a column as a key, None if it could name no entity."""
    key = _Key((name,), _codes(case, (name,)))
    if not _could_be(key.codes) or (_is_number(case, name) and not _is_code(case, name, y)):
        return None
    return key


def _is_number(case: Case, name: str) -> bool:
    return case.frame.column(name).kind not in ("category", "text")


def _is_code(case: Case, name: str, y: Array) -> bool:
    """Tell whether a number is whole and measures nothing that the target follows."""
    if case.frame.column(name).kind != "number":
        return False
    values = case.frame[name]
    known = values[np.isfinite(values)]
    return bool((known == np.round(known)).all()) and not measures(values, y)


def _combined(case: Case) -> list[_Key]:
    """Return combinations of columns that repeat together far more often than by chance."""
    columns = {name: _codes(case, (name,)) for name in case.inputs}
    columns = {
        name: codes
        for name, codes in columns.items()
        if codes.max() > 0 and _mates(codes) >= COVERED
    }
    telling = {name for name, codes in columns.items() if codes.max() + 1 >= LEVELS}
    names = sorted(telling, key=lambda n: (-int(columns[n].max()), n))[:MAX_COLUMNS]
    rng = np.random.default_rng(case.seed)
    found: dict[tuple[str, ...], _Key] = {}
    for pair in _seeds({name: columns[name] for name in names}, rng):
        key = _grown(columns, pair)
        chance = _mates(_many([rng.permutation(columns[n]) for n in key.names]))
        only_numbers = all(_is_number(case, n) for n in key.names)
        least = 3 if only_numbers and chance > BY_CHANCE else 2
        few = len(telling & set(key.names)) < least
        if not few and _could_be(key.codes) and _mates(key.codes) > 3 * chance:
            found.setdefault(key.names, key)
    return list(found.values())


def _seeds(columns: dict[str, Array], rng: np.random.Generator) -> list[tuple[str, ...]]:
    """Return the pairs whose values meet again beyond chance, the clearest first.

    Nearly every row has its pair again by chance where the values are few for so many rows; then it
    is how many rows have it that tells: those of an entity come on top.
    """
    shuffled = {name: rng.permutation(codes) for name, codes in columns.items()}
    meet, often = [], []
    for pair in combinations(columns, 2):
        first, second = pair
        real, lot = (_joined(columns[first], by[second]) for by in (columns, shuffled))
        together, chance = _mates(real), _mates(lot)
        if together >= COVERED and together > 1.2 * chance + 0.05:
            meet.append((chance - together, pair))
        elif chance > COVERED and _pairs(real) >= OFTENER * _pairs(lot):
            often.append((-_pairs(real) / _pairs(lot), pair))
    return [pair for _, pair in [*sorted(meet)[:5], *sorted(often)[:OFTEN]]]


def _pairs(codes: Array) -> int:
    """Return how many pairs of rows have the same key, and one more."""
    return pairs_within(np.bincount(codes)) + 1


def _grown(columns: dict[str, Array], pair: tuple[str, ...]) -> _Key:
    """Add to a pair all columns that do not part the rows it ties together."""
    names, codes = pair, _many([columns[n] for n in pair])
    for name in sorted(set(columns) - set(pair)):
        more = _joined(codes, columns[name])
        if _mates(more) >= 0.9 * _mates(codes):
            names, codes = (*names, name), more
    return _Key(tuple(sorted(names)), codes)


def _mates(codes: Array) -> float:
    """Return the share of rows that another has the key of."""
    return float((np.bincount(codes)[codes] > 1).mean())


def _joined(first: Array, second: Array) -> Array:
    pairs = first.astype(np.int64) * (int(second.max()) + 1) + second
    return _coded(pairs)


def _coded(values: Array) -> Array:
    from pandas import factorize

    return np.asarray(factorize(values)[0])


def _many(columns: list[Array]) -> Array:
    codes = columns[0]
    for column in columns[1:]:
        codes = _joined(codes, column)
    return codes


def _finding(case: Case, key: _Key, result: Tie, seen: Array) -> Finding:
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
        severity="warn",
        columns=key.names,
        rows=case.source_rows(seen),
        evidence={
            "entities": int((size > 1).sum()),
            "mean_rows": round(float(size[size > 1].mean()), 2),
            "share_of_test_seen_in_train": round(share, 6),
            "intraclass_correlation": round(result.raw, 4),
            "unexplained_by_features": round(result.left, 4),
            "largest_by_chance": round(result.chance, 4),
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
