"""The registry of planted leaks: one file per family under `planted`, a function per leak.

A planter takes a source and a generator and yields one trial, or none where the leak does not fit
the table. It leaves the table honest but for the leak; `twin` is the same without it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.leakage.sources import Kind, Source
from benchmarks.leakage.trial import Array, Trial

Planter = Callable[[Source, pd.DataFrame, np.random.Generator], Iterator[Trial]]


@dataclass(frozen=True)
class Leak:
    """A planted leak (or, with no families, an honest look-alike) by name."""

    name: str
    plant: Planter
    families: frozenset[str]
    on: Kind = "table"


LEAKS: list[Leak] = []


def leak(*families: str, on: Kind = "table") -> Callable[[Planter], Planter]:
    """Register a planter; `families` are those whose finding counts, none for an honest table."""

    def register(plant: Planter) -> Planter:
        LEAKS.append(Leak(plant.__name__, plant, frozenset(families), on))
        return plant

    return register


def planted(
    source: Source,
    table: pd.DataFrame,
    name: str,
    *,
    columns: Iterable[str] = (),
    rows: Iterable[int] = (),
    pairs: Iterable[tuple[int, int]] = (),
    families: Iterable[str] = (),
    **declared: object,
) -> Trial:
    """Return a trial with what `source` declares, unless `declared` says otherwise.

    It leaks if `families` are named: those whose finding on `columns` or `rows` counts.
    """
    roles = {"time": source.time, "group": source.group, "ids": source.ids, "after": source.after}
    return Trial(
        f"{source.name}: {name}",
        table,
        columns=frozenset(columns),
        rows=frozenset(int(row) for row in rows),
        pairs=tuple((int(a), int(b)) for a, b in pairs),
        families=frozenset(families),
        **{"target": source.target, **roles, **declared},  # type: ignore[arg-type]
    )


def random_part(count: int, rng: np.random.Generator) -> Array:
    """Return a random split `(N,)` that a user brings: 75 % train, 25 % test."""
    return np.where(rng.random(count) < 0.25, "test", "train").astype(object)


def is_numeric_target(source: Source, table: pd.DataFrame) -> bool:
    """Tell whether the target is a number with many values."""
    y = table[source.target]
    return pd.api.types.is_numeric_dtype(y) and y.nunique() > 20


def numbers_of(table: pd.DataFrame, source: Source) -> list[str]:
    """Return the numeric columns with many values, without the target."""
    kept = table.drop(columns=[source.target, *source.after]).select_dtypes("number")
    return [str(name) for name in kept if kept[name].nunique() > 20]
