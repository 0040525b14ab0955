"""Tests of fresh rows against the reference, corrected for how many there are."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ninefold.columns import Frame
from ninefold.describing import described
from ninefold.freshness.exchanges import tell_exchanges
from ninefold.freshness.measuring import measured
from ninefold.freshness.stretches import key, usual_sizes

ALPHA = 0.01
"""After Benjamini and Hochberg: one false alarm in a hundred of those raised."""
ROOM = 1.5
"""So many times the largest that a stretch of training showed is still like training."""
BLIND = 0.5
"""Where even so large a share of the rows could lie elsewhere by chance, rows are too few."""


def compare(reference: Mapping[str, Any], fresh: Frame) -> list[dict[str, Any]]:
    """Compare every column of the reference that the fresh rows have; worst first.

    Pictures and sequences are compared by the numbers that tell of them.

    A finding is `shifted` when it is both beyond chance (q <= 0.01) and large enough to matter:
    both, because with many rows any difference is significant. Gaps are compared by a two-sample
    test of rates, numbers by Kolmogorov-Smirnov, levels by chi-square; sizes are told as the
    population stability index. Rows of a few days are held against what stretches of training as
    short look like: see `stretches`.
    """
    from scipy.stats import false_discovery_control

    fresh = described(fresh)
    found = measured(reference, fresh)
    if found:
        adjusted = false_discovery_control([item["p"] for item in found], method="bh")
        found = [{**item, "q": float(q)} for item, q in zip(found, adjusted, strict=True)]
    usual = usual_sizes(reference, fresh)
    for item in found:
        is_unusual = item["size"] > ROOM * usual.get(key(item), 0.0)
        item["shifted"] = bool(item.pop("is_large") and is_unusual and item["q"] <= ALPHA)
    tell_exchanges(found, reference["columns"], fresh)
    return sorted(found, key=lambda item: (not item["shifted"], -item["size"], item["column"]))


def too_few(rows: int) -> str:
    """Say that so few rows can hardly be compared with training, or nothing.

    The share that must lie elsewhere to be beyond chance is that of Massart (1990) for the
    Kolmogorov-Smirnov test.
    """
    told = float(np.sqrt(np.log(2 / ALPHA) / 2 / max(rows, 1)))
    if told <= BLIND or not rows:
        return ""
    enough = int(np.ceil(np.log(2 / ALPHA) / 2 / BLIND**2))
    return (
        f"{rows} row{'s are' if rows > 1 else ' is'} too few to be compared with training: a shift "
        + (f"of less than {told:.0%} of them" if told < 1 else "of all of them")
        + f" is no more than chance. Check {enough} or more together"
    )
