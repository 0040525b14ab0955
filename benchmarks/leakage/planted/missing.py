"""Gaps, and values that stand for gaps, which tell the target."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import is_numeric_target, leak, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

FILLS: dict[str, float | str | None] = {
    "gaps": None, "minus one": -1.0, "999": 999.0, "zeros": 0.0, "unknown": "unknown",
}  # fmt: skip


def _positive(source: Source, table: pd.DataFrame) -> Array:
    y = table[source.target]
    if is_numeric_target(source, table):
        return np.asarray(y > y.quantile(0.7))
    return np.asarray(y == y.value_counts().idxmin())


def _filled(some: Array, fill: float | str | None, rng: np.random.Generator) -> pd.Series:
    """Return a column with values where `some`, and what stands for a gap elsewhere."""
    if isinstance(fill, str):
        return pd.Series(np.where(some, rng.choice(["web", "shop", "phone"], len(some)), fill))
    values = np.round(rng.gamma(3, 10, len(some)), 1)
    return pd.Series(np.where(some, values, np.nan if fill is None else fill))


@leak("missing", "target")
def gaps_that_tell(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Filled in exactly, mostly, or only after one outcome."""
    table = table.dropna(subset=[source.target]).reset_index(drop=True)
    positive = _positive(source, table)
    chance = rng.random(len(table))
    kinds = {
        "exactly": positive,
        "missing exactly": ~positive,
        "95 %": np.where(chance < 0.05, ~positive, positive),
        "90 %": np.where(chance < 0.1, ~positive, positive),
        "one direction": positive & (chance < 0.7),
    }
    for kind, some in kinds.items():
        for fill, value in FILLS.items():
            made = table.assign(planted=_filled(some, value, rng))
            given = rng.random() < 0.5 and source.time is None
            yield planted(
                source, made, f"{fill}, {kind}", columns=["planted"],
                families=("missing", "target"), part=random_part(len(made), rng) if given else None,
            )  # fmt: skip


@leak()
def gaps_that_inform(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Gaps that are two or three times as frequent with one outcome: honest."""
    table = table.dropna(subset=[source.target]).reset_index(drop=True)
    positive = _positive(source, table)
    for fill, value in FILLS.items():
        some = rng.random(len(table)) < np.where(positive, 0.75, 0.3)
        made = table.assign(planted=_filled(some, value, rng))
        part = random_part(len(made), rng) if source.time is None else None
        yield planted(source, made, f"{fill}, informative", part=part)


def _form(
    source: Source, table: pd.DataFrame, shares: tuple[float, float], rng: np.random.Generator
) -> Iterator[Trial]:
    """Plant a day, a reason and, in half of its rows, a note: in that share of each outcome."""
    table = table.dropna(subset=[source.target]).reset_index(drop=True)
    given = np.where(_positive(source, table), *shares)
    some = rng.random(len(table)) < given
    leaks = min(shares) < 0.1
    names = ["planted_day", "planted_reason", "planted_note"]
    for fill, most in ((np.nan, 18400), (0.0, 18400), (0.0, 18001)):
        masks = (some, some, some & (rng.random(len(table)) < 0.5))
        values = [rng.integers(18000, most, len(table)) for _ in names]
        columns = [pd.Series(np.where(m, v, fill)) for m, v in zip(masks, values, strict=True)]
        made = table.assign(**{n: c.astype(float) for n, c in zip(names, columns, strict=True)})
        yield planted(
            source, made, f"up to {most}, else {fill:g}, {shares[0]:.0%} and {shares[1]:.0%}",
            columns=names if leaks else [], families=("missing", "target") if leaks else (),
        )  # fmt: skip


@leak("missing", "target")
def a_form_filled_in_after(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Several columns of one form that hardly a row without the outcome has."""
    for shares in ((0.95, 0.03), (0.6, 0.0)):
        yield from _form(source, table, shares, rng)


@leak()
def a_form_that_informs(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A form that twice as many fill in with one outcome: honest."""
    yield from _form(source, table, (0.7, 0.35), rng)
