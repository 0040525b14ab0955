"""The kind of split that the problem asks for."""

from typing import Literal

import numpy as np

from ninefold.columns import Array
from ninefold.problem import ProblemSpec
from ninefold.splitting.base import Glance, SplitterSpec
from ninefold.splitting.group import GroupSplitSpec
from ninefold.splitting.group_time import GroupTimeSplitSpec, kept_share
from ninefold.splitting.random import RandomSplitSpec
from ninefold.splitting.stratified import StratifiedSplitSpec
from ninefold.splitting.stratified_group import StratifiedGroupSplitSpec
from ninefold.splitting.time import TimeSplitSpec, is_known

MIN_KEPT = 2 / 3
"""A split by entity and time that would use fewer rows gives way to one by time alone."""


FEW = 10
"""Of fewer entities none is held back where time divides the rows."""


class AutoSplitSpec(SplitterSpec):
    """By time if the problem has a time, by entity if it has a group, by both if entities come and
    go, else stratified; random where there is no target.
    """

    kind: Literal["auto"] = "auto"

    def resolve(
        self, problem: ProblemSpec, glance: Glance | None = None
    ) -> tuple[SplitterSpec, str]:
        settings = self.model_dump(exclude={"kind"})
        who = ", ".join(problem.group)
        if problem.time is not None:
            reason = f"problem.time is `{problem.time}`: what is predicted lies in the future"
            if problem.horizon:
                reason += (
                    f", and rows whose outcome (known after {problem.horizon_text}) reaches into "
                    "the next part are left out"
                )
            if not problem.group:
                return TimeSplitSpec(**settings), reason
            kept, few = self._kept(glance), _entities(glance)
            if few < FEW:
                return TimeSplitSpec(**settings), (
                    f"{reason}; {who} tells {few} entities apart, too few to hold some back: every "
                    "part has rows of all"
                )
            if kept >= MIN_KEPT:
                reason += f"; problem.group is {who}: no entity spans two parts"
                return GroupTimeSplitSpec(**settings), reason
            return TimeSplitSpec(**settings), (
                f"{reason}; entities of {who} recur over time, so scores hold for known and new "
                f"ones mixed (`kind: group_time` would tell them apart, with {kept:.0%} of the "
                "rows)"
            )
        if problem.group:
            reason = f"problem.group is {who}: an entity never spans two parts"
            if problem.task != "classification":
                return GroupSplitSpec(**settings), reason
            return StratifiedGroupSplitSpec(**settings), f"{reason}{_rarest(glance)}"
        if not problem.target:
            return RandomSplitSpec(**settings), "neither time, group nor target is declared"
        if problem.task == "tagging":
            return RandomSplitSpec(**settings), "whole sequences at random: no time, no group"
        mix = "classes" if problem.task != "regression" else "deciles of the target"
        reason = f"neither time nor group is declared: every part has the same mix of {mix}"
        rare = _rarest(glance) if problem.task == "classification" else ""
        return StratifiedSplitSpec(**settings), f"{reason}{rare}"

    def _kept(self, glance: Glance | None) -> float:
        """Return the share of rows that a split by entity and time would use."""
        if glance is None or glance.time is None or glance.entity is None:
            return 0.0
        if _entities(glance) < FEW or not _has_three_moments(glance.time):
            return 0.0
        return kept_share(glance.time, glance.entity, (self.valid_size, self.test_size), self.seed)


def _entities(glance: Glance | None) -> int:
    return 0 if glance is None or glance.entity is None else len(np.unique(glance.entity))


def _has_three_moments(time: Array) -> bool:
    return len(np.unique(time[is_known(time)])) >= 3


def _rarest(glance: Glance | None) -> str:
    """Say how rare the rarest class is, if it is rare enough to matter."""
    if glance is None or not len(glance.stratum):
        return ""
    share = np.unique(glance.stratum, return_counts=True)[1].min() / len(glance.stratum)
    return f"; the rarest has {share:.1%} of the rows" if share < 0.2 else ""
