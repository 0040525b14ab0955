"""Values that name their row."""

from collections.abc import Iterator

import numpy as np

from expectations.sample import Rule, Sample, rule
from ninefold.columns import Array, Column

ORDER = 30
MIN_ROWS = 50
MAX_LENGTH = 64
"""Longer texts differ because they are long, not because they name something."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect declared identifiers, and texts without spaces, to stay different if they were."""
    for column in sample.columns:
        values = sample.present(column.name)
        is_id = "id" in column.roles
        if len(values) < (2 if is_id else MIN_ROWS) or not (is_id or _is_name(column, values)):
            continue
        if len(np.unique(values)) == len(values):
            because = f"an identifier: {len(values)} values, no two alike"
            yield rule("expect_column_values_to_be_unique", "warn", because, column=column.name)


def _is_name(column: Column, values: Array) -> bool:
    return column.kind in ("category", "text") and all(
        len(text) <= MAX_LENGTH and not any(c.isspace() for c in text) for text in values[:MIN_ROWS]
    )
