"""What the checks look at, and what they find."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from ninefold.columns import Array, Frame, is_missing
from ninefold.durations import duration_us
from ninefold.leakage import taxonomy
from ninefold.leakage._spelling import folded
from ninefold.problem import ProblemSpec
from ninefold.splitting.identity import class_codes, combine, features_of, hash_values

if TYPE_CHECKING:
    from ninefold.leakage._series import Series
    from ninefold.leakage.power import Power

Severity = Literal["block", "warn", "info"]
Fix = tuple[tuple[tuple[str, ...], Any], ...]
"""Changes of params.yaml: the keys that lead to a place, and its value; lists are added to."""
REPEAT = 5
"""Rows for each value of a column from which its values are said to repeat."""
AVAILABLE_AT = ("problem", "available_at")


def known_after(names: Iterable[str]) -> Fix:
    """Return the change that says of columns that they are known only after the outcome."""
    return tuple(((*AVAILABLE_AT, name), "after") for name in names)


@dataclass(frozen=True)
class Finding:
    """One thing that leaks, or may: the contract's finding."""

    kind: str
    """`family.name`."""
    severity: Severity
    message: str
    """For a data scientist: what was found and why it matters."""
    remedy: str
    """The change in params.yaml that ends it."""
    columns: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    """Positions in the source of the contaminated test rows."""
    evidence: dict[str, Any] = field(default_factory=dict)
    fix: Fix = ()
    """The remedy as changes of params.yaml, which `ninefold audit --fix` writes; () if there is
    none that only a change of params could bring."""

    @property
    def code(self) -> str:
        """The place in the taxonomy of Kapoor and Narayanan (2023), L1.1 … L3.3; "" if none."""
        return taxonomy.code(self.kind)

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "code": self.code,
            "severity": self.severity,
            "columns": list(self.columns),
            "rows": list(self.rows),
            "evidence": self.evidence,
            "message": self.message,
            "remedy": self.remedy,
            "fix": [{"path": list(path), "value": value} for path, value in self.fix],
        }


