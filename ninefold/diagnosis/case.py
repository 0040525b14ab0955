"""What the symptoms look at, and what they find."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ninefold.columns import Array

if TYPE_CHECKING:
    from ninefold.diagnosis._unscaled import Unscaled
    from ninefold.preprocessing import Layout
    from ninefold.training import LoopSpec
    from ninefold.training.run import Epoch

Fix = tuple[tuple[tuple[str, ...], Any], ...]
"""Changes of params.yaml: the keys that lead to a place, and its value."""
SAME_RATE = 0.99
MUCH_DECAY, DECAY = 5, 0.01
"""Times the usual weight decay, or this one if that is less, which are much."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with how a network was trained."""

    kind: str
    """`family.name`."""
    message: str
    remedy: str
    evidence: dict[str, Any]
    picture: dict[str, Any]
    """`lines`: title, x, y, curves [{name, points}], marked; or `bars`: title, rows [name, share,
    text]."""
    fix: Fix = ()
    """The remedy as changes of params.yaml, which `ninefold diagnose --try` runs."""

    def to_json(self) -> dict[str, Any]:
        """Return it as reports/diagnosis.json holds it."""
        return {
            "kind": self.kind,
            "severity": "warn",
            "message": self.message,
            "remedy": self.remedy,
            "evidence": self.evidence,
            "picture": self.picture,
            "fix": [{"path": list(path), "value": value} for path, value in self.fix],
        }


@dataclass(frozen=True)
class Scored:
    """Rows with what the trained network says of them.

    Shapes: `X` `(N, F)` features and codes of categories, tensors laid flat among them, `y` `(N,)`
    codes or standardised values, `scores` `(N, K)`.
    """

    X: Array
    y: Array
    scores: Array
    units: Array | None = None
    """Which sequence `(N,)` each of them is a step of, counted from 0; None: they stand apart."""

    @cached_property
    def losses(self) -> Array:
        """Log loss or squared error of each row, `(N,)`."""
        if self.scores.shape[1] > 1:
            return -self.scores[np.arange(len(self.y)), self.y].astype(np.float64)
        return np.square(self.scores[:, 0].astype(np.float64) - self.y)

    def error_of_mean(self, values: Array) -> float:
        """Return the standard error of the mean of values; steps of one unit are one draw."""
        if self.units is None:
            return float(values.std() / math.sqrt(max(len(values), 1)))
        sums = np.bincount(self.units, values - values.mean())
        return float(np.sqrt(np.square(sums).sum()) / len(values))


@dataclass(frozen=True)
class Usual:
    """As many principal components as the bottleneck has numbers unless it is told.

    Shapes: `errors` `(N,)` of the valid rows, `spread` `(N,)` their squared distance from the mean
    of the train rows.
    """

    latent: int
    errors: Array
    spread: Array


@dataclass(frozen=True)
class Given:
    """What an AutoEncoder gave for the valid rows, beside what came back.

    Shapes: `linear` `(N,)` errors of as many principal components, `code` `(N, Z)`.
    """

    linear: Array
    code: Array
    usual: Usual | None = None
    """None: the size of the bottleneck was not told."""


