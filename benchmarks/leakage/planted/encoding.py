"""encoding: categories replaced by the mean target of their rows, in the ways people do it."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import is_numeric_target, leak, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

Encode = Callable[[pd.Series, pd.Series, np.random.Generator], pd.Series]


def _plain(category: pd.Series, y: pd.Series, rng: np.random.Generator) -> pd.Series:
    return y.groupby(category).transform("mean")


def _smoothed(category: pd.Series, y: pd.Series, rng: np.random.Generator) -> pd.Series:
    group = y.groupby(category)
    size = group.transform("count")
    return (group.transform("sum") + 10 * y.mean()) / (size + 10)


def _rounded(category: pd.Series, y: pd.Series, rng: np.random.Generator) -> pd.Series:
    made = _plain(category, y, rng)
    return made.round(max(0, 3 - int(np.floor(np.log10(y.std())))) - 1)


def _left_out(category: pd.Series, y: pd.Series, rng: np.random.Generator) -> pd.Series:
    group = y.groupby(category)
    size = group.transform("count")
    return ((group.transform("sum") - y) / (size - 1)).where(size > 1, y.mean())


def _noisy(category: pd.Series, y: pd.Series, rng: np.random.Generator) -> pd.Series:
    made = _plain(category, y, rng)
    return made + 0.02 * y.std() * rng.normal(size=len(y))


ENCODINGS: dict[str, Encode] = {
    "mean": _plain,
    "smoothed": _smoothed,
    "rounded": _rounded,
    "leave one out": _left_out,
    "noisy": _noisy,
}


def _number(table: pd.DataFrame, source: Source) -> pd.Series:
    """Return the target as numbers: itself, or whether it is its commonest class."""
    y = table[source.target]
    return y.astype(float) if is_numeric_target(source, table) else (y == y.mode()[0]).astype(float)


def _category(table: pd.DataFrame, source: Source, rng: np.random.Generator) -> pd.Series:
    """Return a category with many levels: a real one, or shops that differ a little in target."""
    for name in table.drop(columns=[source.target, *source.after]):
        levels = table[name].nunique()
        if 15 <= levels <= len(table) / 8 and not pd.api.types.is_float_dtype(table[name]):
            return table[name].astype(str)
    levels = max(15, len(table) // 25)
    y = _number(table, source)
    rank = (y.rank(pct=True) + rng.normal(0, 1.5, len(y))).rank(pct=True)
    shop = (rank * levels * 0.5 + rng.random(len(y)) * levels * 0.5).astype(int)
    return shop.map(lambda i: f"shop {i:03d}")


def _trials(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, name: str, leaks: bool
) -> Iterator[Trial]:
    table = table.drop_duplicates().dropna(subset=[source.target]).reset_index(drop=True)
    y, category = _number(table, source), _category(table, source, rng)
    part = random_part(len(table), rng)
    for given, keep in ((part, True), (part, False), (None, True)):
        if not leaks and given is None:
            continue
        made = ENCODINGS[name](category, y if leaks else y.where(part == "train"), rng)
        if not leaks:
            made = made.groupby(category).transform("mean").fillna(y[part == "train"].mean())
        out = table.assign(encoded=made)
        if keep:
            out["category"] = category
        is_readable = name == "leave one out" and is_numeric_target(source, table)
        if not keep and name in ("leave one out", "noisy") and not is_readable:
            continue
        split = "own split" if given is None else "given split"
        told = f"{name}, {split}, {'with' if keep else 'no'} column"
        yield _trial(source, out, told, leaks, given)


def _trial(
    source: Source, table: pd.DataFrame, name: str, leaks: bool, part: Array | None
) -> Trial:
    return planted(
        source,
        table,
        f"{name}{'' if leaks else ' of train'}",
        columns=["encoded"] if leaks else [],
        families=("encoding",) if leaks else (),
        time=None,
        group=(),
        part=part,
    )


@leak("encoding")
def target_means_of_all_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Each category's mean target, test rows included, in five ways."""
    for name in ENCODINGS:
        yield from _trials(source, table, rng, name, True)


@leak()
def target_means_of_train(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Each category's mean target over the train rows only."""
    for name in ("mean", "smoothed"):
        yield from _trials(source, table, rng, name, False)


@leak()
def measured_level_of_a_group(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A group's true level as somebody else measured it: close to its mean, but not from it."""
    table = table.drop_duplicates().dropna(subset=[source.target]).reset_index(drop=True)
    y, category = _number(table, source), _category(table, source, rng)
    out = table.assign(level=_elsewhere(category, y, rng), category=category)
    for given in (random_part(len(table), rng), None):
        told = f"measured level, {'own' if given is None else 'given'} split"
        yield _trial(source, out, told, False, given)


def _elsewhere(category: pd.Series, y: pd.Series, rng: np.random.Generator) -> pd.Series:
    """Return group levels whose error is that of another sample of the same size."""
    group = y.groupby(category)
    error = y.std() / np.sqrt(group.count())
    level = group.mean() + error * rng.normal(size=len(error))
    return category.map(level)
