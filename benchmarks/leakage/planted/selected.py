"""preprocessing.selection: the best of many columns of noise, picked with or without test rows."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import leak, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

ROWS, NOISE = 300, 2000
KEPT = (12, 30)


def _picked(x: Array, y: Array, rows: Array, count: int) -> Array:
    """Return the `count` columns of `x` `(N, F)` that tell `y` best in some rows."""
    from sklearn.feature_selection import SelectKBest, f_classif, f_regression

    test = f_regression if y.dtype.kind == "f" else f_classif
    return np.asarray(SelectKBest(test, k=count).fit(x[rows], y[rows]).get_support(indices=True))


def _trials(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, leaks: bool
) -> Iterator[Trial]:
    if source.is_series or source.time:
        return
    table = table.dropna(subset=[source.target]).sample(frac=1, random_state=3)[:ROWS]
    table = table[table.groupby(source.target)[source.target].transform("size").gt(2)
                  | pd.api.types.is_numeric_dtype(table[source.target])]  # fmt: skip
    y, count = table[source.target].to_numpy(), len(table)
    if y.dtype.kind in "if" and len(np.unique(y)) > 20:
        y = y.astype(float)
    x = rng.normal(size=(count, NOISE)).round(3)
    part = random_part(count, rng)
    for kept in KEPT:
        rows = np.ones(count, dtype=bool) if leaks else part == "train"
        names = [f"probe {i}" for i in _picked(x, y, rows, kept)]
        made = pd.DataFrame(x[:, [int(n[6:]) for n in names]], columns=names)
        made["y"] = table[source.target].to_numpy()
        for given in (part, None) if leaks else (part,):
            told = f"{kept} of {NOISE} picked {'on all rows' if leaks else 'on train'}"
            yield planted(
                source, made, f"{told}, {'own' if given is None else 'given'} split", target="y",
                columns=names if leaks else [], families=["preprocessing"] if leaks else [],
                group=(), ids=(), after=(), part=given,
            )  # fmt: skip


@leak("preprocessing")
def picked_on_all_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The best columns of noise by all rows, test rows among them."""
    yield from _trials(source, table, rng, True)


@leak()
def picked_on_train(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The best columns of noise by the train rows of a given split."""
    yield from _trials(source, table, rng, False)
