"""What every kind of split shares: its settings, the rows it sees, what it answers."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from ninefold.columns import Array
from ninefold.config import Spec
from ninefold.problem import ProblemSpec

TRAIN, VALID, TEST, NONE = 0, 1, 2, -1
"""Codes of the parts while a split is made; `NONE` is a dropped row."""
NAMES = ("train", "valid", "test")

Scheme = Literal["partition", "expanding", "purged"]
"""How folds are read: see `ninefold.splitting.folds`."""


@dataclass(frozen=True)
class Rows:
    """The usable rows (those with a target) as the kinds of split see them.

    Shapes: every array is `(N,)`. `unit` numbers the rows that must stay together (identical rows,
    rows of one entity); `stratum` is the class code, or the quantile bin of a regression target;
    `position` is the row's position in the source; `time` is float64 or int64, or None.
    """

    unit: Array
    stratum: Array
    position: Array
    time: Array | None
    problem: ProblemSpec
    workspace: Path
    content: Array
    """Hash of each row's inputs, without what is derived from them."""
    entity: Array | None = None
    """Hash of each row's entity, where the problem has a group."""
    named: Array | None = None
    """What `SplitterSpec.part_column` says of each row, where there is one."""

    def __len__(self) -> int:
        return len(self.unit)

    def take(self, index: Array) -> "Rows":
        """Return the rows at `index`; units and strata keep their numbers."""
        time = None if self.time is None else self.time[index]
        return Rows(
            self.unit[index],
            self.stratum[index],
            self.position[index],
            time,
            self.problem,
            self.workspace,
            self.content[index],
            None if self.entity is None else self.entity[index],
            None if self.named is None else self.named[index],
        )


@dataclass(frozen=True)
class Assignment:
    """Part codes `(N,)`, and for every row with code `NONE` the reason, by name."""

    part: Array
    dropped: dict[str, Array] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """The folds of the train rows.

    Shapes: `fold` `(n,)` int64, -1 for rows that take no part; `start` and `end` `(n,)` float64,
    the span a row's label looks at, where it looks ahead; `embargo` is for the scheme `purged`.
    """

    fold: Array
    scheme: Scheme
    start: Array | None = None
    end: Array | None = None
    embargo: float = 0.0


@dataclass(frozen=True)
class Glance:
    """What `kind: auto` looks at. Shapes: all `(N,)`; None where no such role is declared."""

    stratum: Array
    time: Array | None
    entity: Array | None


@dataclass(frozen=True)
class Parts:
    """Where each row of a frame goes.

    Shapes: `part` `(N,)` of "train", "valid", "test" or "" (dropped; the manifest says why);
    `fold` `(N,)` int64, -1 outside the folds, read as `scheme` says; `plan` is that of the train
    rows, in their order.
    """

    part: Array
    fold: Array
    scheme: Scheme
    manifest: dict[str, Any]
    plan: Plan

    def index(self, part: str) -> Array:
        """Return the positions `(n,)` of the rows of a part."""
        return np.flatnonzero(self.part == part)


class SplitterSpec(Spec):
    """How rows go to the parts; subclasses are the kinds."""

    kind: str
    """Which kind of split."""
    valid_size: float = Field(0.15, gt=0, lt=1)
    """Share of the rows for choosing (early stopping, calibration, threshold)."""
    test_size: float = Field(0.2, gt=0, lt=1)
    """Share of the rows for the one final measurement."""
    folds: int = Field(5, ge=2, le=50)
    """Folds inside the train part, on which baselines are compared."""
    seed: int = Field(0, ge=0)
    """Decides the shuffle; the same seed gives the same parts."""
    identical_rows: Literal["auto", "together", "apart"] = "auto"
    """Rows equal in every feature go to one part. auto: unless the features take so few values
    that most rows coincide by chance. A split by time leaves every row where time puts it."""

    @model_validator(mode="after")
    def _leaves_train(self) -> "SplitterSpec":
        if self.valid_size + self.test_size >= 0.95:
            raise ValueError(
                "must leave at least 5 % of the rows for train: valid_size + test_size < 0.95, "
                f"however: {self.valid_size:g} + {self.test_size:g}"
            )
        return self

    @property
    def keeps_entities_together(self) -> bool:
        """Tell whether an entity (`problem.group`) never spans two parts."""
        return True

    @property
    def chains_entities(self) -> bool:
        """Tell whether entities that have a row in common go to one part."""
        return True

    @property
    def follows_time(self) -> bool:
        """Tell whether time alone decides where a row goes."""
        return False

    @property
    def places_rows(self) -> bool:
        """Tell whether where a row stands (in time, in the file) alone decides where it goes."""
        return self.follows_time

    @property
    def part_column(self) -> str | None:
        """The column that says where each row goes, if one does."""
        return None

    @property
    def like(self) -> str:
        """The plain kind (random, stratified, group, time) whose promises it makes: what the
        leakage audit judges the parts by."""
        return self.kind

    def resolve(
        self, problem: ProblemSpec, glance: Glance | None = None
    ) -> tuple["SplitterSpec", str]:
        """Return the kind that really splits, and a sentence why. Raises `ConfigError`."""
        return self, "chosen in params.yaml"

    def assign(self, rows: Rows) -> Assignment:
        """Return the part of each row. Raises `InputError`."""
        raise NotImplementedError

    def fold(self, rows: Rows) -> Plan:
        """Return the folds of the rows of the train part."""
        raise NotImplementedError
