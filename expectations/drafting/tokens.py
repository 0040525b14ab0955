"""How many words texts have."""

from collections.abc import Iterator

import numpy as np

from expectations.margins import mostly
from expectations.sample import Rule, Sample, rule

ORDER = 75
MIN_VALUES = 50


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect texts of several words to keep about their length."""
    for column in sample.of_kind("text", "category"):
        values = sample.present(column.name)
        if len(values) < MIN_VALUES or len(np.unique(values)) < MIN_VALUES:
            continue
        words = np.array([len(text.split()) for text in values])
        if np.median(words) < 2:
            continue
        low, high = int(words.min()), int(words.max())
        yield rule("expect_column_values_to_have_tokens_between", "warn",
                   f"had {low} to {high} words, {np.median(words):.0f} in the middle",
                   column=column.name, min_value=low and max(1, low // 4), max_value=2 * high,
                   mostly=mostly(0, len(values)))  # fmt: skip
