"""Totals over a whole period, entity or category, with rows of the future and of the test part."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import is_numeric_target, leak, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

FAMILIES = ("encoding", "target", "time")
Whole = Callable[[pd.Series, pd.Series], pd.Series]
WHOLE: dict[str, Whole] = {
    "total": lambda y, by: y.groupby(by).transform("sum"),
    "mean": lambda y, by: y.groupby(by).transform("mean").round(2),
    "median": lambda y, by: y.groupby(by).transform("median"),
    "largest": lambda y, by: y.groupby(by).transform("max"),
    "share of the total": lambda y, by: y / y.groupby(by).transform("sum"),
    "rank": lambda y, by: y.groupby(by).rank(),
    "distance from the mean": lambda y, by: y - y.groupby(by).transform("mean"),
    "standardised": lambda y, by: (
        (y - y.groupby(by).transform("mean")) / (y.groupby(by).transform("std") + 1e-9)
    ),
}
BEFORE: dict[str, Whole] = {
    "total so far": lambda y, by: y.groupby(by).cumsum() - y,
    "count so far": lambda y, by: y.groupby(by).cumcount().astype(float),
    "last period's total": lambda y, by: by.map(y.groupby(by).sum().shift(1)),
    "last period's mean": lambda y, by: by.map(y.groupby(by).mean().shift(1)).round(2),
}


def _periods(when: pd.Series) -> dict[str, pd.Series]:
    """Return the periods of some days that a table's moments fall into."""
    moment = pd.to_datetime(when, utc=True).dt.tz_localize(None)
    found = {}
    for name, code in (("day", "D"), ("week", "W"), ("month", "M"), ("year", "Y")):
        period = moment.dt.to_period(code).astype(str)
        size = period.value_counts()
        if len(size) >= 12 and size.median() >= 3:
            found[name] = period
    return found


def _dated(source: Source, table: pd.DataFrame) -> pd.DataFrame | None:
    if not source.is_series or source.time is None:
        return None
    table = table.dropna(subset=[source.target]).sort_values(source.time, kind="stable")
    return table.reset_index(drop=True)


@leak(*FAMILIES)
def whole_periods(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """The month's total, mean or rank, its days to come among them."""
    dated = _dated(source, table)
    if dated is None:
        return
    y, periods = dated[source.target].astype(float), _periods(dated[source.time])
    for number, (name, make) in enumerate(WHOLE.items()):
        if not periods:
            return
        period = list(periods)[number % len(periods)]
        by = periods[period]
        if source.group:
            by = by + dated[list(source.group)].astype(str).agg("/".join, axis=1)
        made = dated.assign(summary=make(y, by))
        for part in (None, _later(len(made))):
            told = f"{period}'s {name}, {'own' if part is None else 'given'} split"
            yield planted(source, made, told, columns=["summary"], families=FAMILIES, part=part)


def _later(count: int) -> Array:
    return np.where(np.arange(count) < 0.75 * count, "train", "test").astype(object)


@leak()
def periods_before(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """What was so far, and the last period's total: honest."""
    dated = _dated(source, table)
    if dated is None or source.group:
        return
    y, periods = dated[source.target].astype(float), _periods(dated[source.time])
    for name, make in BEFORE.items():
        for period, by in list(periods.items())[-1:]:
            told = f"{period}: {name}"
            yield planted(source, dated.assign(summary=make(y, by)), told)


def _category(source: Source, table: pd.DataFrame) -> str | None:
    for name in table.drop(columns=[source.target, *source.after]):
        levels = table[name].nunique()
        if 4 <= levels <= len(table) / 8 and not pd.api.types.is_float_dtype(table[name]):
            return str(name)
    return None


@leak(*FAMILIES)
def whole_categories(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A number's total, rank or distance within its category, test rows among them."""
    table = table.dropna(subset=[source.target]).drop_duplicates().reset_index(drop=True)
    name = _category(source, table)
    if source.is_series or not is_numeric_target(source, table) or name is None:
        return
    y = table[source.target].astype(float)
    for what, make in WHOLE.items():
        if what in ("largest", "median") and table[name].nunique() < 12:
            continue
        made = table.assign(summary=make(y, table[name]))
        for part in (None, random_part(len(made), rng)):
            told = f"{what} by {name}, {'own' if part is None else 'given'} split"
            yield planted(source, made, told, columns=["summary"], families=FAMILIES, part=part)


@leak()
def honest_positions(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Another number's total, rank and distance within a category."""
    table = table.dropna(subset=[source.target]).drop_duplicates().reset_index(drop=True)
    name = _category(source, table)
    numbers = [c for c in table.select_dtypes("number") if c not in (source.target, name)]
    if source.is_series or name is None or not numbers:
        return
    x = table[numbers[0]].astype(float)
    for what in ("total", "rank", "standardised"):
        made = table.assign(summary=WHOLE[what](x, table[name]))
        yield planted(source, made, f"{what} of {numbers[0]}", part=random_part(len(made), rng))


SO_FAR: dict[str, Callable[[pd.Series], pd.Series]] = {
    "mean": lambda y: y.expanding().mean(),
    "sum": lambda y: y.cumsum(),
    "mean of the last 3": lambda y: y.rolling(3, min_periods=1).mean(),
}


def _so_far(
    source: Source, table: pd.DataFrame, is_with_row: bool
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield what was made, and the table with the target's level so far in each category."""
    table = table.dropna(subset=[source.target]).drop_duplicates().reset_index(drop=True)
    name = _category(source, table)
    if source.is_series or name is None:
        return
    if is_numeric_target(source, table):
        y = table[source.target].astype(float)
    else:
        y = (table[source.target] == table[source.target].mode()[0]).astype(float)
    for what, make in SO_FAR.items():
        made = y.groupby(table[name], dropna=False).transform(
            lambda v, make=make: make(v if is_with_row else v.shift(1))
        )
        yield f"{what} so far by {name}", table.assign(so_far=made)


@leak(*FAMILIES)
def levels_with_the_row(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The target's mean or sum so far in a category, the row's own among it."""
    for told, made in _so_far(source, table, True):
        yield planted(source, made, told, columns=["so_far"], families=FAMILIES)


@leak()
def levels_before_the_row(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The same of the rows before only: honest."""
    for told, made in _so_far(source, table, False):
        yield planted(source, made, told)
