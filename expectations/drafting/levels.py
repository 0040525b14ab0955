"""Which levels a category has."""

from collections.abc import Iterator

import numpy as np

from expectations.margins import mostly
from expectations.sample import Rule, Sample, rule
from ninefold.columns import Array, Column, class_names

ORDER = 60
MAX_LEVELS = 30
ROWS_PER_LEVEL = 10
HALF = 0.5
"""Share of rows with a known class below which labels must be written otherwise."""
RARE = 10
"""Where a level came no oftener than this, others that are as rare may not have come at all."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect the levels seen, where they are few and came often.

    How many rows have a level that was not seen is estimated by those seen once (Good 1953).
    Classes of the target that training never saw block: no model can name them. Where some are
    rare, or the parts follow time or entities, others may honestly come, and warn; that most rows
    are of such classes blocks even then.
    """
    for column in sample.columns:
        is_target = sample.is_target(column.name) and sample.problem.task == "classification"
        is_listed = column.kind == "category" or (is_target and column.kind == "number")
        if is_listed and column.name not in sample.masked:
            yield from _set(column, sample, is_target)


def _set(column: Column, sample: Sample, is_target: bool) -> Iterator[Rule]:
    values = sample.present(column.name)
    found, counts = np.unique(values, return_counts=True)
    if not len(found) or len(found) > MAX_LEVELS or len(values) < ROWS_PER_LEVEL * len(found):
        return
    once = int((counts == 1).sum())
    is_open = bool(counts.min() <= RARE or len(found) == 1)
    share = {"mostly": mostly(once, len(values))} if is_open else {}
    because = f"{len(found)} level{'s' * (len(found) != 1)} in {len(values)} rows of training" + (
        f", {once} of them once" * bool(once)
    )
    by_lot = sample.problem.time is None and not sample.problem.group
    is_certain = is_target and not is_open and by_lot
    about = {"column": column.name, "value_set": _plain(column, found)}
    yield rule("expect_column_values_to_be_in_set", "block" if is_certain else "warn", because,
               **about, **share)  # fmt: skip
    if is_target and not is_certain:
        because = f"most rows with none of {len(found)} known classes: labels written otherwise"
        yield rule("expect_column_values_to_be_in_set", "block", because, **about, mostly=HALF)


def _plain(column: Column, found: Array) -> list[object]:
    if column.kind == "category":
        return [str(value) for value in found.tolist()]
    texts = class_names("number", found).tolist()
    return [int(t) if t.lstrip("-").isdigit() else float(t) for t in texts]
