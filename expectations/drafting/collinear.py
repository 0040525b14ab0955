"""Numbers that do not repeat each other."""

from collections.abc import Iterator

import numpy as np

from expectations.margins import outwards
from expectations.sample import Rule, Sample, rule
from ninefold.exploration.collinearity import condition_number, variance_inflation
from ninefold.exploration.view import sample as some

ORDER = 4
MIN_ROWS, MAX_ROWS, MAX_COLUMNS = 200, 20_000, 60
HIGH_CONDITION, HIGH_INFLATION = 30.0, 10.0
"""Above these columns repeat each other already; that is then no news for a rule to bring."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect numbers to stay as little collinear as they are, where they are not yet."""
    names = [c.name for c in sample.of_kind("number") if not c.roles & {"id"}]
    names = [name for name in names if len(np.unique(sample.present(name))) > 1]
    if len(sample) < MIN_ROWS or not 3 <= len(names) <= MAX_COLUMNS:
        return
    X = np.column_stack([sample.values[name] for name in names])[some(len(sample), MAX_ROWS)]
    X = np.where(np.isfinite(X), X, np.nan)
    ids = [c.name for c in sample.columns if c.roles & {"id"} and c.kind == "number"]
    ignored = {"ignore": ids} if ids else {}
    condition, inflation = condition_number(X), float(variance_inflation(X).max())
    if condition < HIGH_CONDITION:
        because = f"the {len(names)} number columns had {condition:.3g}; above 30 they repeat"
        most = outwards(max(HIGH_CONDITION, 2 * condition), 1)
        type_ = "expect_table_condition_number_to_be_at_most"
        yield rule(type_, "warn", because, max_value=most, **ignored)
    if inflation < HIGH_INFLATION:
        because = f"the most that others tell of a column was {1 - 1 / inflation:.0%}"
        most = outwards(max(HIGH_INFLATION, 2 * inflation), 1)
        type_ = "expect_table_variance_inflation_to_be_at_most"
        yield rule(type_, "warn", because, max_value=most, **ignored)