@dataclass(frozen=True)
class Case:
    """A training run, and its rows as the kept network scores them (at most some thousands)."""

    history: "Sequence[Epoch]"
    spec: "LoopSpec"
    facts: Mapping[str, Any]
    probes: Sequence[Mapping[str, Any]]
    train: Scored
    valid: Scored
    section: str = "train"
    """The section of params.yaml that `spec` is."""
    given: Given | None = None
    """Of a network that gives rows back; None: it learns a target."""
    layout: "Layout | None" = None
    """What the features are, where `preprocess` of params.yaml made them."""

    @property
    def network(self) -> Any:
        """What describes the network: a part of the spec, or the spec itself."""
        return getattr(self.spec, "network", self.spec)

    def at(self, *keys: str) -> tuple[str, ...]:
        """Return where a setting stands in params.yaml."""
        return (self.section, *keys)

    def name(self, key: str) -> str:
        """Return what messages call a setting."""
        return ".".join(self.at(key))

    def other_rate(self, lr: float) -> str:
        """Say which learning rate to set, or that the range test may find one, unless it did."""
        otherwise = "" if self.facts.get("lr_finder") else ", or to auto"
        return f"Set {self.name('lr')} to {lr:g}{otherwise}."

    def of_network(self, key: str) -> tuple[str, ...]:
        """Return where a setting of the network stands in params.yaml."""
        return self.at("network", key) if hasattr(self.spec, "network") else self.at(key)

    @cached_property
    def left_out(self) -> Scored | None:
        """Rows of both parts with what trees grown without them say, for all symptoms once."""
        from ninefold.diagnosis._left_out import left_out

        return left_out(self)

    @cached_property
    def unscaled(self) -> "Unscaled | None":
        """What enters the network far larger than a scaled number."""
        from ninefold.diagnosis._unscaled import unscaled

        return unscaled(self)

    @property
    def priced(self) -> tuple[tuple[str, ...], float] | None:
        """The setting that makes weights cost so much that little is learnt, and its usual value:
        L1, L2, or many times the usual weight decay.
        """
        spec = self.spec
        for key in ("l1", "l2"):
            if getattr(spec, key) > 0:
                return self.at(key), 0.0
        if spec.weight_decay > MUCH_DECAY * max(spec.optimizer.weight_decay, DECAY):
            return self.at("weight_decay"), spec.optimizer.weight_decay
        return None

    @property
    def reads_tensors(self) -> bool:
        """Whether pictures, sequences or texts enter the network as they are."""
        return bool(getattr(self.network, "reads_tensors", False))

    @property
    def is_classification(self) -> bool:
        return bool(self.train.scores.shape[1] > 1)

    @property
    def lr(self) -> float:
        """The learning rate that was taken."""
        return float(self.spec.lr)

    @property
    def untrained_loss(self) -> float:
        """Loss before the first step."""
        return float(self.probes[0]["loss"])

    @cached_property
    def losses(self) -> Array:
        """Mean loss on train while training, by epoch."""
        return np.array([epoch.train_loss for epoch in self.history])

    @cached_property
    def flat(self) -> Array:
        """Losses on train of the epochs at the full learning rate."""
        rates = np.array([epoch.lr for epoch in self.history])
        return self.losses[rates >= SAME_RATE * rates.max()] if len(rates) else self.losses

    @property
    def is_cut_off(self) -> bool:
        """Whether the best epoch, by metric or by loss, is among the last, so that more epochs
        might have helped."""
        most, losses = self.spec.epochs, [epoch.valid_loss for epoch in self.history]
        by_loss = int(np.argmin(losses)) + 1 if losses else 0
        return len(losses) == most and max(self.facts["best_epoch"], by_loss) >= 0.9 * most

    def loss_picture(self, title: str) -> dict[str, Any]:
        """Return the losses by epoch as a picture."""
        points = {
            "train": [[e.epoch, _rounded(e.train_loss)] for e in self.history],
            "valid": [[e.epoch, _rounded(e.valid_loss)] for e in self.history],
        }
        return {
            "kind": "lines",
            "title": title,
            "x": "epoch",
            "y": "loss",
            "curves": [{"name": name, "points": found} for name, found in points.items()],
            "marked": [self.facts["best_epoch"], f"kept: {self.facts['best_epoch']}"],
        }


class Symptom(ABC):
    """One thing to look for; subclasses are found in `ninefold.diagnosis`."""

    kinds: ClassVar[tuple[str, ...]]
    """Every `family.name` it can report."""
    follows: ClassVar[tuple[str, ...]] = ()
    """Kinds, or families of them, that explain this one, which then is not told."""
    of_target: ClassVar[bool] = True
    """Whether it is looked for where a target is learnt."""
    of_rows: ClassVar[bool] = True
    """Whether it is looked for where rows are given back."""
    needs_rows_apart: ClassVar[bool] = False
    """Whether it takes rows for draws of their own, which steps of a sequence are not."""

    @abstractmethod
    def look(self, case: Case) -> Finding | None:
        """Return what is found."""


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
