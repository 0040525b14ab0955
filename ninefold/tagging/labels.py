"""Labels of steps: a cell of text holds a JSON list with a label (or null) for each step."""

import json
from collections.abc import Sequence

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.errors import ConfigError, InputError
from ninefold.problem import ProblemSpec

UNKNOWN = -1
"""Code of a step without a label, and of one that is not there."""


def sequence_of(frame: Frame) -> str:
    """Return the name of the column of sequences. Raises `ConfigError` unless there is one."""
    names = [column.name for column in frame.having("input") if column.kind == "sequence"]
    if len(names) != 1:
        raise ConfigError(
            "params.yaml: problem.task tagging must have one column of sequences, however: "
            f"{len(names)}. Read a table with one step a line: `ingest: {{kind: long_table}}`"
        )
    return names[0]


def read_labels(frame: Frame, problem: ProblemSpec) -> list[list[str | None]]:
    """Return the labels of each row's steps.

    Raises:
        ConfigError: no target is named.
        InputError: it holds something else, or another number of labels than of steps.
    """
    if not problem.target:
        raise ConfigError("params.yaml: problem.target must be given for tagging: the labels")
    steps, found = frame[sequence_of(frame)], []
    for row, (cell, sequence) in enumerate(zip(frame[problem.target], steps, strict=True)):
        try:
            labels = json.loads(cell) if cell else [None] * len(sequence)
        except (TypeError, ValueError):
            labels = None
        if not isinstance(labels, list) or len(labels) != len(sequence):
            has = f"{len(labels)} labels" if isinstance(labels, list) else repr(str(cell)[:40])
            raise InputError(
                f"target `{problem.target}` must hold a label for each of the {len(sequence)} "
                f"steps of row {int(frame.row[row])}, however: {has}. Name the column of labels in "
                "ingest.tags"
            )
        found.append([None if label is None else str(label) for label in labels])
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
    """Return codes `(N, steps)` int64; `UNKNOWN` without a label, one never seen, or a step."""
    code = {name: position for position, name in enumerate(names)}
    found = np.full((len(labels), steps), UNKNOWN, dtype=np.int64)
    for row, own in enumerate(labels):
        for step, label in enumerate(own[:steps]):
            found[row, step] = UNKNOWN if label is None else code.get(label, UNKNOWN)
    return found
