"""Identifiers whose numbers, letters or order tell the target."""

from collections.abc import Callable, Iterator
from hashlib import sha1

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import leak, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial


def _by_class(key: Array, rng: np.random.Generator) -> Array:
    """Number the rows in the order of their outcome, rows of the same outcome at random."""
    order = np.lexsort((rng.random(len(key)), key))
    number = np.empty(len(key), dtype=int)
    number[order] = np.arange(len(key))
    return number


LEAKING: dict[str, Callable[[Array, np.random.Generator], Array]] = {
    "numbered by outcome": lambda k, rng: 1000 + _by_class(k, rng),
    "numbered by outcome with gaps": lambda k, rng: (
        7 * _by_class(k, rng) + rng.integers(0, 7, len(k))
    ),
    "numbered nearly by outcome": lambda k, rng: _by_class(
        np.where(rng.random(len(k)) < 0.05, rng.permutation(k), k), rng
    ),
    "prefix of the outcome": lambda k, rng: np.array(
        [
            f"{'CRTXYZKLMN'[int(c) % 10]}-2021-{i:05d}"
            for c, i in zip(k, rng.permutation(len(k)), strict=True)
        ]
    ),
    "suffix of the outcome": lambda k, rng: np.array(
        [f"A{i:06d}{int(c) % 10}" for c, i in zip(k, rng.permutation(len(k)), strict=True)]
    ),
    "last digit": lambda k, rng: rng.permutation(len(k)) * 10 + k.astype(int) % 10,
}
HONEST: dict[str, Callable[[Array, np.random.Generator], Array]] = {
    "numbered at random": lambda k, rng: rng.permutation(len(k)),
    "numbered as they stand": lambda k, rng: np.arange(1, len(k) + 1),
    "hashes": lambda k, rng: np.array(
        [sha1(str(i).encode()).hexdigest()[:12] for i in rng.permutation(len(k))]
    ),
    "codes": lambda k, rng: np.array([f"C-2021-{i:05d}" for i in rng.permutation(len(k))]),
}


def _trials(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, loud: bool
) -> Iterator[Trial]:
    table = table.dropna(subset=[source.target]).reset_index(drop=True)
    y = table[source.target]
    is_number = pd.api.types.is_numeric_dtype(y) and y.nunique() > 20
    key = pd.qcut(y.rank(method="first"), 4, labels=False) if is_number else pd.factorize(y)[0]
    for name, make in (LEAKING if loud else HONEST).items():
        for column in ("record", "claim_id"):
            made = table.copy()
            made.insert(int(rng.integers(made.shape[1])), column, make(np.asarray(key), rng))
            given = source.time is None and rng.random() < 0.5
            yield planted(
                source,
                made,
                f"{name} ({column})",
                columns=[column] if loud else [],
                families=("id", "target", "group") if loud else (),
                ids=(),
                group=(),
                part=random_part(len(made), rng) if given else None,
            )


@leak("id", "target", "group")
def identifiers_that_tell(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Numbers given after the outcome, letters of the outcome inside."""
    yield from _trials(source, table, rng, True)


@leak("id", "target")
def numbers_of_one_class_in_a_range(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Six in ten rows of the rarest class came in later, with numbers of their own."""
    y = table[source.target]
    classes = y.value_counts()
    is_number = pd.api.types.is_numeric_dtype(y) and len(classes) > 20
    if is_number or source.time or source.group or not 60 <= classes.iloc[-1] < 0.4 * len(y):
        return
    late = (y == classes.index[-1]).to_numpy() & (rng.random(len(y)) < 0.6)
    for name, start in (("next numbers", 0), ("numbers far off", 9_000_000)):
        number = np.lexsort((rng.random(len(y)), late)).argsort() + np.where(late, start, 0)
        made = table.assign(claim_no=number)
        yield planted(source, made, name, columns=["claim_no"], families=("id", "target"))


@leak()
def identifiers(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """Numbers and names that say nothing."""
    yield from _trials(source, table, rng, False)
