"""Moments and clock times whose difference is the target, and planned ones that are honest."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import leak, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial


def _text(minutes: Array) -> Array:
    start = np.datetime64("2023-01-01T00:00")
    return np.array([str(start + np.timedelta64(int(m), "m")).replace("T", " ") for m in minutes])


def _hhmm(minutes: Array) -> Array:
    return np.asarray(minutes // 60 % 24 * 100 + minutes % 60).astype(int)


@leak("target")
def opened_and_closed(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The moment after which the duration, or whether it was late, can be read off."""
    yield from _moments(source, table, rng, True)


@leak()
def opened_and_planned(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Only what was planned: honest."""
    yield from _moments(source, table, rng, False)


def _moments(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, leaks: bool
) -> Iterator[Trial]:
    if source.is_series or source.time or len(table) < 200:
        return
    table = table.drop(columns=[source.target]).drop_duplicates().reset_index(drop=True)
    count = len(table)
    opened = rng.integers(0, 500_000, count)
    numbers = table.select_dtypes("number")
    load = numbers.iloc[:, 0].rank(pct=True).fillna(0.5).to_numpy() if numbers.shape[1] else 0.5
    took = np.maximum(1, rng.gamma(2.0, 400, count) * (0.3 + load)).astype(int)
    planned = opened + rng.choice([480, 960, 1440], count)
    late = np.where(opened + took > planned, "late", "in time")
    told: dict[str, Any] = {"columns": ["closed"], "families": ["target"]} if leaks else {}
    for way, write in (("moments", _text), ("clock", _hhmm)):
        if way == "clock":
            took = np.minimum(took, 700)
            planned = opened + rng.choice([90, 240, 400], count)
            late = np.where(opened + took > planned, "late", "in time")
        made = table.assign(opened=write(opened), planned=write(planned))
        if leaks:
            made["closed"] = write(opened + took)
        part = random_part(count, rng)
        common: dict[str, Any] = {"ids": (), "part": part, **told}
        yield planted(source, made.assign(late=late), f"late by {way}", target="late", **common)
        yield planted(source, made.assign(took=took), f"took by {way}", target="took", **common)


@leak("target")
def arrival_alone(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """Flights with the moment of arrival left in, and nothing else known after departure."""
    if source.name != "flights":
        return
    for target, drop in (("late", "arr_delay"), ("arr_delay", "late")):
        for left in ("arr_time", "dep_time"):
            gone = {"dep_time", "dep_delay", "arr_time", "air_time", drop} - {left}
            made = table.drop(columns=list(gone)).drop(
                columns=["arr_delay"] if target == "late" else [], errors="ignore"
            )
            if left == "dep_time" and target == "arr_delay":
                continue
            yield planted(
                source, made, f"{target} with {left}", target=target, after=(),
                columns=[left], families=["target"],
            )  # fmt: skip
