"""What could name an entity: columns, parts of names, and combinations of columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._name_parts import parts_of_names
from ninefold.leakage._ties import MOST_ROWS, intraclass, measures, null_spread, numbers_of_target
from ninefold.leakage.case import Case
from ninefold.splitting.identity import combine, hash_values, pairs_within

LEAST_ENTITIES = 15
COVERED = 0.3
"""Share of the rows whose key must repeat."""
RAW, SURE = 0.3, 6.0
"""Intraclass correlation of the target, and its z under chance."""
BY_CHANCE = 0.01
"""Share of rows that chance may tie together for two numbers to name an entity, as a place."""
LEVELS = 5
"""Values of a column from which a combination may start with it; others may join."""
OFTENER, OFTEN = 2.0, 3
"""Times as many pairs of rows as by chance that two columns with few values must tie for a
combination to start with them, and how many such starts are looked at."""
MAX_COLUMNS = 10


@dataclass(frozen=True)
class Key:
    """Columns that could name an entity, and the codes `(N,)` they make."""

    names: tuple[str, ...]
    codes: Array
    part: str = ""
    """Which part of the name makes the key, "part 1 of"; "" for all of it."""


def names_of(case: Case) -> list[str]:
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
    """Tell whether a key has the sizes of entities: many, of at most `MOST_ROWS` rows each."""
    size = np.bincount(codes)
    repeated = size[(size > 1) & (size <= MOST_ROWS)]
    return len(repeated) >= LEAST_ENTITIES and repeated.sum() >= COVERED * len(codes)


def single_keys(case: Case) -> list[Key]:
    """Return the columns of names and of whole numbers that could each name an entity."""
    y = numbers_of_target(case)
    keys = [key_of(case, name, y) for name in names_of(case)]
    parts = [
        Key((name,), codes, words)
        for name in names_of(case)
        for words, codes in parts_of_names(case, name)
        if _could_be(codes)
    ]
    return [key for key in (*keys, *parts) if key is not None]


def key_of(case: Case, name: str, y: Array) -> Key | None:
    """Return a column as a key, None if it could name no entity."""
    key = Key((name,), _codes(case, (name,)))
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


def combined_keys(case: Case) -> list[Key]:
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
    found: dict[tuple[str, ...], Key] = {}
    for pair in _seeds({name: columns[name] for name in names}, rng):
        key = _grown(columns, pair)
        chance = _mates(_many([rng.permutation(columns[n]) for n in key.names]))
        only_numbers = all(_is_number(case, n) for n in key.names)
        least = 3 if only_numbers and chance > BY_CHANCE else 2
        few = len(telling & set(key.names)) < least
        if not few and _could_be(key.codes) and _mates(key.codes) > 3 * chance:
            found.setdefault(key.names, key)
    for key in _numbered_twice(case, {name: columns[name] for name in names}, rng):
        found.setdefault(key.names, key)
    return list(found.values())


def _numbered_twice(
    case: Case, columns: dict[str, Array], rng: np.random.Generator
) -> Iterator[Key]:
    """Yield pairs of codes (a school and a seat in it) whose values all meet, as in a full grid.

    That rows have their pair again says nothing then; that they share their target does, if they
    do far more than with one of the columns dealt anew.
    """
    y = numbers_of_target(case)
    codes = {n: c for n, c in columns.items() if not _is_number(case, n) or _is_code(case, n, y)}
    for first, second in combinations(sorted(codes), 2):
        key = Key((first, second), _joined(codes[first], codes[second]))
        if not _could_be(key.codes):
            continue
        raw = intraclass(y, key.codes)
        if raw >= RAW and raw >= SURE * null_spread(key.codes):
            lot = intraclass(y, _joined(codes[first], rng.permutation(codes[second])))
            alone = max(intraclass(y, codes[first]), intraclass(y, codes[second]))
            if raw - max(lot, alone, 0.0) >= RAW:
                yield key


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


def _grown(columns: dict[str, Array], pair: tuple[str, ...]) -> Key:
    """Add to a pair all columns that do not part the rows it ties together."""
    names, codes = pair, _many([columns[n] for n in pair])
    for name in sorted(set(columns) - set(pair)):
        more = _joined(codes, columns[name])
        if _mates(more) >= 0.9 * _mates(codes):
            names, codes = (*names, name), more
    return Key(tuple(sorted(names)), codes)


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