@dataclass(frozen=True)
class Case:
    """The rows in use, with the part of each.

    Shapes: `part` `(N,)` of "train", "valid", "test"; `frame` holds the same rows.
    """

    frame: Frame
    part: Array
    problem: ProblemSpec
    split_kind: str
    """The plain kind of split whose promises the parts make: random, stratified, group, time or
    given."""
    seed: int = 0
    unlabelled: Frame | None = None
    """The rows that have no target, if any."""
    tensors: Mapping[str, Array] = field(default_factory=dict)
    """Columns of arrays `(N,)`, which stand in `frame` as numbers that tell of them."""
    formats: Mapping[str, str | None] = field(default_factory=dict)
    """The format of each of these columns."""

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def features(self) -> list[str]:
        """The columns a model may learn from."""
        return features_of(self.frame, self.problem)

    @cached_property
    def y(self) -> Array:
        """The target `(N,)`: class codes int64, or numbers float64; one class if none is learnt."""
        if not self.problem.learns_target:
            return np.zeros(len(self), dtype=np.int64)
        values = self.frame[self.problem.target]
        if self.problem.task == "regression":
            return np.asarray(values, dtype=np.float64)
        return class_codes(self.frame.column(self.problem.target).kind, values)[0]

    @cached_property
    def hashes(self) -> dict[str, Array]:
        """uint64 hashes `(N,)` of each feature's values."""
        return {n: hash_values(self.frame.column(n).kind, self.frame[n]) for n in self.features}

    @cached_property
    def inputs(self) -> list[str]:
        """The raw columns among the features: what people can name in params.yaml."""
        return [n for n in self.features if "input" in self.frame.column(n).roles]

    @cached_property
    def train(self) -> Array:
        """Mask `(N,)` of the train rows."""
        return np.asarray(self.part == "train")

    @cached_property
    def test(self) -> Array:
        """Mask `(N,)` of the test rows."""
        return np.asarray(self.part == "test")

    @property
    def horizon(self) -> float | None:
        """How long after a row its target is known, in the units of `problem.time`, if said."""
        horizon, name = self.problem.horizon, self.problem.time
        if horizon is None or name is None:
            return None
        if isinstance(horizon, str) != (self.frame.column(name).kind == "datetime"):
            return None
        return float(duration_us(horizon)) if isinstance(horizon, str) else horizon

    @cached_property
    def follows_time(self) -> bool:
        """Tell whether `problem.time` puts the test part after train, but for stragglers."""
        name = self.problem.time
        if name is None:
            return False
        known = ~self.is_missing(name)
        train = np.sort(self.frame[name][self.train & known])
        test = self.frame[name][self.test & known]
        if not len(train) or not len(test):
            return False
        later = len(train) - np.searchsorted(train, test, side="right")
        return float(later.mean()) < 0.01 * len(train)

    @cached_property
    def is_classification(self) -> bool:
        return self.problem.task != "regression"

    @cached_property
    def power(self) -> "Power":
        """How well each column alone, and the others together, tell the target."""
        from ninefold.leakage.power import Power

        return Power(self)

    @cached_property
    def series(self) -> "list[Series]":
        """The orders that the rows may have."""
        from ninefold.leakage._series import series_of

        return list(series_of(self))

    @cached_property
    def order(self) -> Array:
        """Positions `(N,)` that sort the rows by `problem.time`, or as they stand in the source."""
        name = self.problem.time
        if name is None:
            return np.argsort(self.frame.row, kind="stable")
        return np.lexsort((self.frame.row, self.frame[name]))

    @cached_property
    def codes(self) -> dict[str, Array]:
        """int64 codes `(N,)` of each feature's values, missing ones among them, from 0."""
        from pandas import factorize

        return {name: factorize(hashes)[0] for name, hashes in self.hashes.items()}

    @cached_property
    def spoken(self) -> dict[str, Array]:
        """Codes `(N,)` of each raw feature's values, texts being the same however spelt."""
        return {
            name: folded(self.frame[name])
            if self.frame.column(name).kind in ("category", "text")
            else self.codes[name]
            for name in self.inputs
        }

    def number(self, name: str) -> Array:
        """Return a column as float64 `(N,)`; NaN where missing, codes where it holds text."""
        kind, values = self.frame.column(name).kind, self.frame[name]
        if kind in ("category", "text"):
            numbers = self.codes[name].astype(np.float64)
        else:
            numbers = values.astype(np.float64)
        return np.where(self.is_missing(name), np.nan, numbers)

    def limited(self, rows: int) -> "Case":
        """Return at most about `rows` rows, every part in proportion; itself if it has no more.

        For statistics whose cost grows faster than the rows and whose error falls with them.
        """
        if len(self) <= rows:
            return self
        rng = np.random.default_rng(self.seed)
        return self.take(np.sort(rng.choice(len(self), rows, replace=False)))

    def take(self, rows: Array) -> "Case":
        """Return the case of some rows: their places, or a mask `(N,)`."""
        tensors = {name: values[rows] for name, values in self.tensors.items()}
        return replace(self, frame=self.frame.take(rows), part=self.part[rows], tensors=tensors)

    def once_a_side(self, record: Array) -> "Case":
        """Return the case with each record `(N,)` once among the test rows and once elsewhere."""
        here = combine([record, hash_values("bool", self.test)])
        first = np.unique(here, return_index=True)[1]
        return self if len(first) == len(self) else self.take(np.sort(first))

    def is_missing(self, name: str) -> Array:
        """Return the mask `(N,)` of a column's missing values."""
        return is_missing(self.frame.column(name).kind, self.frame[name])

    def is_apart(self, name: str) -> bool:
        """Tell whether values that repeat stand in train or in test, but none in both.

        They name what the split keeps apart, and tell a model nothing of the test rows.
        """
        values = self.hashes[name]
        if len(np.unique(values)) > len(values) / REPEAT:
            return False
        return not np.isin(values[self.test], values[self.train]).any()

    def source_rows(self, mask: Array) -> tuple[int, ...]:
        """Return the source positions of the rows of a mask `(N,)`, in order."""
        return tuple(np.sort(self.frame.row[mask]).tolist())


class Check(ABC):
    """One family of leaks; subclasses are found in `ninefold.leakage`."""

    family: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    """Every `family.name` this check can report."""
    needs_target: ClassVar[bool] = True
    """Whether it asks what tells a target that is learnt; it is left out where none is."""

    @abstractmethod
    def findings(self, case: Case) -> Iterator[Finding]:
        """Yield what is found."""
