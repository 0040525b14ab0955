"""Labels of steps: a cell of text holds a JSON list with a label (or null) for each step."""

import json
from collections.abc import Sequence

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.errors import ConfigError, InputError
from ninefold.problem import ProblemSpec
from ninefold.sequences import holds_words, labels_of_steps, words_of

UNKNOWN, UNSEEN = -1, -2
"""Codes of a step that has no label or is not there, and of a label that is none of those learnt:
whatever a model says there is wrong."""


def sequence_of(frame: Frame) -> str:
    """Return the name of the column of sequences, or of words of steps where there is none.

    Raises:
        ConfigError: there is neither, or several of sequences.
    """
    read = frame.having("input")
    series = [column.name for column in read if column.kind == "sequence"]
    names = series or [column.name for column in read if holds_words(column.format)]
    if len(series) > 1 or not names:
        raise ConfigError(
            "params.yaml: problem.task tagging must have one column of sequences, or some of words "
            f"of steps, however: {len(series) or 'none'}. Read a table with one step a line: "
            "`ingest: {kind: long_table}`"
        )
    return names[0]


def steps_of(frame: Frame) -> list[int]:
    """Return how many steps each row has. Raises `ConfigError`."""
    name = sequence_of(frame)
    if frame.column(name).kind == "sequence":
        return [len(sequence) for sequence in frame[name]]
    return [len(words_of(text)) for text in frame[name]]


def read_labels(frame: Frame, problem: ProblemSpec) -> list[list[str | None]]:
    """Return the labels of each row's steps.

    Raises:
        ConfigError: no target is named.
        InputError: it holds something else, or another number of labels than of steps.
    """
    if not problem.target:
        raise ConfigError("params.yaml: problem.target must be given for tagging: the labels")
    found: list[list[str | None]] = []
    for row, (cell, steps) in enumerate(zip(frame[problem.target], steps_of(frame), strict=True)):
        labels = labels_of_steps(cell or json.dumps([None] * steps))
        if labels is None or len(labels) != steps:
            has = repr(str(cell)[:40]) if labels is None else f"{len(labels)} labels"
            raise InputError(
                f"target `{problem.target}` must hold a label for each of the {steps} "
                f"steps of row {int(frame.row[row])}, however: {has}. Name the column of labels in "
                "ingest.tags"
            )
        found.append(labels)
    return found


def names_of(labels: Sequence[Sequence[str | None]]) -> tuple[str, ...]:
    """Return the labels there are, sorted. Raises `InputError` if there are not two."""
    found = sorted({label for row in labels for label in row if label is not None})
    if len(found) < 2:
        raise InputError(
            f"the train rows must have at least two labels, however: {found or 'none'}"
        )
    return tuple(found)


def encode(labels: Sequence[Sequence[str | None]], names: Sequence[str], steps: int) -> Array:
    """Return codes `(N, steps)` int64; `UNKNOWN` without a label or a step, `UNSEEN` for others."""
    code = {name: position for position, name in enumerate(names)}
    found = np.full((len(labels), steps), UNKNOWN, dtype=np.int64)
    for row, own in enumerate(labels):
        for step, label in enumerate(own[:steps]):
            found[row, step] = UNKNOWN if label is None else code.get(label, UNSEEN)
    return found
