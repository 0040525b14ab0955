"""preprocessing: numbers fitted on all rows before the table came, and on the train rows only."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import is_numeric_target, leak, numbers_of, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

Fit = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]


def _standard(fit: pd.DataFrame, x: pd.DataFrame) -> pd.DataFrame:
    return (x - fit.mean()) / fit.std(ddof=0)


def _rounded(fit: pd.DataFrame, x: pd.DataFrame) -> pd.DataFrame:
    return _standard(fit, x).round(3)


def _unit(fit: pd.DataFrame, x: pd.DataFrame) -> pd.DataFrame:
    return (x - fit.min()) / (fit.max() - fit.min())


def _ranked(fit: pd.DataFrame, x: pd.DataFrame) -> pd.DataFrame:
    known = {name: np.sort(fit[name]) for name in x}
    first, last = (
        pd.DataFrame({name: np.searchsorted(known[name], x[name], side) for name in x}, x.index)
        for side in ("left", "right")
    )
    return (first + last + 1) / 2 / len(fit)


def _rotated(fit: pd.DataFrame, x: pd.DataFrame) -> pd.DataFrame:
    from sklearn.decomposition import PCA

    pca = PCA().fit(_standard(fit, fit))
    made = pca.transform(_standard(fit, x))
    return pd.DataFrame(made, index=x.index, columns=x.columns)


def _adjusted(fit: pd.DataFrame, x: pd.DataFrame) -> pd.DataFrame:
    """Take a straight line on the first column out of all others."""
    first = fit.columns[0]
    slope = fit.cov()[first] / fit[first].var()
    made = x.sub(np.outer(x[first] - fit[first].mean(), slope))
    return made.assign(**{first: x[first]})


def _trials(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, fit: Fit, name: str, leaks: bool
) -> Iterator[Trial]:
    """Prepare every number, fitted on all rows or on the train rows of the user's split.

    Nothing leaks where both are the same, as of ranges whose ends are all in train.
    """
    names = numbers_of(table, source)
    if len(names) < 2 or source.time:
        return
    table = table.dropna(subset=names).drop_duplicates().reset_index(drop=True)
    part = random_part(len(table), rng)
    for given in (part, None) if leaks else (part,):
        out = table.copy()
        x = out[names].astype(float)
        learned = fit(x[part == "train"], x)
        out[names] = fit(x, x) if leaks else learned
        if leaks and given is not None and np.array_equal(out[names], learned):
            continue
        told = "given split" if given is not None else "own split"
        yield _trial(source, out, f"{name}, {told}", names if leaks else [], given)


def _trial(
    source: Source, table: pd.DataFrame, name: str, columns: list[str], part: Array | None
) -> Trial:
    families = ("preprocessing",) if columns else ()
    return planted(source, table, name, columns=columns, families=families, time=None, part=part)


@leak("preprocessing")
def scaled_on_all_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Every number standardised with the mean of train and test."""
    yield from _trials(source, table, rng, _standard, "standardised on all rows", True)


@leak("preprocessing")
def scaled_and_rounded_on_all_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The same, written with three decimals."""
    yield from _trials(source, table, rng, _rounded, "standardised, rounded", True)


@leak("preprocessing")
def unit_range_on_all_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Every number brought to 0..1 by the extremes of train and test."""
    yield from _trials(source, table, rng, _unit, "min-max on all rows", True)


@leak("preprocessing")
def rotated_on_all_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Principal components of all rows."""
    yield from _trials(source, table, rng, _rotated, "PCA on all rows", True)


@leak("preprocessing")
def adjusted_on_all_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """What a regression of every number on the first one leaves, over train and test."""
    yield from _trials(source, table, rng, _adjusted, "adjusted on all rows", True)


@leak("preprocessing")
def ranked_on_all_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Every number replaced by its rank among all rows."""
    yield from _trials(source, table, rng, _ranked, "ranks", True)


