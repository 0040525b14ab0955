"""Pictures that show nothing: black, white, or of any other single colour."""

from collections.abc import Iterator

import numpy as np

from expectations.sample import Rule, Sample, rule

ORDER = 45
TYPE = "expect_column_values_to_be_at_least"
FAINTEST = 1
"""Spread of the pixels, of 255 steps, below which nobody sees a thing."""
MANY = 0.1
"""Where a larger share of the pictures is of one colour, that is how they are."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect pictures with some contrast; where a few of training have none, it shall fail."""
    for name in sample.pictures:
        column = f"{name} contrast"
        values = sample.present(column)
        blank = int((values[np.isfinite(values)] < FAINTEST).sum())
        if not len(values) or blank > MANY * len(values):
            continue
        because = (
            f"{blank} of {len(values)} pictures of training show one colour and nothing else"
            if blank
            else f"none of {len(values)} pictures of training was of one colour"
        )
        yield rule(TYPE, "warn", because, column=column, min_value=FAINTEST)
