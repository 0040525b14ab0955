"""Columns that look ahead along real series, and honest ones beside them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype as is_number

from benchmarks.leakage.plant import leak, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

Make = Callable[[pd.Series], pd.Series]
Way = tuple[str, pd.DataFrame, dict[str, Any]]
AHEAD: dict[str, Make] = {
    "next": lambda y: y.shift(-1),
    "third next, other unit": lambda y: 2.54 * y.shift(-3) - 7,
    "seventh next": lambda y: y.shift(-7),
    "centred mean of 3": lambda y: y.rolling(3, center=True).mean(),
    "centred mean of 7, rounded": lambda y: (
        y.rolling(7, center=True, min_periods=1).mean().round(2)
    ),
    "centred mean of 31": lambda y: y.rolling(31, center=True).mean(),
    "mean of the next 5": lambda y: y[::-1].rolling(5).mean()[::-1].shift(-1),
    "mean of 7 with the present": lambda y: y.rolling(7, min_periods=1).mean(),
    "change to the next": lambda y: y.shift(-1) - y,
    "change from the last": lambda y: y.diff(),
    "return to the next": lambda y: y.shift(-1) / (y + 1e-9) - 1,
    "smoothed with the present": lambda y: y.ewm(alpha=0.3, adjust=False).mean(),
    "highest of the next 5": lambda y: y[::-1].rolling(5).max()[::-1].shift(-1),
    "centred median of 5": lambda y: y.rolling(5, center=True).median(),
    "spread of the next 10": lambda y: y[::-1].rolling(10).std()[::-1].shift(-1),
    "highest still to come": lambda y: y[::-1].cummax()[::-1],
    "sum still to come": lambda y: y[::-1].cumsum()[::-1],
    "mean so far with the present": lambda y: y.expanding().mean(),
}
NOISY: dict[str, Make] = {
    "next, noise of a fifth": lambda y: y.shift(-1),
    "centred mean of 5, noise of a tenth": lambda y: y.rolling(5, center=True).mean(),
    "mean of the next 3, noise of a tenth": lambda y: y[::-1].rolling(3).mean()[::-1].shift(-1),
}
HONEST: dict[str, Make] = {
    "last": lambda y: y.shift(1),
    "last but six": lambda y: y.shift(7),
    "mean of the last 7": lambda y: y.shift(1).rolling(7).mean(),
    "mean so far": lambda y: y.shift(1).expanding().mean(),
    "change before": lambda y: y.shift(1).diff(),
    "highest of the last 10": lambda y: y.shift(1).rolling(10).max(),
    "smoothed past": lambda y: y.shift(1).ewm(alpha=0.3).mean(),
    "sum so far": lambda y: y.shift(1).cumsum(),
}


def _by(source: Source, table: pd.DataFrame, make: Make) -> Array:
    """Return a column made along time, within each entity."""
    y = pd.to_numeric(table[source.target])
    if not source.group:
        order = table[source.time].argsort(kind="stable") if source.time else np.arange(len(y))
        made = make(y.iloc[order].reset_index(drop=True)).to_numpy()
        out = np.empty(len(y))
        out[np.asarray(order)] = made
        return out
    ordered = table.sort_values(source.time, kind="stable") if source.time else table
    groups = ordered.groupby(list(source.group), sort=False)[source.target]
    return np.asarray(groups.transform(lambda v: make(v.astype(float))).reindex(table.index))


def _noise(steps: Array, name: str, rng: np.random.Generator) -> Array:
    """Return noise `(N,)` in proportion to the steps of the target."""
    share = 0.2 if "fifth" in name else 0.1
    return rng.normal(size=len(steps)) * np.nanstd(steps) * share


def _ways(source: Source, table: pd.DataFrame) -> Iterator[Way]:
    """Yield the table as users bring it: declared, shuffled, undeclared."""
    roles = {"time": source.time, "group": source.group, "ids": source.ids, "after": source.after}
    yield "declared" if source.time else "file order", table, roles
    if source.time:
        shuffled = table.sample(frac=1, random_state=1).reset_index(drop=True)
        yield "declared, shuffled", shuffled, roles
        yield "undeclared", table, {**roles, "time": None, "group": ()}


def _plant(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, makes: dict[str, Make]
) -> Iterator[Trial]:
    if not source.is_series:
        return
    for number, (name, make) in enumerate(makes.items()):
        ways = list(_ways(source, table))
        way, plain, roles = ways[(number + len(source.name)) % len(ways)]
        made = _by(source, plain, make)
        changed = plain.copy()
        if "noise" in name:
            made = made + _noise(_by(source, plain, pd.Series.diff), name, rng)
        changed["col_x"] = made
        leaks = makes is not HONEST
        yield planted(
            source,
            changed,
            f"{name} ({way})",
            columns=["col_x"] if leaks else [],
            families=("time", "target", "encoding") if leaks else (),
            **roles,
        )


@leak("time", "target", "encoding")
def look_ahead(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """A column computed from later rows, exactly."""
    yield from _plant(source, table, rng, AHEAD)


@leak("time", "target", "encoding")
def noisy_look_ahead(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The same with noise."""
    yield from _plant(source, table, rng, NOISY)


