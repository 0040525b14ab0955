"""Test parts that were not made as the train part was, and honest splits by time, site, number."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import leak, numbers_of, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Trial


def _ready(source: Source, table: pd.DataFrame) -> pd.DataFrame:
    return table.dropna(subset=[source.target]).drop_duplicates().reset_index(drop=True)


def _levels(source: Source, table: pd.DataFrame) -> list[str]:
    names = table.drop(columns=[source.target, *source.after]).select_dtypes(["object", "category"])
    return [str(n) for n in names if 2 <= names[n].nunique() <= 12]


@leak("shift")
def other_units(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """A column of the test part in other units, recoded, or empty, in a split by lot."""
    if source.time or source.is_series or len(table) < 300:
        return
    table = _ready(source, table)
    part = random_part(len(table), rng)
    test = part == "test"
    numbers = [n for n in numbers_of(table, source) if (table[n].dropna() != 0).mean() > 0.6][:12]
    changes: dict[str, Callable[[pd.Series], pd.Series]] = {
        "thousandfold": lambda v: v * 1000,
        "inches": lambda v: v / 2.54,
        "fahrenheit": lambda v: v * 1.8 + 32,
        "no values in test": lambda v: v * np.nan,
    }
    for number, (name, change) in enumerate(changes.items()):
        if not numbers:
            break
        column = numbers[number % len(numbers)]
        changed = table.copy()
        changed[column] = changed[column].astype(float)
        changed.loc[test, column] = change(changed.loc[test, column])
        if name == "inches" and changed[column].std() < 1e-9:
            continue
        yield planted(
            source,
            changed,
            f"{column} {name}",
            families=["shift"],
            columns=[column],
            part=part,
        )
    for column in _levels(source, table)[:1]:
        changed = table.copy()
        changed[column] = changed[column].astype(object)
        changed.loc[test, column] = changed.loc[test, column].map(lambda v: f"{v}".upper() + "_")
        yield planted(
            source,
            changed,
            f"{column} recoded in test",
            families=["shift"],
            columns=[column],
            part=part,
        )


@leak("shift")
def filtered_test(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """Only rows above the median of one column, or of one class, stand in the test part."""
    if source.time or source.is_series or len(table) < 300:
        return
    table = _ready(source, table)
    part = random_part(len(table), rng)
    numbers = numbers_of(table, source)
    if numbers:
        column = numbers[0]
        low = (table[column] < table[column].median()) | table[column].isna()
        yield planted(
            source,
            table,
            f"test filtered by {column}",
            families=["shift"],
            columns=[column],
            part=np.where(low & (part == "test"), "", part),
        )
    if table[source.target].nunique() <= 20:
        common = table[source.target] == table[source.target].mode()[0]
        yield planted(
            source,
            table,
            "one class in test",
            families=["shift"],
            columns=[source.target],
            part=np.where(~common & (part == "test"), "", part),
        )


@leak()
def honest_splits(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """Splits that users bring and that are not by lot."""
    table = _ready(source, table)
    count = len(table)
    if source.time is not None and not source.group:
        rank = table[source.time].rank(method="dense", pct=True)
        yield planted(
            source,
            table,
            "given split by time",
            part=np.where(rank > 0.8, "test", "train"),
        )
        yield planted(
            source,
            table,
            "given split by time, undeclared",
            time=None,
            part=np.where(rank > 0.8, "test", "train"),
        )
        return
    last = np.where(np.arange(count) >= 0.8 * count, "test", "train")
    yield planted(source, table, "given split, end of the file", part=last, time=None, group=())
    for column in _levels(source, table)[:1]:
        sizes = table[column].value_counts(normalize=True)
        chosen = sizes[sizes < 0.4].index[:1]
        part = np.where(table[column].isin(chosen), "test", "train")
        chosen_rows = part == "test"
        if chosen_rows.sum() >= 30 and table[source.target][chosen_rows].nunique() > 1:
            yield planted(source, table, f"given split by {column}", part=part, time=None, group=())


@leak("shift")
def split_by_a_measure(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The test part is all rows above, or below, a value of one measured column."""
    if source.time or source.is_series or len(table) < 300:
        return
    table = _ready(source, table)
    for number, column in enumerate(numbers_of(table, source)[:3]):
        cut = table[column].quantile((0.85, 0.2, 0.7)[number])
        chosen = table[column] > cut if number != 1 else table[column] < cut
        if chosen.sum() < 40 or table[column][chosen].nunique() < 20:
            continue
        yield planted(
            source, table, f"test part beyond a value of {column}",
            columns=[column], families=["shift"], part=np.where(chosen, "test", "train"),
        )  # fmt: skip


@leak("shift")
def other_units_from_a_day_on(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A column of a series in thousands, or in Fahrenheit, in the whole test part."""
    if not source.is_series or source.time is None or len(table) < 500:
        return
    table = table.dropna(subset=[source.target]).sort_values(source.time).reset_index(drop=True)
    test = np.arange(len(table)) >= int(0.8 * len(table))
    for name in numbers_of(table, source)[:2]:
        for what, factor, zero in (("thousands", 0.001, 0.0), ("fahrenheit", 1.8, 32.0)):
            changed = table[name].where(~test, table[name] * factor + zero)
            yield planted(
                source, table.assign(**{name: changed}), f"{name}, {what} from a day on",
                columns=[name], families=["shift"], part=np.where(test, "test", "train"),
            )  # fmt: skip
