"""How many words texts have."""

import math
from collections.abc import Iterator

import numpy as np

from expectations.margins import reach
from expectations.sample import Rule, Sample, rule

ORDER = 75
MIN_VALUES = 50


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect texts of several words to keep about their length; a heavy tail goes on."""
    for column in sample.of_kind("text", "category"):
        values = sample.present(column.name)
        if len(values) < MIN_VALUES or len(np.unique(values)) < MIN_VALUES:
            continue
        words = np.array([len(text.split()) for text in values])
        if np.median(words) < 2:
            continue
        low, high = int(words.min()), int(words.max())
        least, most = (
            low and max(1, low // 4),
            max(2 * high, math.ceil(reach(words.astype(np.float64)))),
        )
        yield rule("expect_column_values_to_have_tokens_between", "warn",
                   f"had {low} to {high} words, {np.median(words):.0f} in the middle",
                   column=column.name, min_value=least, max_value=most)  # fmt: skip
