"""Split by entity and time: later rows, of entities that are new, or known, to the model."""

from dataclasses import replace
from typing import Literal

import numpy as np

from ninefold.columns import Array
from ninefold.errors import InputError
from ninefold.problem import ProblemSpec
from ninefold.splitting.base import NONE, TRAIN, Assignment, Glance, Plan, Rows, SplitterSpec
from ninefold.splitting.group import check_declared
from ninefold.splitting.time import TimeSplitSpec, boundaries, is_known, moments, stretch


class GroupTimeSplitSpec(TimeSplitSpec):
    """Train before valid before test in time, and what `entities` says of who stands in them.

    An entity with rows in several periods keeps those of one period; the others are left out and
    counted. Folds expand in time and keep to the same rule.
    """

    kind: Literal["group_time"] = "group_time"  # type: ignore[assignment]
    entities: Literal["unseen", "seen"] = "unseen"
    """unseen: no entity of valid or test stands in another part. seen: valid and test hold later
    rows of entities that train knows."""

    @property
    def keeps_entities_together(self) -> bool:
        return self.entities == "unseen"

    @property
    def like(self) -> str:
        return "time"

    def resolve(
        self, problem: ProblemSpec, glance: Glance | None = None
    ) -> tuple[SplitterSpec, str]:
        check_declared(problem, self.kind)
        super().resolve(problem, glance)
        who = ", ".join(problem.group)
        new = "that are new" if self.entities == "unseen" else "the model knows"
        return self, f"later rows by {problem.time}, of entities of {who} {new}"

    def assign(self, rows: Rows) -> Assignment:
        entity = rows.unit if rows.entity is None else rows.entity
        by_time = super().assign(rows)
        time, part = moments(rows), by_time.part.copy()
        cuts = by_time.notes["boundaries"]
        period = stretch(time, cuts)
        used = part != NONE
        if self.entities == "seen":
            known = np.isin(entity, entity[part == TRAIN])
            dropped, why = used & ~known, "entity_not_in_train"
        else:
            shares = (1 - self.valid_size - self.test_size, self.valid_size, self.test_size)
            home = _homes(entity, period, used, np.array(shares), self.seed)
            dropped, why = used & (home != period), "entity_of_another_part"
        part[dropped] = NONE
        return Assignment(part, {**by_time.dropped, why: dropped}, by_time.notes)

    def fold(self, rows: Rows) -> Plan:
        plan = super().fold(rows)
        entity = rows.unit if rows.entity is None else rows.entity
        used, count = plan.fold >= 0, int(plan.fold.max()) + 1
        if self.entities == "seen":
            first = np.isin(entity, entity[plan.fold == 0])
            return replace(plan, fold=np.where(used & first, plan.fold, -1))
        home = _homes(entity, plan.fold, used, np.full(count, 1 / count), self.seed + 1)
        return replace(plan, fold=np.where(used & (home == plan.fold), plan.fold, -1))


def kept_share(time: Array, entity: Array, sizes: tuple[float, float], seed: int) -> float:
    """Return the share of rows that a split of unseen entities by time would use.

    Args:
        time, entity: of each row `(N,)`.
        sizes: those of the valid and the test part.
        seed: decides where entities of several periods go.
    """
    valid, test = sizes
    known = is_known(time)
    cuts = boundaries(time[known], (1 - valid - test, 1 - test))
    if len(cuts) < 2:
        raise InputError("problem.time must hold at least three moments to split by time")
    period = stretch(time, cuts)
    home = _homes(entity, period, known, np.array((1 - valid - test, valid, test)), seed)
    return float((home == period)[known].mean())


def _homes(entity: Array, period: Array, used: Array, shares: Array, seed: int) -> Array:
    """Return the period `(N,)` whose rows each row's entity keeps.

    Entities of one period stay there. The others go, largest first, to the one of their periods
    that is filled least for its share.
    """
    _, number = np.unique(entity, return_inverse=True)
    periods = len(shares)
    counts = np.bincount(
        number[used] * periods + period[used], minlength=(number.max() + 1) * periods
    ).reshape(-1, periods)
    home = counts.argmax(axis=1)
    several = np.flatnonzero((counts > 0).sum(axis=1) > 1)
    filled = np.bincount(
        np.delete(home, several), weights=np.delete(counts.sum(axis=1), several), minlength=periods
    ).astype(np.float64)
    tie = np.random.default_rng(seed).permutation(len(several))
    for one in several[np.lexsort((tie, -counts[several].sum(axis=1)))].tolist():
        rows = counts[one]
        fill = np.where(rows > 0, (filled + rows) / shares, np.inf)
        home[one] = fill.argmin()
        filled[home[one]] += rows[home[one]]
    return np.asarray(home[number])