def _tenths(fit: pd.DataFrame, x: pd.DataFrame) -> pd.DataFrame:
    edges = {name: np.quantile(fit[name], np.linspace(0.1, 0.9, 9)) for name in x}
    cut = {name: np.searchsorted(edges[name], x[name], "right").astype(float) for name in x}
    return pd.DataFrame(cut, index=x.index)


@leak("preprocessing")
def binned_on_all_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Every number of many values cut into ten bins of equally many rows."""
    fine = numbers_of(table, source)
    fine = [n for n in fine if table[n].nunique() > 0.9 * len(table)]
    if len(fine) >= 2:
        yield from _trials(source, table[[*fine, source.target]], rng, _tenths, "tenths", True)


@leak()
def prepared_on_train(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Scaled, rotated and adjusted as it should be: fitted on the train rows."""
    for fit, name in (
        (_standard, "standardised"),
        (_unit, "min-max"),
        (_rotated, "PCA"),
        (_adjusted, "adjusted"),
        (_tenths, "tenths"),
    ):
        yield from _trials(source, table, rng, fit, f"{name} on train", False)


@leak("preprocessing")
def filled_on_all_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Gaps filled with the mean, or the median, of train and test."""
    yield from _filled(source, table, rng, True)


@leak()
def filled_on_train(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Gaps filled with the mean, or the median, of the train rows."""
    yield from _filled(source, table, rng, False)


def _filled(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, leaks: bool
) -> Iterator[Trial]:
    names = [n for n in numbers_of(table, source) if table[n].nunique() > 100]
    if not names or source.time:
        return
    table = table.drop_duplicates().reset_index(drop=True)
    name = str(rng.choice(names))
    x = table[name].astype(float).where(rng.random(len(table)) > 0.1)
    part = random_part(len(table), rng)
    for centre in ("mean", "median"):
        value = x.agg(centre) if leaks else x[part == "train"].agg(centre)
        if x[part == "train"].agg(centre) == x.agg(centre):
            continue
        filled = table.assign(**{name: x.fillna(value)})
        where = "all rows" if leaks else "train"
        for given in (part, None) if leaks else (part,):
            told = f"{centre} of {where}, {'own' if given is None else 'given'} split"
            yield _trial(source, filled, told, [name] if leaks else [], given)


@leak("preprocessing")
def several_filled_on_all_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Gaps in several columns, whole numbers and coarse ones too, filled with one centre each."""
    yield from _several_filled(source, table, rng, True)


@leak()
def several_filled_on_train(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The same, with the centres of the train rows."""
    yield from _several_filled(source, table, rng, False)


def _several_filled(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, leaks: bool
) -> Iterator[Trial]:
    names = numbers_of(table, source)[:6]
    if len(names) < 2 or source.time:
        return
    table = table.drop_duplicates().reset_index(drop=True)
    for centre, share in (("mean", 0.05), ("median", 0.05), ("mean", 0.2), ("median", 0.2)):
        part = random_part(len(table), rng)
        use = np.ones(len(table), dtype=bool) if leaks else part == "train"
        made, telling = table.copy(), []
        for name in names:
            x = made[name].astype(float).where(rng.random(len(table)) > share)
            if x.agg(centre) != x[part == "train"].agg(centre):
                telling.append(name)
            made[name] = x.fillna(x[use].agg(centre))
        if not telling:
            continue
        where = "all rows" if leaks else "train"
        told = f"{centre} of {where} in {share:.0%} of {len(names)} columns"
        leaking: dict[str, Any] = (
            {"columns": telling, "families": ["preprocessing"]} if leaks else {}
        )
        yield planted(source, made, told, part=part, **leaking)


@leak("preprocessing")
def gaps_filled_by_class(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Gaps of a number filled with the mean of the row's own class."""
    if is_numeric_target(source, table):
        return
    table = table.dropna(subset=[source.target]).reset_index(drop=True)
    for name in numbers_of(table, source)[:2]:
        y, values = table[source.target], table[name].astype(float)
        values[rng.random(len(table)) < 0.15] = np.nan
        made = table.assign(**{name: values.fillna(values.groupby(y).transform("mean"))})
        yield planted(source, made, f"{name} by class", columns=[name], families=("preprocessing",))
