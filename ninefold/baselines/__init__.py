"""Baselines: what a network has to beat. One file each, holding the Spec.

A new baseline is one new file here; `baselines.models` finds it by `kind`.
"""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from ninefold.baselines.base import BaselineSpec, Fitted
from ninefold.config import Spec
from ninefold.registry import OneOf, components
from ninefold.training.calibration import Threshold

__all__ = ["BaselineSpec", "BaselinesSpec", "Fitted"]


def _defaults() -> tuple[BaselineSpec, ...]:
    found: Any = components("ninefold.baselines", BaselineSpec)
    return tuple(kind() for kind in found if kind.is_default and kind.is_installed())


class BaselinesSpec(Spec):
    """Which baselines are trained."""

    models: tuple[Annotated[BaselineSpec, OneOf("ninefold.baselines")], ...] = Field(
        default_factory=_defaults, min_length=1
    )
    """The baselines, each kind once; default: dummy, linear, hist_gradient_boosting, and lightgbm
    and catboost where they are installed (`pip install ninefold[boosting]`)."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of resampling and of baselines that draw."""

    calibrate: bool = True
    """Fit a temperature on valid, as for the network."""
    threshold: Threshold = 0.5
    """Two classes: see train.threshold."""

    @model_validator(mode="after")
    def _kinds_are_unique(self) -> Self:
        kinds = [model.kind for model in self.models]
        if len(set(kinds)) < len(kinds):
            raise ValueError(f"must name each kind once, however: {kinds}")
        for model in self.models:
            if not model.is_installed():
                raise ValueError(
                    f"must name baselines that are installed, however: {model.kind!r}, and there "
                    f"is no package {model.package}. pip install {model.package}"
                )
        return self
