"""The kind of split that the problem asks for."""

from typing import Literal

from ninefold.problem import ProblemSpec
from ninefold.splitting.base import SplitterSpec
from ninefold.splitting.group import GroupSplitSpec
from ninefold.splitting.stratified import StratifiedSplitSpec
from ninefold.splitting.time import TimeSplitSpec


class AutoSplitSpec(SplitterSpec):
    """By time if the problem has a time, else by group if it has one, else stratified."""

    kind: Literal["auto"] = "auto"

    def resolve(self, problem: ProblemSpec) -> tuple[SplitterSpec, str]:
        settings = self.model_dump(exclude={"kind"})
        if problem.time is not None:
            chosen: SplitterSpec = TimeSplitSpec(**settings)
            reason = f"problem.time is `{problem.time}`: what is predicted lies in the future"
            if problem.group:
                reason += "; entities recur over time, so scores hold for known and new ones mixed"
        elif problem.group:
            chosen = GroupSplitSpec(**settings)
            reason = f"problem.group is {', '.join(problem.group)}: an entity never spans two parts"
        else:
            chosen = StratifiedSplitSpec(**settings)
            mix = "classes" if problem.task == "classification" else "deciles of the target"
            reason = f"neither time nor group is declared: every part has the same mix of {mix}"
        return chosen, reason
