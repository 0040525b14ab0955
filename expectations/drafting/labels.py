"""The target: classes not too rare, equal inputs with equal labels."""

import math
from collections.abc import Iterator

import numpy as np

from expectations.margins import highest_rate
from expectations.sample import Rule, Sample, rule
from ninefold.exploration.twins import conflicts

ORDER = 65
MIN_ROWS = 100
MAX_CLASSES = 30
LEAST_ROWS = 20
"""Rows of a class, of which two to four come into each of valid and test."""
MAX_CONFLICTS = 0.2
"""Where more rows conflict, inputs take few values and labels are a matter of chance."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect no class rarer than half of what it was or of few rows, and few conflicts."""
    for target in sample.problem.targets:
        yield from _of_target(sample, target)


def _of_target(sample: Sample, target: str) -> Iterator[Rule]:
    problem = sample.problem
    if problem.task != "classification" or target not in sample.values or len(sample) < MIN_ROWS:
        return
    counts = np.unique(sample.present(target), return_counts=True)[1]
    if 2 <= len(counts) <= MAX_CLASSES:
        low = float(f"{counts.min() / counts.sum() / 2:.2g}")
        because = f"the rarest of {len(counts)} classes had {counts.min()} of {counts.sum()} rows"
        yield rule("expect_column_class_share_to_be_at_least", "warn", because,
                   column=target, min_value=low)  # fmt: skip
        because = f"fewer tell nothing in train, valid and test apart; {because}"
        yield rule("expect_column_class_rows_to_be_at_least", "warn", because,
                   column=target, min_value=LEAST_ROWS)  # fmt: skip
    others = {*problem.targets} - {target}
    ignored = [
        c.name
        for c in sample.columns
        if (c.roles & {"id", "after"} or c.name in others) and c.name != target
    ]
    names = [c.name for c in sample.columns if c.name != target and c.name not in ignored]
    gone = [sample.missing[name] for name in names]
    known = ~(sample.missing[target] | np.all(gone, axis=0)) if names else sample.missing[target]
    inputs = [sample.values[name][known] for name in names]
    count = int(conflicts(inputs, sample.values[target][known]).sum()) if inputs else 0
    if not inputs or count > MAX_CONFLICTS * len(sample):
        return
    most = math.ceil(2000 * highest_rate(count, len(sample))) / 1000
    because = f"{count or 'none'} of {len(sample)} rows had a twin with another {target}"
    more = {"ignore": ignored} if ignored else {}
    yield rule("expect_table_label_conflict_share_to_be_at_most", "warn", because,
               target=target, max_value=most, **more)  # fmt: skip
