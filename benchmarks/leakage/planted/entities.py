"""Rows of one entity on both sides of a split, declared or not, and honest groups beside them."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import is_numeric_target, leak, numbers_of, planted, random_part
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

NAMES: dict[str, Callable[[int], object]] = {
    "patient": lambda i: f"P{i:05d}",
    "household": lambda i: int(i),
    "plate": lambda i: f"{'ABCDEFGHKL'[i % 10]}{'XYZWVUTSRQ'[i // 10 % 10]}-{i * 37 % 9000 + 1000}",
}


def _visits(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, most: int, rows: int
) -> tuple[pd.DataFrame, Array]:
    """Let some rows come back, measured anew: numbers vary, categories and the target stay."""
    table = table.dropna(subset=[source.target]).drop_duplicates()
    base = table.sample(min(len(table), max(40, rows // most)), random_state=2)
    times = rng.integers(2, most + 1, len(base))
    entity = np.repeat(np.arange(len(base)), times)
    again = base.iloc[entity].reset_index(drop=True)
    for name in numbers_of(table, source):
        spread = float(table[name].std())
        again[name] = again[name].astype(float) + rng.normal(size=len(again)) * spread * 0.7
    if is_numeric_target(source, table):
        spread = float(table[source.target].std())
        again[source.target] += rng.normal(size=len(again)) * spread * 0.15
    order = rng.permutation(len(again))
    return again.iloc[order].reset_index(drop=True), entity[order]


def _seen(entity: Array, part: Array) -> frozenset[int]:
    seen = np.isin(entity, entity[part == "train"]) & (part == "test")
    return frozenset(np.flatnonzero(seen).tolist())


@leak("group")
def undeclared_entity(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A patient, household or number plate comes back; nobody declared it."""
    if source.time or source.is_series:
        return
    for most, (name, spell) in zip((3, 6, 12), NAMES.items(), strict=True):
        again, entity = _visits(source, table, rng, most, min(len(table), 2000))
        turn = rng.permutation(entity.max() + 1)
        again.insert(1, name, [spell(int(turn[i])) for i in entity])
        part = random_part(len(again), rng)
        yield planted(
            source,
            again,
            f"{name} comes back up to {most} times",
            families=["group"],
            columns=[name],
            rows=_seen(entity, part),
            part=part if most != 6 else None,
        )


@leak("group")
def entity_without_name(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """What never changes for a person (height, year of birth, post code) names the person."""
    if source.time or source.is_series:
        return
    again, entity = _visits(source, table, rng, 6, min(len(table), 2000))
    count = int(entity.max()) + 1
    again["birth_year"] = rng.integers(1930, 2005, count)[entity]
    again["height_cm"] = np.round(rng.normal(170, 9, count)).astype(int)[entity]
    again["zip"] = np.array([f"{v:05d}" for v in rng.integers(10000, 10150, count)])[entity]
    part = random_part(len(again), rng)
    yield planted(
        source,
        again,
        "entity without a name",
        families=["group"],
        columns=["birth_year", "height_cm", "zip"],
        rows=_seen(entity, part),
        part=part,
    )


@leak("group")
def dirty_names(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """Declared entities kept apart, but some written in another way in the test part."""
    if source.time or source.is_series or len(table) < 200:
        return
    table = table.dropna(subset=[source.target]).reset_index(drop=True)
    entity = rng.integers(0, len(table) // 4, len(table))
    part = np.where(entity % 4 == 0, "test", "train").astype(object)
    names = np.array([f"ID-{i:05d}" for i in entity], dtype=object)
    chosen = rng.choice(np.flatnonzero(part == "test"), 30, replace=False)
    others = rng.choice(entity[part == "train"], 30)
    ways = (lambda i: f"id-{i:05d}", lambda i: f" ID {i}", lambda i: f"Id_{i:04d}")
    names[chosen] = [ways[k % 3](int(i)) for k, i in enumerate(others)]
    yield planted(
        source,
        table.assign(customer=names),
        "dirty names",
        families=["group"],
        columns=["customer"],
        rows=chosen,
        group=("customer",),
        part=part,
    )


@leak()
def honest_groups(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """Stores with an effect and many rows; codes without one; declared entities kept apart."""
    if source.time or source.is_series:
        return
    table = table.dropna(subset=[source.target]).drop_duplicates().reset_index(drop=True)
    part = random_part(len(table), rng)
    y = pd.to_numeric(table[source.target], errors="coerce")
    if y.isna().any():
        y = pd.Series(pd.factorize(table[source.target])[0])
    strength = (y - y.mean()) / (y.std() + 1e-9) + rng.normal(size=len(y)) * 2
    store = pd.qcut(strength, 12, labels=False, duplicates="drop")
    yield planted(
        source,
        table.assign(store=[f"store {v}" for v in store]),
        "stores with an effect",
        part=part,
    )
    code = rng.integers(0, len(table) // 5, len(table))
    yield planted(
        source,
        table.assign(batch=[f"B{v}" for v in code]),
        "codes that mean nothing",
        part=part,
    )
    weak = np.round((strength - strength.min()) * len(table) / 60).astype(int)
    yield planted(
        source,
        table.assign(score=weak),
        "a weak measure of few digits",
        part=part,
    )
    whole = np.where(code % 4 == 0, "test", "train").astype(object)
    yield planted(
        source,
        table.assign(batch=[f"B{v}" for v in code]),
        "declared entities kept apart",
        group=("batch",),
        part=whole,
    )
