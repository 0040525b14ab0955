"""encoding: means of the target without the row itself, in a table that lacks what they are by."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._resolution import resolution
from ninefold.leakage.case import Case, Check, Finding, known_after

ROWS, MIN_ROWS = 2000, 200
"""Rows next to each other in the order of the feature that are looked at; the rows of a group lie
close together there."""
FINE = 1e-3
"""Grid of a feature, in standard deviations, up to which it looks computed."""
SIZES = range(3, 301)
"""Other rows in a group, with what an encoder adds to them."""
ALIKE = 5
"""Rows that must lie on one line."""
ONE_LINE = 0.999
"""Correlation of a feature that is the target itself, turned round."""
MOST, BY_CHANCE = 0.5, 0.1
"""Share of rows on such lines, and share on lines that rise as steeply, at most that of the first.
"""


class LeftOutMeansCheck(Check):
    """Features that are the mean target of the other rows of a group that no column names.

    Within a group of n rows whose targets sum to S the feature is (S - y) / (n - 1): its rows lie
    on a falling line of slope -1 / (n - 1), to the last digit. The null are lines of the same slope
    that rise: nothing measured tells the two apart.
    """

    family: ClassVar[str] = "encoding"
    kinds: ClassVar[tuple[str, ...]] = ("encoding.left_out",)

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.is_classification:
            return
        for name in case.inputs:
            if case.frame.column(name).kind == "number":
                found = _on_lines(case.number(name), case.y)
                if found is not None:
                    yield _finding(case, name, *found)


def _on_lines(x: Array, y: Array) -> tuple[float, float, int] | None:
    """Return the share of rows on falling lines, that on rising ones, and the rows looked at."""
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) < MIN_ROWS or len(np.unique(x)) < len(x) / 2 or len(np.unique(y)) < 2 * ALIKE:
        return None
    step = resolution(x)
    if step > FINE * x.std():
        return None
    order = np.argsort(x, kind="stable")
    first = max((len(x) - ROWS) // 2, 0)
    rows = order[first : first + ROWS]
    x, y = x[rows], y[rows]
    if y.std() == 0 or abs(np.corrcoef(x, y)[0, 1]) > ONE_LINE:
        return None
    falling = _share(x, y, step)
    if falling < MOST:
        return None
    rising = _share(x, -y, step)
    return (falling, rising, len(rows)) if rising <= BY_CHANCE * falling else None


def _share(x: Array, y: Array, step: float) -> float:
    """Return the share of rows with others enough on a line y = S - size · x."""
    met = np.zeros(len(x), dtype=bool)
    for size in SIZES:
        level = size * x + y
        order = np.argsort(level, kind="stable")
        level, target = level[order], y[order]
        near = 1.02 * size * step + 1e-9 * np.abs(level).max()
        places = np.flatnonzero(level[ALIKE - 1 :] - level[: len(level) - ALIKE + 1] <= near)
        windows = places[:, None] + np.arange(ALIKE)
        # Rows that are equal lie on every line.
        varied = (np.diff(np.sort(target[windows], axis=1), axis=1) > 0).sum(1) >= ALIKE - 2
        met[order[windows[varied].ravel()]] = True
    return float(met.mean())


def _finding(case: Case, name: str, falling: float, rising: float, rows: int) -> Finding:
    target = case.problem.target
    return Finding(
        kind="encoding.left_out",
        severity="warn",
        columns=(name,),
        evidence={
            "rows_looked_at": rows,
            "share_on_falling_lines": round(falling, 4),
            "share_on_rising_lines": round(rising, 4),
        },
        message=(
            f"`{name}` and `{target}` lie on falling lines to the last digit, in {falling:.0%} of "
            f"rows, as the mean of `{target}` over the other rows of a group does: each row's own "
            "target can be read from it. It was computed before the rows were split"
        ),
        remedy=(
            f"problem: {{available_at: {{{name!r}: after}}}}, or compute it from train rows only"
        ),
        fix=known_after([name]),
    )
