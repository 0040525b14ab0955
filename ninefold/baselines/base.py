"""What every baseline offers."""

import importlib.util
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ninefold.columns import Array
from ninefold.config import Spec
from ninefold.target import Target

if TYPE_CHECKING:
    import onnx

    from ninefold.preprocessing import Layout


@dataclass(frozen=True)
class TrainRows:
    """What a baseline is fitted on, preprocessed.

    `X (N, F)` float32, `codes (N, C)`, `y (N,)` class codes (at least two of the target's K
    classes) or standardised values, `weight (N,)`. Words of texts are counted (roots times inverse
    document frequency): trees ask how often one is there; see `at_length` for other models.
    """

    X: Array
    codes: Array
    y: Array
    weight: Array
    target: Target
    layout: "Layout"

    def take(self, chosen: Array) -> "TrainRows":
        """Return the rows at which a mask `(N,)` is true."""
        own = (self.X[chosen], self.codes[chosen], self.y[chosen], self.weight[chosen])
        return TrainRows(*own, self.target, self.layout)


class Fitted(ABC):
    """A fitted baseline."""

    @abstractmethod
    def scores(self, X: Array, codes: Array) -> Array:
        """Return `(N, K)` float32 for `X (N, F)` and `codes (N, C)`: log-probabilities, or the
        standardised value.
        """

    @abstractmethod
    def to_onnx(self) -> "onnx.ModelProto":
        """Return the graph `X` float32 `[N, F]`, `codes` int64 `[N, C]` -> `scores` `[N, K]`."""


class BaselineSpec(Spec, ABC):
    """Describes a baseline; importing it must not import scikit-learn."""

    kind: str
    title: ClassVar[str]
    """What people call it."""
    is_default: ClassVar[bool] = True
    package: ClassVar[str | None] = None
    """What must be installed beside what Ninefold needs; the baseline is trained if it is."""

    @classmethod
    def is_installed(cls) -> bool:
        """Tell whether what it needs is there."""
        return cls.package is None or importlib.util.find_spec(cls.package) is not None

    @abstractmethod
    def fit(self, rows: TrainRows, seed: int) -> Fitted:
        """Fit on `rows`; scores are for all K classes of the target."""
