"""What makes a configuration the best: one file per goal, holding its Spec.

A new goal is one new file here; `tune.goal.kind` finds it.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from ninefold.config import Spec

State = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class Row:
    """One trial: the values of the searched params, and what came of them.

    `folds` are the metric's values fold by fold, `cost` what the exported file was measured at.
    """

    number: int
    state: State
    params: Mapping[str, Any]
    is_default: bool = False
    folds: tuple[float, ...] = ()
    cost: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""

    @property
    def score(self) -> float:
        """Mean over the folds in which the metric has a value; NaN where there is none."""
        known = [value for value in self.folds if math.isfinite(value)]
        return sum(known) / len(known) if known else math.nan

    @property
    def standard_error(self) -> float:
        """Standard error of the mean over the folds; NaN with fewer than two."""
        known = [value for value in self.folds if math.isfinite(value)]
        if len(known) < 2:
            return math.nan
        mean = sum(known) / len(known)
        variance = sum((value - mean) ** 2 for value in known) / (len(known) - 1)
        return math.sqrt(variance / len(known))


@dataclass(frozen=True)
class Pick:
    """The chosen trial (None: none will do), and why."""

    number: int | None
    because: str
    is_by_metric: bool = True
    """Taken for its metric, which then looks better in the folds than it is."""


class GoalSpec(Spec, ABC):
    """Describes a goal; importing it must not import Optuna."""

    kind: str
    needs_cost: ClassVar[bool] = False
    """Export each trial's network and measure the file."""
    is_single: ClassVar[bool] = True
    """One number to optimise; Optuna prunes nothing where there are several."""

    def values(self, row: Row) -> tuple[float, ...]:
        """Return what the search optimises, the reported metric first."""
        return (row.score,)

    def costs(self) -> tuple[str, ...]:
        """Return which costs of the exported file count, by the name of what is measured."""
        return ()

    def constraints(self, row: Row) -> dict[str, float]:
        """Return numbers by name that must not be above 0."""
        return {}

    @abstractmethod
    def pick(self, rows: Sequence[Row], higher_is_better: bool) -> Pick:
        """Choose among complete trials, of which there is at least one."""

    def front(self, rows: Sequence[Row], higher_is_better: bool) -> tuple[int, ...]:
        """Return the numbers of trials that no other one beats in everything; () for one number."""
        return ()


def best(rows: Sequence[Row], higher_is_better: bool) -> Row:
    """Return the row with the best score; of equal ones, the first."""
    sign = 1.0 if higher_is_better else -1.0
    return max(rows, key=lambda row: (sign * row.score, -row.number))
