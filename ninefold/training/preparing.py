"""Everything that is fitted before the network: target, preprocessing, sampling, weights."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.evaluation.part import known_rows
from ninefold.head import Head
from ninefold.problem import ProblemSpec
from ninefold.target import Target

if TYPE_CHECKING:
    from ninefold.evaluation.metrics import Metric
    from ninefold.objectives import ObjectiveSpec
    from ninefold.preprocessing import Preprocessing, PreprocessSpec
    from ninefold.sampling import Sampling
    from ninefold.training import TrainSpec

Table = tuple[Array, ...]
"""`X (n, F)`, `codes (n, C)`, `y (n,)`, `weight (n,)`, then the tensors of the layout."""


@dataclass(frozen=True)
class Ready:
    """What a network is trained on, and what it is watched on."""

    target: Target
    reported: "Metric"
    objective: "ObjectiveSpec"
    preprocessing: "Preprocessing"
    rows: Table
    valid: Table


def prepare(
    train: Frame,
    valid: Frame,
    problem: ProblemSpec,
    sampling: "Sampling",
    preprocess: "PreprocessSpec",
    spec: "TrainSpec",
) -> Ready:
    """Fit on `train` whatever is fitted before the network, and apply it to both.

    Raises:
        InputError: the data cannot be learnt from.
        ConfigError: objective or metric do not fit.
    """
    from ninefold.evaluation.metrics import reported_metric
    from ninefold.objectives import objective
    from ninefold.preprocessing import fit as fit_preprocessing
    from ninefold.sampling import resample

    target = Target.fit(train, problem)
    valid = known_rows(valid, Head(target), "valid")
    reported = reported_metric(problem, target)
    goal = objective(spec.objective, target.task, for_labels=target.is_labels).for_metric(
        reported.name, len(valid)
    )
    y, y_valid = target.encode(train), target.encode(valid)
    preprocessing = fit_preprocessing(train, y, target, problem, preprocess)
    index, weight = resample(y, sampling, spec.seed)
    if not spec.network.reads_tensors:
        preprocessing = preprocessing.flattened()
    X, codes, *tensors = (part[index] for part in preprocessing.transform(train))
    weight = weight * goal.sample_weight(y[index])
    rows = (X, codes, y[index], weight / weight.mean(), *tensors)
    ones = np.ones(len(valid), dtype=np.float32)
    X, codes, *tensors = preprocessing.transform(valid)
    watched = (X, codes, y_valid, ones, *tensors)
    return Ready(target, reported, goal, preprocessing, rows, watched)
