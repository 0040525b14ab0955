"""What training minimises: one file per loss, holding its Spec.

A new objective is one new file here; `train.objective.kind` finds it.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

import numpy as np

from ninefold.columns import Array
from ninefold.config import Spec
from ninefold.errors import ConfigError
from ninefold.problem import Task
from ninefold.registry import OneOf, components

if TYPE_CHECKING:
    from torch import Tensor


class ObjectiveSpec(Spec, ABC):
    """Describes a loss; importing it must not import torch."""

    kind: str
    task: ClassVar[Task]
    for_labels: ClassVar[bool] = False
    """Whether it is for several targets of two classes each."""
    is_default: ClassVar[bool] = False
    reads_features: ClassVar[bool] = False
    """Whether it has a say in what the network's last layer reads: `feature_loss`."""
    is_watched: ClassVar[bool] = False
    """Whether early stopping watches this loss on valid in place of the reported metric."""

    @property
    def levels(self) -> tuple[float, ...]:
        """Quantiles of the value that a network gives in the place of the value alone."""
        return ()

    @property
    def level(self) -> float | None:
        """The share of which the value alone is the quantile, where it is one."""
        return None

    @property
    def beyond_baselines(self) -> str:
        """What it has the network answer that no baseline does, in words; "": nothing."""
        return ""

    @abstractmethod
    def loss(self, outputs: "Tensor", y: "Tensor", weight: "Tensor") -> "Tensor":
        """Return the mean loss of all members, a scalar.

        Args:
            outputs: `(B, M, K)`, what a network gives.
            y: `(B,)` int64 class codes, or float32 standardised values; `(B, T)` of several
                targets.
            weight: `(B,)` float32, with a mean of 1 over the train rows.
        """

    @abstractmethod
    def scores(self, outputs: "Tensor") -> "Tensor":
        """Return `(B, K)`: log of the members' mean probability, or their mean value; for labels
        the log-odds of their mean probability.
        """

    def feature_loss(self, features: "Tensor", y: "Tensor", weight: "Tensor") -> "Tensor":
        """Return what is added to the loss in training, a scalar.

        Args:
            features: `(B, M, D)`, what the network's last layer reads.
        """
        raise NotImplementedError(f"{self.kind} reads no features")

    def for_metric(self, metric: str, valid_rows: int | None = None) -> Self:
        """Return the objective with what it leaves open settled for the reported metric, and for
        as many valid rows.
        """
        return self

    def sample_weight(self, y: Array) -> Array:
        """Return `(N,)` float32 weights that the objective itself puts on the train rows."""
        return np.ones(len(y), dtype=np.float32)


Objective = Annotated[ObjectiveSpec, OneOf("ninefold.objectives")]


def objective(spec: ObjectiveSpec | None, task: Task, *, for_labels: bool = False) -> ObjectiveSpec:
    """Return `spec`, or the default objective of the task.

    Raises:
        ConfigError: the objective is for the other task.
    """
    fitting = [
        c
        for c in components("ninefold.objectives", ObjectiveSpec)
        if c.task == task and c.for_labels == for_labels
    ]
    if spec is None:
        default: ObjectiveSpec = next(found for found in fitting if found.is_default)()
        return default
    if type(spec) not in fitting:
        kinds = [found.model_fields["kind"].default for found in fitting]
        raise ConfigError(
            f"params.yaml: train.objective.kind must be for {task}"
            f"{' of several targets' * for_labels} ({', '.join(kinds)}), "
            f"however: {spec.kind!r}"
        )
    return spec
