"""Numbers that go with the month of the year: do fresh rows lie where those months of training did?

Winter in another unit may look like summer; beside other winters it does not.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ninefold.clues import of_unit
from ninefold.columns import Array, Frame, is_missing

YEAR = 330 * 86_400_000_000
"""Microseconds that training must last for its months to be all of a year, or nearly."""
LEAST, TOLD, ROOM = 10, 0.5, 0.25
"""Rows of a month, the share of a column's spread that months must tell, and what is left around
their range, as a share of it."""
MOST = 0.5
"""Where no more of the rows lie elsewhere, they may be unusual ones."""


def month_ranges(values: Array, when: Array) -> dict[str, list[float]]:
    """Return the range of numbers `(N,)` in each month of the year, where it depends on that.

    `when (N,)` is microseconds since 1970, NaN where it is missing.
    """
    known = np.isfinite(values) & np.isfinite(when)
    if not known.any() or np.ptp(when[known]) < YEAR or np.ptp(values[known]) == 0:
        return {}
    values, months = values[known], _months(when[known])
    counts = np.bincount(months, minlength=12)
    means = np.bincount(months, values, 12) / np.maximum(counts, 1)
    if means[months].var() < TOLD * values.var():
        return {}
    inside = {str(m): values[months == m] for m in range(12) if counts[m] >= LEAST}
    return {month: [float(v.min()), float(v.max())] for month, v in inside.items()}


def season(content: Mapping[str, Any], fresh: Frame, time: str) -> dict[str, Any] | None:
    """Compare numbers with the ranges of their months; only what another unit explains is told."""
    from scipy.stats import binom

    name = str(content["name"])
    if not content.get("months") or time not in fresh.data:
        return None
    gone = is_missing(fresh.column(time).kind, fresh[time])
    when = np.where(gone, np.nan, fresh[time].astype(np.float64))
    values = fresh[name].astype(np.float64)
    known = np.isfinite(values) & np.isfinite(when)
    ranges = [content["months"].get(str(m)) for m in _months(when[known]).tolist()]
    told = np.array([item is not None for item in ranges], dtype=bool)
    if not told.any():
        return None
    values = values[known][told]
    low, high = np.array([item for item in ranges if item is not None]).T
    room = ROOM * (high - low)
    beyond = (values < low - room) | (values > high + room)
    count, rows = int(beyond.sum()), len(values)
    clue = of_unit(values, low - room, high + room) if count > MOST * rows else ""
    return {
        "column": name, "what": "season", "test": "rates", "before": 0.0, "now": count / rows,
        "p": float(binom.sf(count - 1, rows, 1 / int(content["present"]))) if count else 1.0,
        "size": count / rows, "is_large": bool(clue),
        "message": f"`{name}` lies elsewhere than in the same months of training, in {count} of "
        f"{rows} rows: half of them are at most {np.quantile(values, 0.5, method='lower'):.6g}, "
        f"in training from {low.min():.6g} to {high.max():.6g}"
        + f"; {clue}" * bool(clue),
    }  # fmt: skip


def _months(micros: Array) -> Array:
    """Return the month of the year of times `(N,)`, from 0."""
    return np.asarray(
        micros.astype(np.int64).astype("M8[us]").astype("M8[M]").astype(np.int64) % 12
    )
