"""Trains a network on the train part, watches the valid part, and keeps what was best there."""

from typing import Annotated, Any, Literal

from pydantic import Field

from ninefold.addresses import DaskAddress
from ninefold.config import Spec
from ninefold.networks import NetworkSpec
from ninefold.networks.mlp import MLPSpec
from ninefold.objectives import ObjectiveSpec
from ninefold.registry import OneOf
from ninefold.training.calibration import Threshold
from ninefold.training.fitting import fit
from ninefold.training.model import TrainedModel
from ninefold.training.optimizers import OptimizerSpec
from ninefold.training.optimizers.adamw import AdamWSpec
from ninefold.training.schedules import ScheduleSpec
from ninefold.training.schedules.flat_cos import FlatCosSpec

__all__ = ["LoopSpec", "TrainSpec", "TrainedModel", "fit"]


def _of_optimizer(data: dict[str, Any], name: str) -> Any:
    """Return what the optimizer takes unless it is given."""
    return getattr(data.get("optimizer", AdamWSpec), name)


class LoopSpec(Spec):
    """How any network is trained: optimizer, learning rate, epochs, batches."""

    optimizer: Annotated[OptimizerSpec, OneOf("ninefold.training.optimizers")] = Field(
        default_factory=AdamWSpec
    )
    """How weights move against their gradient."""
    schedule: Annotated[ScheduleSpec, OneOf("ninefold.training.schedules")] = Field(
        default_factory=FlatCosSpec
    )
    """How the learning rate rises and falls."""
    lr: Annotated[float, Field(gt=0, le=1e4)] | Literal["auto"] = Field(
        default_factory=lambda data: _of_optimizer(data, "lr")
    )
    """Learning rate after warm-up; default by optimizer: 0.002 for adamw. `auto` tries rising ones
    and takes what they show (range test: Smith, 2017)."""
    weight_decay: float = Field(
        default_factory=lambda data: _of_optimizer(data, "weight_decay"), ge=0, le=1
    )
    """Decay of weight matrices, as torch's optimizer of that kind has it; biases, scales and
    embeddings of codes are exempt. Default by optimizer: 0.02 for adamw."""
    l1: float = Field(0.0, ge=0, le=1)
    """Added to the loss: this times the absolute values of the weights that decay."""
    l2: float = Field(0.0, ge=0, le=1)
    """Added to the loss: half of this times the squares of the weights that decay."""
    ema: float | None = Field(None, gt=0, lt=1)
    """Decay per step of a running average of the weights, which is then what is watched and kept;
    0.99 remembers some 100 steps. Default for a table with a target: 0.99, except with batch
    normalisation or lbfgs; elsewhere, and with null: none."""
    clip_norm: float = Field(1.0, gt=0)
    """Longest gradient; longer ones are shortened to this norm."""
    epochs: int = Field(40, ge=1, le=100_000)
    """Most passes over the train rows; default below 4,500 rows of a table with a target, or
    sequences to tag: 120."""
    patience: int | None = Field(None, ge=1)
    """Epochs without improvement before training stops; default: 16 up to 4,500 train rows (10 with
    a table's `ema`), 8 up to 10,000, else 5; for a table with a target those of 200 steps at least,
    such as 23 with 300 rows."""
    min_delta: float = Field(0.0, ge=0)
    """How much better the reported metric on valid must get to count as an improvement; with fewer
    than 1,000 valid rows the loss stands for a metric of the order of scores (roc_auc)."""
    batch_size: int | None = Field(None, ge=1)
    """Rows per step; default by train rows: 32 (below 1,200), 64, 128, 256, 512, 1024 (108,000)."""
    micro_batch_size: int | None = Field(None, ge=1)
    """Rows that are differentiated at once; below the batch size, gradients are accumulated. By
    itself it is halved when a batch does not fit into memory."""
    seed: int = Field(0, ge=0, lt=2**32)
    """Seed of weights, shuffling and dropout."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto takes the GPU if there is one."""
    threads: int = Field(1, ge=1, le=1024)
    """CPU threads; the same number gives the same bytes."""

    def search_space(self) -> dict[str, Any]:
        """Return what tuning searches by default, beside what the network's Spec proposes.

        Ranges lie around the defaults of the optimizer.
        """
        lr, decay = self.optimizer.lr, self.optimizer.weight_decay
        space = {"lr": {"low": lr / 8, "high": min(lr * 5, 1.0), "log": True}}
        if decay:
            space["weight_decay"] = {"low": decay / 200, "high": min(decay * 10, 1.0), "log": True}
        return space


class TrainSpec(LoopSpec):
    """How the network is trained."""

    network: Annotated[NetworkSpec, OneOf("ninefold.networks")] = Field(default_factory=MLPSpec)
    """What is trained."""
    objective: Annotated[ObjectiveSpec, OneOf("ninefold.objectives")] | None = None
    """What training minimises; default: cross_entropy for classification, mse for regression."""
    threshold: Threshold = 0.5
    """Two classes: probability from which the label is the positive class; `tuned` picks the one
    best on valid for the reported metric, or for balanced accuracy if that does not read labels."""
    ranks: int = Field(1, ge=1, le=1024)
    """Processes that train the network together, each on its share of every batch; on GPUs one
    each. The same number gives the same bytes; folds and trials are trained by one each."""
    scheduler: DaskAddress | None = None
    """Address of a Dask scheduler (`tcp://host:8786`) on whose workers the other ranks run."""
    calibrate: bool = True
    """Fit a temperature on valid, so that probabilities match how often things happen; or move
    several quantiles, so that as many rows lie below each as it says (conformalized)."""
