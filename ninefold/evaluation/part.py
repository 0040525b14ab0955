"""One part of the data with what every model predicts for it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array, Frame, class_names
from ninefold.errors import InputError
from ninefold.head import Head
from ninefold.target import Target


@dataclass(frozen=True)
class Part:
    """Rows with targets and predictions.

    Shapes: `y` `(N,)` codes or values; `scores` `(N, K)` of the network; `prediction` and each of
    `baselines` `(N, K)` probabilities or `(N,)` values. All are `(N, T)` of several targets.
    """

    frame: Frame
    y: Array
    scores: Array
    prediction: Array
    baselines: Mapping[str, Array]

    def __len__(self) -> int:
        return len(self.y)


def one_of(part: Part, head: Head, number: int) -> Part:
    """Return the part as seen by target `number` of several: shapes as for one target."""
    scores = head.scores_of(part.scores, number)
    return Part(part.frame, part.y[:, number], scores, head.each[number].predict(scores), {})


def pooled(part: Part, head: Head) -> tuple[Part, Head]:
    """Return all targets of all rows as those of one target, N * T of them, and a head for it.

    Values are standardised, so that they can stand in one picture; labels are yes or no, and
    their `prediction` is calibrated.
    """
    if head.target.is_labels:
        target = Target("any label", "classification", ("no", "yes"))
        scores = np.stack(
            [head.scores_of(part.scores, t) for t in range(len(head.each))], axis=1
        ).reshape(-1, 2)
        prediction = np.stack([1 - part.prediction, part.prediction], axis=2).reshape(-1, 2)
        return Part(part.frame, part.y.ravel(), scores, prediction, {}), Head(target)
    target = Target(head.target.name, "regression")
    y = head.target.standardised(part.y).ravel()
    given = head.target.standardised(part.prediction).ravel()
    return Part(part.frame, y, given[:, None], given, {}), Head(target)


UNSEEN = 1e-9
"""Probability of a class that no row to fit on has."""


def widened(prediction: Array, own: Target, target: Target) -> Array:
    """Return probabilities `(N, k)` of a model's own classes as `(N, K)` of all of them."""
    if target.task == "regression" or target.each or own.classes == target.classes:
        return prediction
    wide = np.full((len(prediction), target.outputs), UNSEEN, dtype=prediction.dtype)
    wide[:, [target.classes.index(name) for name in own.classes]] = prediction
    return wide


def known_rows(frame: Frame, head: Head, part: str) -> Frame:
    """Return the rows whose class the train part has too.

    Raises:
        InputError: no row is left.
    """
    target = head.target
    for one in target.each:
        frame = known_rows(frame, Head(one), part)
    if target.task == "classification" and not target.each:
        found = class_names(frame.column(target.name).kind, frame[target.name])
        is_known = np.isin(found, np.asarray(target.classes, dtype=object))
        frame = frame if is_known.all() else frame.take(is_known)
    if len(frame) == 0:
        raise InputError(
            f"the {part} part must hold rows with a class of the train part, however: it has "
            f"none. Check `split` in params.yaml"
        )
    return frame
