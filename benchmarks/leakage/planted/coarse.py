"""Copies where rows meet by nature, told by their targets alone; and whole texts twice."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import is_numeric_target, leak, planted, random_part
from benchmarks.leakage.planted.edited import text_table
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Trial

MOST_VALUES, LEAST_COLUMNS = 5, 3
SHARE = 0.08


def _coarse(source: Source, table: pd.DataFrame) -> pd.DataFrame | None:
    """Return the columns of few values and a fine target, in which most rows meet another."""
    if source.is_series or not is_numeric_target(source, table):
        return None
    names = [c for c in table if table[c].nunique() <= MOST_VALUES and c not in source.after]
    kept = table[[*names, source.target]].dropna().reset_index(drop=True)
    if len(names) < LEAST_COLUMNS or kept[source.target].nunique() < 0.1 * len(kept):
        return None
    return kept if kept.duplicated(names, keep=False).mean() > 0.8 else None


@leak("rows")
def copies_among_rows_of_few_values(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Rows whose features stand in many others, copied with their targets into test."""
    kept = _coarse(source, table)
    if kept is None:
        return
    part = random_part(len(kept), rng)
    count = max(40, int(SHARE * len(kept)))
    origin = rng.choice(np.flatnonzero(part == "train"), count, replace=False)
    made = pd.concat([kept, kept.iloc[origin]], ignore_index=True)
    yield planted(
        source, made, "coarse rows copied into test", families=["rows"], after=(),
        rows=range(len(kept), len(made)), part=np.append(part, np.full(count, "test", object)),
    )  # fmt: skip


@leak()
def rows_of_few_values(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The same columns as they are."""
    kept = _coarse(source, table)
    if kept is not None:
        part = random_part(len(kept), rng)
        yield planted(source, kept, "coarse rows", part=part, after=())


@leak("rows")
def texts_that_stand_twice(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Long texts of which some came in twice, each time with other numbers beside them."""
    made = text_table(source, rng)
    if made is None:
        return
    count = len(made) // 12
    origin = rng.choice(len(made), count, replace=False)
    out = pd.concat([made, made.iloc[origin]], ignore_index=True)
    out["length"] = rng.normal(size=len(out)).round(3)
    part = random_part(len(out), rng)
    rows = np.arange(len(made), len(out))
    apart = part[rows] != part[origin]
    pairs = np.concatenate([rows[apart], origin[apart]])
    yield planted(
        source, out, "texts twice", target="label", families=["rows"], part=part, columns=["text"],
        rows=pairs[part[pairs] == "test"], ids=(), group=(), after=(),
    )  # fmt: skip
