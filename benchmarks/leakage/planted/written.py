"""Written with the outcome in view: numbers and words in notes, and gaps of a whole form."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import is_numeric_target, leak, planted
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

WORDS = np.array([a + b for a in "bdfgklmnprst" for b in ("a", "el", "in", "or", "ut", "ish")])
SAID = 0.85
"""Share of the notes that name the class."""
QUESTIONS, OPEN = 5, (0.12, 0.5)
"""Columns of a form, and the shares of them left open after either outcome."""


def _notes(count: int, rng: np.random.Generator) -> list[str]:
    return [" ".join(rng.choice(WORDS, rng.integers(12, 30))) for _ in range(count)]


def _known(source: Source, table: pd.DataFrame) -> pd.DataFrame:
    return table.dropna(subset=[source.target]).reset_index(drop=True)


def _rare(source: Source, table: pd.DataFrame) -> Array:
    y = table[source.target]
    return np.asarray(y == y.value_counts().idxmin())


@leak("target")
def outcome_in_notes(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """The number itself in a note, or who handled a class as the note's last words."""
    table = _known(source, table)
    notes = _notes(len(table), rng)
    if is_numeric_target(source, table):
        told = [f"settled at {y:.6g} {n}" for y, n in zip(table[source.target], notes, strict=True)]
        kind = "number"
    else:
        by = np.where(_rare(source, table) & (rng.random(len(table)) < SAID), "desk", "office")
        told = [f"{note} handled by {who}" for note, who in zip(notes, by, strict=True)]
        kind = "last word"
    made = table.assign(note=told)
    yield planted(source, made, f"{kind} in notes", columns=["note"], families=["target"])


@leak()
def notes_of_nothing(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Notes with numbers and last words that have nothing to do with the outcome."""
    table = _known(source, table)
    by = rng.choice(["desk", "office"], len(table))
    notes = zip(rng.integers(0, 9999, len(table)), _notes(len(table), rng), by, strict=True)
    made = table.assign(note=[f"ticket {n} {note} handled by {who}" for n, note, who in notes])
    yield planted(source, made, "honest notes")


@leak("missing")
def forms_filled_in_later(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """Several answers, each missing somewhat oftener unless one outcome came."""
    table = _known(source, table)
    if is_numeric_target(source, table):
        return
    share = np.where(_rare(source, table), *OPEN)
    names = [f"answer {n + 1}" for n in range(QUESTIONS)]
    answers = {
        name: np.where(rng.random(len(table)) < share, np.nan, rng.integers(1, 6, len(table)))
        for name in names
    }
    made = table.assign(**answers)
    yield planted(source, made, "answers left open", columns=names, families=["missing"])
