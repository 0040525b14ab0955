"""preprocessing: gaps of whole numbers filled from the other columns, by all rows or by train."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import leak, numbers_of, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Trial

SHARE, MOST_ROWS = 0.15, 4000


def _imputers() -> dict[str, Any]:
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer, KNNImputer

    return {"5 neighbours": KNNImputer(n_neighbors=5), "regressions": IterativeImputer(tol=0.01)}


def _trials(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, leaks: bool
) -> Iterator[Trial]:
    table = table.drop_duplicates().reset_index(drop=True).iloc[:MOST_ROWS]
    every = table.drop(columns=[source.target, *source.after]).select_dtypes("number")
    names = [str(n) for n in every if table[n].notna().any()]
    whole = [n for n in numbers_of(table, source)
             if (table[n] % 1 == 0).all() and table[n].nunique() > 8]  # fmt: skip
    if len(names) < 3 or not whole or source.time:
        return
    for told, imputer in _imputers().items():
        part = random_part(len(table), rng)
        x = table[names].astype(float)
        x.loc[rng.random(len(table)) < SHARE, whole[0]] = np.nan
        imputer.fit(x if leaks else x[part == "train"])
        made = table.copy()
        made[names] = imputer.transform(x)
        leaking: dict[str, Any] = {"columns": whole[:1], "families": ["preprocessing"]}
        for given in (part, None) if leaks else (part,):
            split = "own split" if given is None else "given split"
            where = f"{told} of {'all rows' if leaks else 'train'}, {split}"
            yield planted(source, made, where, part=given, **(leaking if leaks else {}))


@leak("preprocessing")
def filled_by_a_model_of_all_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Gaps of a whole number filled by the nearest rows, or by regressions, of train and test."""
    yield from _trials(source, table, rng, True)


@leak()
def filled_by_a_model_of_train(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The same, learned from the train rows."""
    yield from _trials(source, table, rng, False)