@leak()
def honest_lags(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """Columns computed from earlier rows only."""
    yield from _plant(source, table, rng, HONEST)


OPEN, KNOWN = (2, 4), 8
"""Rows back to a target that a horizon of `KNOWN` rows leaves open, and to one that is known."""


def _within_horizon(source: Source, table: pd.DataFrame, backs: tuple[int, ...]) -> Iterator[Trial]:
    if not source.is_series or source.time is None or is_number(table[source.time]):
        return
    moments = pd.to_datetime(table[source.time])
    step = _minutes(moments)
    for back in backs:
        made = _by(source, table, lambda y, back=back: y.shift(back))  # type: ignore[misc]
        leaks = back < KNOWN
        yield planted(
            source, table.assign(col_x=made), f"target {back} rows back, known {KNOWN} later",
            columns=["col_x"] if leaks else [], families=["time", "target"] if leaks else [],
            horizon=f"{KNOWN * step}min",
        )  # fmt: skip


def _minutes(moments: "pd.Series[pd.Timestamp]") -> int:
    """Return how many minutes lie between a moment and the next."""
    return int(moments.drop_duplicates().sort_values().diff().median() / pd.Timedelta("1min"))


@leak("time")
def outcomes_of_rows_to_come_without_a_gap(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A total of the rows to come, as its name says, split by time right where the test begins."""
    if not source.is_series or source.time is None or is_number(table[source.time]):
        return
    total = _by(source, table, lambda y: y[::-1].rolling(KNOWN).sum()[::-1].shift(-1))
    moments = pd.to_datetime(table[source.time])
    ahead = pd.Timedelta(minutes=KNOWN * _minutes(moments))
    name = f"total_next_{ahead.days}_days" if ahead.days else f"total_next_{ahead.seconds // 60}min"
    kept = np.isfinite(total)
    out = table.assign(**{name: total})[kept].reset_index(drop=True)
    moments = moments[kept].reset_index(drop=True)
    first = moments.sort_values().iloc[int(0.75 * len(out))]
    part = np.where(moments < first, "train", "test").astype(object)
    near = np.flatnonzero((moments >= first) & (moments < first + ahead))
    yield planted(
        source, out, "named by its horizon", target=name, rows=near, families=["time"], part=part
    )


@leak("time", "target")
def targets_left_open(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The target of an earlier row that the declared horizon leaves open."""
    yield from _within_horizon(source, table, OPEN)


@leak()
def targets_known(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """The target of a row that lies a horizon back: honest."""
    yield from _within_horizon(source, table, (KNOWN,))


FEATURE_AHEAD: dict[str, Make] = {
    "centred mean of 5": lambda x: x.rolling(5, center=True).mean(),
    "mean of the next 3": lambda x: x[::-1].rolling(3).mean()[::-1].shift(-1),
    "change to the next": lambda x: x.shift(-1) - x,
}
FEATURE_PAST: dict[str, Make] = {
    "mean of the last 5": lambda x: x.rolling(5).mean(),
    "change from the last": lambda x: x.diff(),
    "last": lambda x: x.shift(1),
}


def _of_feature(source: Source, table: pd.DataFrame, makes: dict[str, Make]) -> Iterator[Trial]:
    if not source.is_series or source.group:
        return
    ordered = table.sort_values(source.time, kind="stable") if source.time else table
    ordered = ordered.reset_index(drop=True)
    numbers = ordered.drop(columns=[source.target]).select_dtypes("number")
    for number, (name, make) in enumerate(makes.items()):
        if not numbers.shape[1]:
            return
        column = str(numbers.columns[number % numbers.shape[1]])
        made = ordered.assign(derived=make(ordered[column].astype(float)))
        leaks = makes is FEATURE_AHEAD
        yield planted(
            source, made, f"{name} of {column}",
            columns=["derived"] if leaks else [], families=["time"] if leaks else [],
        )  # fmt: skip


@leak("time")
def features_ahead(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A column computed from another feature's later rows."""
    yield from _of_feature(source, table, FEATURE_AHEAD)


@leak()
def features_behind(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A column computed from another feature's earlier rows."""
    yield from _of_feature(source, table, FEATURE_PAST)


@leak("time")
def series_split_at_random(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A series with dates, split at random, the time declared or not."""
    if not source.is_series or source.time is None:
        return
    part = random_part(len(table), rng)
    test = np.flatnonzero(part == "test")
    for told, time in (("declared", source.time), ("undeclared", None)):
        yield planted(
            source, table, f"random split, time {told}", columns=[source.time], rows=test,
            families=["time"], time=time, part=part,
        )  # fmt: skip


@leak()
def dated_records(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """Records with a date that tells nothing, split at random: honest."""
    if source.is_series or source.time:
        return
    for way in ("daily", "irregular"):
        days = np.arange(len(table)) if way == "daily" else rng.integers(0, 3000, len(table))
        dates = pd.Timestamp("2010-01-01") + pd.to_timedelta(days, "D")
        made = table.assign(entered=dates.astype(str))
        yield planted(source, made, f"dated {way}", part=random_part(len(made), rng))
