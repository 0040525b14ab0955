"""Searches params by training in the folds of the train part: `study.tune`."""

from typing import Annotated, Literal

from pydantic import Field

from ninefold.addresses import ClusterAddress
from ninefold.config import Spec
from ninefold.registry import OneOf
from ninefold.tuning.goals import GoalSpec
from ninefold.tuning.goals.metric import MetricGoal
from ninefold.tuning.space import Dimension

__all__ = ["Dimension", "GoalSpec", "TuneSpec"]


class TuneSpec(Spec):
    """Which params are searched, for what, and how long."""

    trials: int = Field(40, ge=1, le=100_000)
    """Configurations to try; the first one is params.yaml as it stands. More of them later go on
    from those already tried."""
    timeout_s: float | None = Field(None, gt=0)
    """No trial starts after so many seconds; what was tried then depends on the machine."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Seed of the search; one trial at a time, the same seed gives the same trials."""
    space: dict[str, Dimension] = Field(default_factory=dict)
    """What is searched: params by dotted path (`train.lr`, `preprocess.category.encode`), each a
    range `{low, high}` or `{choices: […]}`. Default: what `train` and its network propose."""
    goal: Annotated[GoalSpec, OneOf("ninefold.tuning.goals")] = Field(default_factory=MetricGoal)
    """What makes a configuration the best."""
    folds: int | None = Field(None, ge=1)
    """Train in so many folds only, the last ones; default: in all."""
    sampler: Literal["tpe", "gp", "random"] = "tpe"
    """Who proposes the next configuration: a tree-structured Parzen estimator (Bergstra et al.,
    2011), a Gaussian process, which learns more from few trials of few params, or chance."""
    pruner: Literal["median", "hyperband", "none"] = "median"
    """Stops a trial after a fold if others did better there. With goal `front` nothing is."""
    workers: int = Field(1, ge=1, le=1024)
    """Trials side by side, each in a process. With more than one the search depends on which trial
    ends first, so that two runs may find different winners."""
    scheduler: ClusterAddress | None = None
    """Address of a Dask scheduler (`tcp://host:8786`), or of a Ray cluster (`ray://host:10001`,
    `ray:auto`), whose workers then train instead."""
