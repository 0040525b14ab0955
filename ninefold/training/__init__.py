"""Trains a network on the train part, watches the valid part, and keeps what was best there."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ninefold.config import Spec
from ninefold.networks import NetworkSpec
from ninefold.networks.mlp import MLPSpec
from ninefold.objectives import ObjectiveSpec
from ninefold.registry import OneOf
from ninefold.training.calibration import Threshold
from ninefold.training.fitting import fit
from ninefold.training.model import TrainedModel

__all__ = ["TrainSpec", "TrainedModel", "fit"]


class TrainSpec(Spec):
    """How the network is trained."""

    search_space: ClassVar[Mapping[str, Any]] = {
        "lr": {"low": 3e-4, "high": 1e-2, "log": True},
        "weight_decay": {"low": 1e-4, "high": 0.2, "log": True},
    }
    """What tuning searches by default, beside what the network's Spec proposes."""
    network: Annotated[NetworkSpec, OneOf("ninefold.networks")] = Field(default_factory=MLPSpec)
    """What is trained."""
    objective: Annotated[ObjectiveSpec, OneOf("ninefold.objectives")] | None = None
    """What training minimises; default: cross_entropy for classification, mse for regression."""
    lr: float = Field(0.002, gt=0, le=1)
    """Learning rate after warm-up."""
    weight_decay: float = Field(0.02, ge=0, le=1)
    """AdamW's decay of weight matrices; biases, scales and embeddings of codes are exempt."""
    betas: tuple[
        Annotated[float, Field(ge=0, lt=1)],
        Annotated[float, Field(ge=0, lt=1)],
    ] = (0.9, 0.95)
    """AdamW's memory of the gradient and of its square."""
    warmup: float = Field(0.02, ge=0, lt=1)
    """Share of all steps over which the learning rate rises from 0."""
    flat: float = Field(0.5, ge=0, le=1)
    """Share of all steps after which the learning rate falls along a cosine."""
    clip_norm: float = Field(1.0, gt=0)
    """Longest gradient; longer ones are shortened to this norm."""
    epochs: int = Field(40, ge=1, le=100_000)
    """Most passes over the train rows."""
    patience: int | None = Field(None, ge=1)
    """Epochs without improvement before training stops; default: 16 up to 4,500 train rows,
    8 up to 10,000, else 5."""
    min_delta: float = Field(0.0, ge=0)
    """How much better the reported metric on valid must get to count as an improvement."""
    batch_size: int | None = Field(None, ge=1)
    """Rows per step; default by train rows: 32 (below 1,200), 64, 128, 256, 512, 1024 (108,000)."""
    threshold: Threshold = 0.5
    """Two classes: probability from which the label is the positive class; `tuned` picks the one
    best on valid for the reported metric, or for balanced accuracy if that does not read labels."""
    calibrate: bool = True
    """Fit a temperature on valid, so that probabilities match how often things happen."""
    seed: int = Field(0, ge=0, lt=2**32)
    """Seed of weights, shuffling and dropout."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto takes the GPU if there is one."""
    threads: int = Field(1, ge=1, le=1024)
    """CPU threads; the same number gives the same bytes."""
