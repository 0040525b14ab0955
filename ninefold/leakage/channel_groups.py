"""target.channel: columns of one name and many numbers whose peak, range or level tells a class."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._left_open import shared
from ninefold.leakage._numbered import numbered
from ninefold.leakage._scores import binned
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.power import Power, View
from ninefold.leakage.telling import INDEPENDENT_Z, SURE_AREA

MIN_STEPS, MIN_ROWS, BINS = 4, 200, 32
"""Columns of a channel, rows, and bins of what is told of them."""
LEAD = 4.0
"""How many times less a channel must leave open than all the others and each of its columns."""
TOLD: dict[str, Callable[..., Array]] = {
    "largest": np.max,
    "smallest": np.min,
    "mean": np.mean,
    "spread": np.std,
}


class ChannelGroupsCheck(Check):
    """Channels of windows in wide tables (`trig_0 … trig_23`) that carry the label.

    A trigger, a marker or a counter that was recorded beside the signals: no step of it tells the
    class, for it comes at any of them, but its peak does, far better than all other columns, and
    given the class it is tied to none of them.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.channel",)

    def findings(self, case: Case) -> Iterator[Finding]:
        power = case.power
        if not case.is_classification or power.classes < 2 or len(power.case) < MIN_ROWS:
            return
        channels = numbered(power.case, MIN_STEPS)
        for names in channels.values():
            # Alone in its table, a signal may tell what it was recorded for.
            if len(names) < len(case.inputs):
                found = _told(power, names)
                if found is not None:
                    yield _finding(case, found)


@dataclass(frozen=True)
class _Told:
    """What of which columns tells class `klass`: the score, of one column, and of all others."""

    names: tuple[str, ...]
    what: str
    area: float
    single: float
    rest: float
    z: float


def _told(power: Power, names: list[str]) -> _Told | None:
    x = np.column_stack([power.case.number(name) for name in names])
    if not np.isfinite(x).all():
        return None
    best: tuple[float, str, View, int | None] | None = None
    for what, statistic in TOLD.items():
        values: Array = np.asarray(statistic(x, axis=1))
        if np.ptp(values) > 0:
            one = power.alone(View(names[0], "value", binned(values, BINS), values))
            if one.score >= SURE_AREA and (best is None or one.score > best[0]):
                best = (one.score, what, one.view, one.klass)
    if best is None:
        return None
    area, what, view, klass = best
    single = max(power.alone(power.views_of(name)[0]).score for name in names)
    if 1 - single < LEAD * (1 - area):
        return None
    rest = power.together(set(names), klass)
    z = shared(power, view, set(names), klass)[1]
    if 1 - rest < LEAD * (1 - area) or z >= INDEPENDENT_Z:
        return None
    return _Told(tuple(names), what, area, single, rest, z)


def _finding(case: Case, found: _Told) -> Finding:
    first, last = found.names[0], found.names[-1]
    after = ", ".join(f"{name!r}: after" for name in found.names)
    return Finding(
        kind="target.channel",
        severity="warn",
        columns=found.names,
        evidence={
            "told_by": found.what,
            "rows_looked_at": len(case.power.case),
            "roc_auc": round(found.area, 4),
            "roc_auc_of_one_column": round(found.single, 4),
            "roc_auc_of_all_others": round(found.rest, 4),
            "z_of_tie_to_others": round(found.z, 1),
        },
        message=(
            f"the {found.what} of `{first}` … `{last}` tells `{case.problem.target}` (ROC area "
            f"{found.area:.3f}; one of them alone {found.single:.3f}, all other columns "
            f"{found.rest:.3f}), and given the target it is tied to nothing else: a marker of the "
            "label that was recorded beside the signals. Will it be there in use?"
        ),
        remedy=f"problem: {{available_at: {{{after}}}}}, if it is not",
        fix=known_after(found.names),
    )
