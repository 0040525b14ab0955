"""What the checks look at, and what they find."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np

from ninefold.columns import Array, Frame, is_missing
from ninefold.problem import ProblemSpec
from ninefold.splitting.identity import class_codes, features_of, hash_values

Severity = Literal["block", "warn", "info"]


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

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "severity": self.severity,
            "columns": list(self.columns),
            "rows": list(self.rows),
            "evidence": self.evidence,
            "message": self.message,
            "remedy": self.remedy,
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
    """The kind of split that made the parts (never auto)."""
    seed: int = 0

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def features(self) -> list[str]:
        """The columns a model may learn from."""
        return features_of(self.frame, self.problem)

    @cached_property
    def y(self) -> Array:
        """The target `(N,)`: class codes int64, or numbers float64."""
        values = self.frame[self.problem.target]
        if self.problem.task == "regression":
            return np.asarray(values, dtype=np.float64)
        return class_codes(self.frame.column(self.problem.target).kind, values)[0]

    @cached_property
    def hashes(self) -> dict[str, Array]:
        """uint64 hashes `(N,)` of each feature's values."""
        return {n: hash_values(self.frame.column(n).kind, self.frame[n]) for n in self.features}

    def is_missing(self, name: str) -> Array:
        """Return the mask `(N,)` of a column's missing values."""
        return is_missing(self.frame.column(name).kind, self.frame[name])

    def source_rows(self, mask: Array) -> tuple[int, ...]:
        """Return the source positions of the rows of a mask `(N,)`, in order."""
        return tuple(np.sort(self.frame.row[mask]).tolist())


class Check:
    """One family of leaks; subclasses are found in `ninefold.leakage`."""

    family: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    """Every `family.name` this check can report."""

    def findings(self, case: Case) -> Iterator[Finding]:
        """Yield what is found."""
        raise NotImplementedError
