"""A number that training never had and that reads like a code: 0, -1, -999 or 9999 for a gap."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ninefold.clues import CODES, NEGATIVE
from ninefold.columns import Array

LEAST = 3
SHARE = 0.002
"""So many of the rows at least have it."""


def gap_code(name: str, content: Mapping[str, Any], values: Array) -> dict[str, Any] | None:
    """Compare how often `values (N,)` are a code out of the range of training, where none was.

    Fisher's exact test against none of the train rows. Where values go on beyond the range, none is
    a code.
    """
    from scipy.stats import fisher_exact

    low, high = float(content["quantiles"][0]), float(content["quantiles"][-1])
    levels, counts = np.unique(values[(values < low) | (values > high)], return_counts=True)
    sides = [levels < low, levels > high]
    most = {side: counts[is_there].sum() / 2 for side, is_there in zip("<>", sides, strict=True)}
    codes = [
        (int(count), float(level))
        for level, count in zip(levels.tolist(), counts.tolist(), strict=True)
        if level in (NEGATIVE if level < low else CODES) and count > most["<>"[level > high]]
    ]
    if not codes:
        return None
    count, code = max(codes)
    before, share = int(content["present"]), count / len(values)
    p = float(fisher_exact([[0, before], [count, len(values) - count]]).pvalue)
    nearest = f"the least was {low:.6g}" if code < low else f"the largest was {high:.6g}"
    said = "" if code == 0 else " Then name it in ingest.missing"
    return {
        "column": name, "what": "code", "test": "rates", "p": p, "size": share, "before": 0.0,
        "now": share, "is_large": count >= LEAST and share >= SHARE,
        "message": f"`{name}` is {code:.15g} in {count} of {len(values)} rows, in training never "
        f"({nearest}): a code for a missing value?{said}",
    }  # fmt: skip
