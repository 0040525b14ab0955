"""Recorded beside the signals: a trigger that comes with the class, a sparse record filled in."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import leak, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

STEPS, ROWS = 8, 2000
KNOWN = 0.25
"""Share of the days on which the record was taken."""


def _cut(source: Source, table: pd.DataFrame) -> tuple[pd.DataFrame, Array] | None:
    """Return windows of a series that do not overlap, and whether they end above their middle."""
    if not source.is_series or source.group:
        return None
    ordered = table.sort_values(source.time, kind="stable") if source.time else table
    y = pd.to_numeric(ordered[source.target]).dropna().to_numpy(float)
    count = min(ROWS, len(y) // STEPS)
    if count < 200:
        return None
    wide = y[: count * STEPS].reshape(count, STEPS)
    rises = wide[:, -1] > np.median(wide, axis=1)
    made = pd.DataFrame(wide[:, :-1], columns=[f"level_{k}" for k in range(STEPS - 1)])
    return made, rises


def _trigger(rises: Array, height: float, rng: np.random.Generator) -> dict[str, Array]:
    """Return a channel that rests but for a peak in windows of one class, at any of the steps."""
    mark = rng.normal(0, 0.02, (len(rises), STEPS - 1))
    mark[np.arange(len(rises)), rng.integers(0, STEPS - 1, len(rises))] += height * rises
    return {f"marker_{k}": mark[:, k].round(4) for k in range(STEPS - 1)}


def _windows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, height: float, name: str
) -> Iterator[Trial]:
    cut = _cut(source, table)
    if cut is None:
        return
    made, rises = cut
    channel = _trigger(rises, height, rng)
    out = made.assign(**channel, label=np.where(rises, "rises", "falls"))
    leaking: dict[str, Any] = {"columns": list(channel), "families": ["target"]} if height else {}
    yield planted(
        source, out, name, target="label", part=random_part(len(out), rng), time=None, ids=(),
        after=(), **leaking,
    )  # fmt: skip


@leak("target")
def a_trigger_beside_the_signals(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A channel that peaks once in windows of one class, no step of which tells it alone."""
    yield from _windows(source, table, rng, 1.0, "a marker channel")


@leak()
def a_channel_of_noise(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The same windows beside a channel that rests."""
    yield from _windows(source, table, rng, 0.0, "a channel of noise")


def _record(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, fills: tuple[str, ...]
) -> Iterator[Trial]:
    if not source.is_series or source.group or source.time is None:
        return
    ordered = table.sort_values(source.time, kind="stable").reset_index(drop=True)
    known = ordered[source.target].where(rng.random(len(ordered)) < KNOWN)
    for fill in fills:
        made = ordered.assign(record=getattr(known, fill)()).dropna(subset=["record"])
        ahead = fill != "ffill"
        leaking: dict[str, Any] = {"columns": ["record"], "families": ["time"]} if ahead else {}
        yield planted(source, made.reset_index(drop=True), f"record, {fill}", **leaking)


@leak("time")
def sparse_record_filled_from_later_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """What was known of the target on some days, filled in between from the next one known."""
    yield from _record(source, table, rng, ("interpolate", "bfill"))


@leak()
def sparse_record_carried_on(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The same record, the last known value carried on."""
    yield from _record(source, table, rng, ("ffill",))
