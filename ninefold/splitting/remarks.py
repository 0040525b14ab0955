"""What people should know of a split: parts far from the sizes asked for, rows that were lost."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.problem import ProblemSpec
from ninefold.splitting.base import NAMES, TEST, VALID, SplitterSpec

FEW_ENTITIES = 5
"""Of a test part with fewer, numbers hardly speak for other entities."""
FEWEST, MOST = 0.75, 4 / 3
"""A part of less than this share of the rows asked for, or more, is told of."""
LOST = {
    "missing_time": (0.01, "have no `{time}`, and what cannot be placed in time stands in no part"),
    "gap": (0.2, "lie in the gaps before the parts (split.gap, else problem.horizon)"),
    "border": (0.2, "lie at the borders of blocks (split.gap, else problem.horizon)"),
    "entity_of_another_part": (
        1 / 3,
        "are left out because their entity of {group} stands in another part; `kind: time` keeps "
        "them, for entities that the model may know",
    ),
    "entity_not_in_train": (1 / 3, "are left out because train does not know their {group}"),
    "class_not_in_train": (0.0, "are of classes that train lacks: no model could name them"),
    "not_in_split_file": (0.01, "are not named by the split file"),
}
"""Share of all rows from which on the loss is told of, and how, by its reason."""
NAMELESS = 0.01
"""The same for rows without an entity."""


def remarks(
    manifest: Mapping[str, Any], spec: SplitterSpec, problem: ProblemSpec, unit: Array, alone: int
) -> list[str]:
    """Return sentences about a split, each to be shown as a warning.

    Args:
        manifest: what is known of it: parts, rows.
        spec: the kind that split.
        problem: roles.
        unit: numbers of the rows that had to stay together `(N,)`.
        alone: rows without an entity.
    """
    said = [*_classes(manifest["parts"], problem)]
    if spec.kind != "given":
        said += _sizes(manifest["parts"], spec, problem, unit)
    said += _lost(manifest["rows"], problem)
    if not manifest["folds"]["pairs"]:
        said.append("there are no folds inside train: models are compared on valid and test alone")
    entities = manifest["parts"]["test"].get("entities", FEW_ENTITIES)
    if spec.keeps_entities_together and entities < FEW_ENTITIES:
        who = f"{entities} of {', '.join(problem.group)}"
        said.append(f"the test part holds only {who}: its numbers hardly speak for others")
    if spec.keeps_entities_together and alone > NAMELESS * len(unit):
        who = ", ".join(problem.group)
        said.append(
            f"{_of(alone, len(unit))} have no {who} and count as entities of their own: two of "
            "them may be of one, on both sides of the split"
        )
    return said


def _classes(parts: Mapping[str, Any], problem: ProblemSpec) -> Iterator[str]:
    """Say which parts lack classes."""
    if problem.task != "classification" or problem.also:
        return
    full = parts["train"]["target"]["class_count"]
    for name, part in parts.items():
        if part["target"]["class_count"] < full:
            yield f"the {name} part has {part['target']['class_count']} of {full} classes"


def _sizes(
    parts: Mapping[str, Any], spec: SplitterSpec, problem: ProblemSpec, unit: Array
) -> Iterator[str]:
    """Say which parts are far from the size asked for, and what the rows are bound by."""
    for code, asked in ((VALID, spec.valid_size), (TEST, spec.test_size)):
        name = NAMES[code]
        share = parts[name]["share"]
        if not FEWEST * asked <= share <= MOST * asked:
            yield (
                f"the {name} part has {share:.0%} of the rows, where split.{name}_size asks for "
                f"{asked:.0%}{_bound(spec, problem, unit)}"
            )


def _bound(spec: SplitterSpec, problem: ProblemSpec, unit: Array) -> str:
    if spec.follows_time:
        also = " and entities of several parts" if spec.keeps_entities_together else ""
        return f": rows of one `{problem.time}` stay together; gaps{also} take rows away"
    largest = np.bincount(np.unique(unit, return_inverse=True)[1]).max() / len(unit)
    if not spec.places_rows and largest > min(spec.valid_size, spec.test_size) / 4:
        who = f"the largest of {', '.join(problem.group)}" if problem.group else "the largest set"
        return f": {who} that must stay together has {largest:.0%}"
    return ""


def _lost(rows: Mapping[str, Any], problem: ProblemSpec) -> Iterator[str]:
    """Say which rows stand in no part, where they are many or the reason is unexpected."""
    for reason, count in rows["dropped"].items():
        least, words = LOST.get(reason, (1.0, ""))
        if words and count > least * rows["total"]:
            told = words.format(time=problem.time, group=", ".join(problem.group))
            yield f"{_of(count, rows['total'])} {told}"


def _of(count: int, total: int) -> str:
    rows = "row" if count == 1 else "rows"
    return f"{count:,} {rows} ({count / total:.1%})"
