"""Copies with more changed than one cell, texts edited in part, copies in tables of few values."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import leak, planted, random_part
from benchmarks.leakage.planted.rows import rounded
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial


def _distinct(source: Source, table: pd.DataFrame) -> pd.DataFrame | None:
    """Return the rows told apart by their features, without the others; None if few are left."""
    names = [c for c in table if c not in (source.target, *source.after)]
    kept = table.drop_duplicates(names).reset_index(drop=True)
    if source.time or source.is_series or len(names) < 5 or len(kept) < 0.8 * len(table):
        return None
    return kept


def _edited(rows: pd.DataFrame, table: pd.DataFrame, names: list[str], cells: int,
            rng: np.random.Generator) -> pd.DataFrame:  # fmt: skip
    """Return rows with some cells taken from other rows, each other than it was."""
    out = rows.astype(object).copy()
    for place in range(len(out)):
        for name in rng.choice(names, cells, replace=False):
            others = table[name][table[name] != out.iloc[place][name]].dropna()
            if len(others):
                at = list(out).index(str(name))
                out.iat[place, at] = others.iloc[int(rng.integers(len(others)))]
    return out.astype(table.dtypes.to_dict())


@leak("rows")
def copies_with_changed_cells(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Train rows put into test after one or two cells were changed, or numbers rounded as well."""
    kept = _distinct(source, table)
    if kept is None:
        return
    names = [str(c) for c in kept if c not in (source.target, *source.after)]
    for cells, share in ((1, 0.04), (1, 0.1), (2, 0.05)):
        for rough in (False, True):
            part = random_part(len(kept), rng)
            count = max(10, int(share * len(kept)))
            origin = rng.choice(np.flatnonzero(part == "train"), count, replace=False)
            made = _edited(kept.iloc[origin], kept, names, cells, rng)
            made = rounded(made, source, kept, rng) if rough else made
            out = pd.concat([kept, made], ignore_index=True)
            told = f"{cells} cells of {share:.0%}{', rounded' if rough else ''}, put into test"
            yield planted(
                source, out, told, families=["rows"], rows=range(len(kept), len(out)),
                part=np.concatenate([part, np.full(count, "test", object)]),
            )  # fmt: skip


TEXT = """
the a one this that every old new small large red blue green broken clean cheap fine late early
first last order parcel invoice screen battery engine door window customer driver shop street
letter phone cable printer garden water river mountain train bus ticket price color arrived
left failed works stopped leaks shines rings prints opened closed asks writes waits because
while after before without under over near behind again never always often slowly
"""
WORDS = TEXT.split()


def _texts(count: int, rng: np.random.Generator) -> tuple[list[list[str]], Array]:
    """Return texts of 12 to 40 words and the class that some of their words depend on."""
    y = rng.random(count) < 0.4
    weight = np.exp(rng.normal(0, 0.8, (2, len(WORDS))))
    weight /= weight.sum(axis=1, keepdims=True)
    texts = [list(rng.choice(WORDS, rng.integers(12, 40), p=weight[int(c)])) for c in y]
    return texts, y


def _rewritten(words: list[str], share: float, rng: np.random.Generator) -> list[str]:
    """Replace some words, drop one, and add one."""
    out = list(words)
    for place in np.flatnonzero(rng.random(len(out)) < share):
        out[place] = str(rng.choice(WORDS))
    out.pop(int(rng.integers(len(out))))
    out.insert(int(rng.integers(len(out))), str(rng.choice(WORDS)))
    return out


def text_table(source: Source, rng: np.random.Generator) -> pd.DataFrame | None:
    """Return real texts with a target, or made ones; None where the source has no part in it."""
    if source.name not in ("wine", "penguins", "hmda"):
        return None
    texts, y = _texts({"wine": 600, "penguins": 1200, "hmda": 3000}[source.name], rng)
    return pd.DataFrame(
        {
            "text": [" ".join(words).capitalize() + "." for words in texts],
            "length": [len(words) for words in texts],
            "label": np.where(y, "complaint", "praise"),
        }
    )


@leak("rows")
def edited_texts(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """Texts of train in test with some words changed; or all over the table, split at random."""
    made = text_table(source, rng)
    if made is None:
        return
    for share in (0.05, 0.15, 0.25):
        for appended in (True, False):
            count = len(made) // 12
            part = random_part(len(made), rng)
            pool = np.flatnonzero(part == "train") if appended else np.arange(len(made))
            origin = rng.choice(pool, count, replace=False)
            new = made.iloc[origin].copy()
            new["text"] = [" ".join(_rewritten(t.split(), share, rng)) for t in new["text"]]
            new["length"] = [len(t.split()) for t in new["text"]]
            out = pd.concat([made, new], ignore_index=True)
            extra = np.full(count, "test", object) if appended else random_part(count, rng)
            part = np.concatenate([part, extra])
            rows = np.arange(len(made), len(out))
            pairs = np.concatenate(
                [rows[part[rows] != part[origin]], origin[part[rows] != part[origin]]]
            )
            told = f"{share:.0%} of words, {'in test' if appended else 'all over'}"
            yield planted(
                source, out, told, target="label", families=["rows"], ids=(), group=(), after=(),
                rows=pairs[part[pairs] == "test"], part=part,
            )  # fmt: skip


@leak()
def honest_texts(source: Source, table: pd.DataFrame, rng: np.random.Generator) -> Iterator[Trial]:
    """The same texts; and texts that begin and end alike, as letters do."""
    made = text_table(source, rng)
    if made is None:
        return
    part = random_part(len(made), rng)
    roles: dict[str, Any] = {"ids": (), "group": (), "after": (), "part": part, "target": "label"}
    yield planted(source, made, "texts", **roles)
    letter = (
        "Dear customer service, I write to you as I have a question of my order. " + made["text"]
    )
    letter += (
        " I hope to hear from you soon and thank you for your help. With kind regards, a customer"
    )
    yield planted(source, made.assign(text=letter), "letters", **roles)
