"""Real series cut into overlapping windows, with neighbours on both sides of the split or not."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import leak, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

LENGTH = 8
NOTHING: dict[str, Any] = {"time": None, "group": (), "ids": (), "after": ()}


def _windows(source: Source, table: pd.DataFrame, width: int = LENGTH) -> pd.DataFrame | None:
    """Return `t_8 … t_1` and the next value of the target, by time; None if the table is short."""
    if not source.is_series or source.group:
        return None
    ordered = table.sort_values(source.time, kind="stable") if source.time else table
    y = pd.to_numeric(ordered[source.target]).dropna().reset_index(drop=True)[:3000]
    cut = pd.DataFrame({f"t_{k}": y.shift(k) for k in range(width, 0, -1)})
    cut["y"] = y
    return cut.dropna().reset_index(drop=True) if len(y) >= 200 else None


def _trial(
    source: Source, name: str, cut: pd.DataFrame, place: Array, part: Array | None, leaks: bool
) -> Trial:
    """Return the trial; `place` `(N,)` is where each row stands in the series."""
    rows: frozenset[int] = frozenset()
    if leaks and part is not None:
        learned = np.flatnonzero(np.isin(np.arange(place.max() + 1), place[part == "train"]))
        near = np.abs(place[:, None] - learned[None, :]).min(axis=1) < LENGTH
        rows = frozenset(np.flatnonzero(near & (part == "test")).tolist())
    return planted(
        source,
        cut,
        name,
        columns=map(str, cut.columns.drop("y")) if leaks else (),
        rows=rows,
        families=("time",) if leaks else (),
        target="y",
        task="regression",
        part=part,
        **NOTHING,
    )


@leak("time")
def windows(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """Overlapping windows under a random split: rows in order, mixed, and a given split or none."""
    cut = _windows(source, table)
    if cut is None:
        return
    place = np.arange(len(cut))
    yield _trial(source, "windows, given random", cut, place, random_part(len(cut), rng), True)
    order = rng.permutation(len(cut))
    mixed = cut.iloc[order, rng.permutation(cut.shape[1])].reset_index(drop=True)
    part = random_part(len(cut), rng)
    yield _trial(source, "windows, rows and columns mixed", mixed, order, part, True)
    yield _trial(source, "windows, own split", cut, place, None, True)


@leak()
def honest_windows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The same windows split by time; lags far apart under a random split."""
    cut = _windows(source, table)
    if cut is None:
        return
    place = np.arange(len(cut))
    later = np.where(place < 0.75 * len(cut), "train", "test").astype(object)
    yield _trial(source, "windows split by time", cut, place, later, False)
    wide = _windows(source, table, 24)
    if wide is not None:
        lags = wide[["t_24", "t_7", "t_1", "y"]]
        part = random_part(len(lags), rng)
        yield _trial(source, "lags far apart", lags, np.arange(len(lags)), part, False)


def _ahead(source: Source, table: pd.DataFrame, gap: int) -> Iterator[Trial]:
    """Yield the mean, the change and the largest of the next rows as target, split in time."""
    if not source.is_series or source.group or source.time is None:
        return
    ordered = table.sort_values(source.time, kind="stable").reset_index(drop=True)[:3000]
    if len(ordered) < 200 or ordered[source.time].duplicated().any():
        return
    now = pd.to_numeric(ordered[source.target])
    rows = now.shift(-1)[::-1].rolling(LENGTH)
    made = {"mean": rows.mean(), "change": now.shift(-LENGTH) - now, "largest": rows.max()}
    for name, later in made.items():
        cut = ordered.assign(y=later.sort_index()).dropna(subset=["y"]).reset_index(drop=True)
        first_test = int(0.75 * len(cut))
        part = np.where(np.arange(len(cut)) < first_test, "train", "test").astype(object)
        part[first_test - gap : first_test] = ""
        yield planted(
            source, cut, f"{name} of the next {LENGTH} rows, gap {gap}",
            columns=[] if gap else [source.time], families=[] if gap else ["time"],
            target="y", task="regression", part=part,
        )  # fmt: skip


@leak("time")
def target_of_later_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A target made of the next rows, and no gap before the test part."""
    yield from _ahead(source, table, 0)


@leak()
def target_of_later_rows_with_gap(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The same with a gap as long as the target stays open: honest."""
    yield from _ahead(source, table, LENGTH)
