"""Enough rows: what twice as many would have bought when the suite was drafted."""

from collections.abc import Iterator

import numpy as np

from expectations.margins import outwards
from expectations.sample import Rule, Sample, rule
from ninefold.exploration.learning_curve import WORDS, learning_curve
from ninefold.exploration.view import as_numbers

ORDER = 70
MAX_COLUMNS, MAX_CLASSES = 60, 10
"""More of either would make each validation wait for its learners."""
LEAST, MOST = 0.02, 0.2
"""Gain that no rule warns of, and limit so wide that a rule would say nothing."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect twice the rows to buy hardly more than the train rows say, within their error."""
    problem = sample.problem
    target = problem.target
    if not problem.learns_target or target not in sample.values:
        return
    ignored = [c.name for c in sample.columns if c.roles & {"id", "after"} and c.name != target]
    inputs = [c for c in sample.columns if c.name != target and c.name not in ignored]
    is_sorting = problem.task == "classification"
    known = ~sample.missing[target]
    if not is_sorting:
        known &= np.isfinite(sample.values[target])
    if not 0 < len(inputs) <= MAX_COLUMNS or not known.any():
        return
    y = np.unique(sample.values[target][known], return_inverse=True)
    if is_sorting and len(y[0]) > MAX_CLASSES:
        return
    X = np.column_stack([as_numbers(c, sample.values[c.name])[known] for c in inputs])
    goal = y[1] if is_sorting else sample.values[target][known]
    found = learning_curve(X, goal, "classification" if is_sorting else "regression")
    if found is None:
        return
    gain, low, high = (found["doubled"][key] for key in ("gain", "low", "high"))
    most = outwards(max(LEAST, gain + 2 * (high - low)), 1)
    if most <= MOST:
        because = (
            f"twice the {len(X)} train rows would have bought about {max(gain, 0):.3f} "
            f"{WORDS[found['metric']]} ({low:.3f} to {high:.3f})"
        )
        yield rule("expect_table_to_be_large_enough", "warn", because, target=target,
                   task="classification" if is_sorting else "regression", max_gain=most,
                   **({"ignore": ignored} if ignored else {}))  # fmt: skip
