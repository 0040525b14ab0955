"""Which features are worth their place; one file per rule."""

from abc import ABC, abstractmethod
from typing import ClassVar

from ninefold.columns import Array
from ninefold.config import Spec
from ninefold.problem import Task


class SelectorSpec(Spec, ABC):
    """One rule of feature selection."""

    kind: str
    """Which rule."""
    needs_target: ClassVar[bool] = False
    """Whether it asks what tells the target."""

    @abstractmethod
    def keep(self, X: Array, y: Array, task: Task) -> Array:
        """Return the mask `(F,)` of features to keep.

        Args:
            X: features of (a sample of) the train rows `(N, F)` float32.
            y: class codes or values `(N,)`.
            task: classification or regression.
        """

    @property
    @abstractmethod
    def reason(self) -> str:
        """Why a feature is dropped, for the report."""
