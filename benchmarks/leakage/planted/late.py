"""target.collapse: marks of the outcome that the latest rows lack, and fields given up."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import is_numeric_target, leak, planted
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Trial

OLD = 0.78
"""Share of the rows that are old enough for the mark to have been made."""


def _trials(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, leaks: bool
) -> Iterator[Trial]:
    if source.is_series or source.time or is_numeric_target(source, table) or len(table) < 400:
        return
    table = table.dropna(subset=[source.target]).sample(frac=1, random_state=5)
    table = table.reset_index(drop=True)
    count = len(table)
    days = pd.Timestamp("2019-01-01") + pd.to_timedelta(np.arange(count) // 3, "D")
    rare = (table[source.target] == table[source.target].value_counts().idxmin()).to_numpy()
    made = table.assign(opened=days.astype(str))
    old = np.arange(count) < OLD * count
    for covered in (0.95, 0.7):
        # Given up: as frequent in every class.
        some = old & (rng.random(count) < covered) & (rare if leaks else rng.random(count) < 0.3)
        marks = {
            "code": np.where(some, rng.choice(["K1", "K2"], count), "none"),
            "amount": np.where(some, rng.gamma(2, 40, count).round(2), np.nan),
        }
        for what, values in marks.items():
            if what == "amount" and not leaks:
                continue  # a column without any value in test is a break that is told
            yield planted(
                source, made.assign(mark=values), f"{what} in {covered:.0%}, old rows only",
                columns=["mark"] if leaks else [],
                families=("target", "missing", "shift") if leaks else (), time="opened",
            )  # fmt: skip


@leak("target", "missing", "shift")
def marks_to_come(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """Filled in after one outcome, not yet for the latest rows."""
    yield from _trials(source, table, rng, True)


@leak()
def marks_given_up(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Filled in whatever the outcome, until some day."""
    yield from _trials(source, table, rng, False)


def _scored(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, leaks: bool
) -> Iterator[Trial]:
    if source.is_series or source.time or len(table) < 600:
        return
    table = table.dropna(subset=[source.target]).sample(frac=1, random_state=6)
    table = table.reset_index(drop=True)
    count = len(table)
    y = table[source.target]
    if is_numeric_target(source, table):
        told = ((y - y.mean()) / y.std()).to_numpy()
    else:
        told = 2.0 * (y == y.value_counts().index[0]).to_numpy()
    days = (pd.Timestamp("2019-01-01") + pd.to_timedelta(np.arange(count) // 3, "D")).astype(str)
    # Honest: a weak tie that fades, but not to nothing.
    before, since = (1.0, 0.0) if leaks else (0.3, 0.2)
    weight = np.where(np.arange(count) < OLD * count, before, since)
    score = (weight * told + 0.6 * rng.normal(size=count)).round(2)
    yield planted(
        source, table.assign(opened=days, score=score), "score told until lately",
        columns=["score"] if leaks else [], families=("target",) if leaks else (), time="opened",
    )  # fmt: skip


@leak("target")
def scores_corrected(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A score that was corrected once the outcome was known; the latest rows' is not yet."""
    yield from _scored(source, table, rng, True)


@leak()
def scores_fading(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """A score that tells less of the latest rows, as measures do."""
    made = table.drop(columns=[*source.after])
    yield from _scored(source, made, rng, False)
