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
