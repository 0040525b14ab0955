"""label: labels flipped, in the test part or in all, and numbers written in another unit."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import is_numeric_target, leak, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

SHARE = 0.08
"""Share of the test rows whose label is flipped."""
OTHER_UNIT = 0.03
"""Share of the rows whose number is written in another unit."""
APART = ("breast_cancer", "wine", "digits", "penguins")
"""Tables whose classes lie apart: elsewhere nobody could tell a flipped label from an odd case."""


@leak("label")
def flipped_in_test(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Labels of some test rows belong to another class."""
    if source.name not in APART or is_numeric_target(source, table) or len(table) < 500:
        return
    table = table.dropna(subset=[source.target]).reset_index(drop=True)
    part = random_part(len(table), rng)
    test = np.flatnonzero(part == "test")
    rows = rng.choice(test, int(SHARE * len(test)), replace=False)
    labels = table[source.target].to_numpy(dtype=object)
    made = table.assign(**{source.target: _flipped(labels, rows, rng)})
    yield planted(source, made, "flipped in test", rows=rows, families=("label",), part=part)


@leak("label")
def flipped_anywhere(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """One label in ten, or in twenty, belongs to another class, in every part."""
    if source.name not in APART or is_numeric_target(source, table) or len(table) < 300:
        return
    labels = table[source.target].astype(str).to_numpy(dtype=object)
    names, part = (source.target,), random_part(len(table), rng)
    for one_in, said in ((10, "flipped anywhere"), (20, "few flipped anywhere")):
        rows = rng.choice(len(table), len(table) // one_in, replace=False)
        made = table.assign(**{source.target: _flipped(labels, rows, rng)})
        yield planted(source, made, said, columns=names, families=("label",), part=part)


@leak("label")
def another_unit(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """Three in a hundred of the numbers to predict are written in thousands, or in hundreds."""
    if not is_numeric_target(source, table) or len(table) < 500:
        return
    table = table.dropna(subset=[source.target]).reset_index(drop=True)
    y = table[source.target].to_numpy(dtype=np.float64)
    if (y <= 0).any():
        return
    names = (source.target,)
    for factor in (1000, 100):
        written = np.where(rng.random(len(table)) < OTHER_UNIT, y / factor, y)
        made = table.assign(**{source.target: written})
        yield planted(source, made, f"in {factor}s", columns=names, families=("label",))


def _flipped(labels: Array, rows: Array, rng: np.random.Generator) -> Array:
    """Return labels `(N,)` in which those of `rows` are another class's."""
    every, out = np.unique(labels), labels.copy()
    out[rows] = [rng.choice(every[every != labels[row]]) for row in rows]
    return out
