"""What the training of a tagger says about its own settings: symptoms look at its steps."""

from typing import TYPE_CHECKING

import numpy as np

from ninefold.columns import Array, Frame, spread
from ninefold.diagnosis.case import Case, Scored
from ninefold.tagging import TagSpec
from ninefold.tagging.evaluating import score
from ninefold.tagging.labels import encode, read_labels
from ninefold.tagging.model import TagModel

if TYPE_CHECKING:
    from ninefold.evaluation.metrics import Metric
    from ninefold.problem import ProblemSpec

MOST_ROWS, MOST_STEPS = 1_000, 5_000


def case_of(
    model: TagModel, parts: tuple[Frame, Frame], problem: "ProblemSpec", reported: "Metric"
) -> Case:
    """Return the case of a tagger that has just been trained on these train and valid rows."""
    from ninefold.training.run import Epoch

    value = score(model, parts[1], problem, reported.name)
    facts = model.facts | {
        "metric": reported.name,
        "higher_is_better": reported.higher_is_better,
        "valid": {reported.name: None if np.isnan(value) else value},
    }
    lines = (line.values() for line in model.history)
    history = [Epoch(int(epoch), *rest) for epoch, *rest in lines]
    spec = TagSpec.model_validate(model.facts["settings"])
    train, valid = (_scored(model, frame, problem, spec.reach) for frame in parts)
    return Case(history, spec, facts, model.probes, train, valid, "tag")


def _scored(model: TagModel, frame: Frame, problem: "ProblemSpec", reach: int) -> Scored:
    """Return labelled steps, each with what stands around it: `X (M, F)`, `y (M,)`."""
    from scipy.special import log_softmax

    frame = frame.take(spread(len(frame), MOST_ROWS))
    logits, there = model.logits(frame)
    y = encode(read_labels(frame, problem), model.tags, logits.shape[1])
    row, step = np.nonzero(there & (y >= 0))
    some = spread(len(row), MOST_STEPS)
    row, step = row[some], step[some]
    scores = log_softmax(logits[row, step].astype(np.float64), axis=1)
    units = np.unique(row, return_inverse=True)[1]
    return Scored(_around(model, frame, row, step, reach), y[row, step], scores, units)


def _around(model: TagModel, frame: Frame, row: Array, step: Array, reach: int) -> Array:
    """Return of each step `(M,)` what it and `reach` neighbours on either side hold in numbers."""
    x, steps = model.inputs(frame)
    steps = steps[:, :, : model.facts["width"]]
    padded = np.pad(steps, ((0, 0), (reach, reach), (0, 0)))
    windows = [padded[row, step + number] for number in range(2 * reach + 1)]
    return np.concatenate([*windows, x[row]], axis=1, dtype=np.float64)
