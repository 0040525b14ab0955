"""A number that comes far oftener than it did: 0, a code or the middle, where cells were filled."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ninefold.clues import CODES, NEGATIVE
from ninefold.columns import Array

LEAST, TIMES = 5, 3
"""So many rows at least have it, and it comes so many times as often as in training."""
FEW = 5
"""Where values are so few, shares of each are compared already."""
MODERATE = 0.1
"""Population stability index of having the value or not, from which it is worth a word."""


def spike(name: str, content: Mapping[str, Any], values: Array) -> dict[str, Any] | None:
    """Compare how often `values (N,)` are what a gap is filled with: 0, a code, the train median.

    Held against the highest share that the quantiles of training allow. Other values are none of
    its business: those of an entity that training did not have come oftener, too.
    """
    from scipy.stats import fisher_exact

    known = np.array(content["quantiles"])
    levels, counts = np.unique(values, return_counts=True)
    fills = {0.0, float(known[len(known) // 2])} | CODES | NEGATIVE
    at = [n for n, level in enumerate(levels.tolist()) if level in fills]
    if not at or len(np.unique(known)) <= FEW:
        return None
    shares = {n: (int((known == levels[n]).sum()) + 1) / len(known) for n in at}
    best = max(at, key=lambda n: counts[n] / len(values) - shares[n])
    count, before, level = int(counts[best]), shares[best], float(levels[best])
    now, present = count / len(values), int(content["present"])
    had = round(before * present)
    p = float(fisher_exact([[had, present - had], [count, len(values) - count]]).pvalue)
    size = max(0.0, (now - before) * float(np.log(now / before)))
    return {
        "column": name, "what": "spike", "test": "rates", "p": p, "size": size, "before": before,
        "now": now,
        "is_large": count >= LEAST and now >= TIMES * before and size >= MODERATE,
        "message": f"`{name}` is {level:.15g} in {count} of {len(values)} rows ({now:.0%}), in "
        f"training in at most {before:.1%}: filled where a value was missing?",
    }  # fmt: skip
