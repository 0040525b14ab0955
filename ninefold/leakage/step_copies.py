"""target: a channel or word of a step that gives its label, as another column of labels would."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Check, Finding
from ninefold.sequences import channels, holds_words, labels_of_steps, recipe, words_of

MIN_STEPS, STEPS = 200, 200_000
"""Labelled steps that are asked for, and that are looked at."""
PER_LABEL = 3
"""Values for each label up to which a column is one of labels: words of a language are far more."""
SURE, USUAL = 0.98, 0.9
"""Share of the steps whose label the value gives; share of the commonest label at most."""


class StepCopiesCheck(Check):
    """Columns with few values each of which goes with one label, step by step.

    A second annotation of the same steps, such as a coarser tag, is mostly not there when new
    sequences are to be labelled.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.step_copy",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.problem.task != "tagging":
            return
        labels = [labels_of_steps(cell) or [] for cell in case.frame[case.problem.target]]
        for name, column, cells in _told(case):
            share = _given(cells, labels)
            if share >= SURE:
                yield _finding(case, name, column, share)


def _told(case: Case) -> Iterator[tuple[str, str, list[Any]]]:
    """Yield what stands at the steps of each row: its name, its column, and values a row."""
    for name in case.inputs:
        if holds_words(case.frame.column(name).format):
            yield name, name, [words_of(text) for text in case.frame[name]]
    for name, cells in case.tensors.items():
        if len(cells) and cells[0].dtype == np.float64:
            for place, channel in enumerate(_names(case, name, cells)):
                yield channel, name, [cell[:, place].tolist() for cell in cells]


def _names(case: Case, name: str, cells: Array) -> tuple[str, ...]:
    depth, format = cells[0].shape[1], case.formats.get(name)
    found = channels(format) if format else ()
    return found if len(found) == depth else tuple(f"channel {i + 1}" for i in range(depth))


def _given(cells: list[Any], labels: list[list[str | None]]) -> float:
    """Return the share of labelled steps whose label the commonest one of the value is; 0 where
    there are too few steps, too many values, or one label nearly alone.
    """
    counts: dict[Any, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    for own, said in zip(cells, labels, strict=True):
        for value, label in zip(own, said, strict=False):
            if label is not None and value == value:
                counts[value][label] += 1
                total[label] += 1
        if total.total() > STEPS:
            break
    steps = total.total()
    if steps < MIN_STEPS or len(counts) > PER_LABEL * len(total):
        return 0.0
    if max(total.values()) > USUAL * steps:
        return 0.0
    return sum(max(found.values()) for found in counts.values()) / steps


def _finding(case: Case, name: str, column: str, share: float) -> Finding:
    return Finding(
        kind="target.step_copy",
        severity="warn",
        columns=(name,),
        evidence={"sequence": column, "share": round(share, 6)},
        message=(
            f"`{name}` has few values, and at {share:.1%} of the steps it gives "
            f"`{case.problem.target}`: it is another way to write the label, or comes from whoever "
            "labelled the steps"
        ),
        remedy=f"unless new sequences come with it, leave it out: `ingest: {{drop: [{name}]}}`",
        fix=((("ingest", "drop"), [name]),) if _can_be_dropped(case, column) else (),
    )


def _can_be_dropped(case: Case, column: str) -> bool:
    """Tell whether the steps come from a long table, which a column can be left out of."""
    format = case.formats.get(column) or case.frame.column(column).format
    return format is not None and "entity" in recipe(format)
