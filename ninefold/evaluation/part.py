"""One part of the data with what every model predicts for it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.errors import InputError
from ninefold.head import Head
from ninefold.target import Target, class_names


@dataclass(frozen=True)
class Part:
    """Rows with targets and predictions.

    Shapes: `y` `(N,)` codes or values; `scores` `(N, K)` of the network; `prediction` and each of
    `baselines` `(N, K)` probabilities or `(N,)` values.
    """

    frame: Frame
    y: Array
    scores: Array
    prediction: Array
    baselines: Mapping[str, Array]

    def __len__(self) -> int:
        return len(self.y)


UNSEEN = 1e-9
"""Probability of a class that no row to fit on has."""


def widened(prediction: Array, own: Target, target: Target) -> Array:
    """Return probabilities `(N, k)` of a model's own classes as `(N, K)` of all of them."""
    if target.task == "regression" or own.classes == target.classes:
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
    if target.task == "classification":
        found = class_names(frame.column(target.name).kind, frame[target.name])
        is_known = np.isin(found, np.asarray(target.classes, dtype=object))
        frame = frame if is_known.all() else frame.take(is_known)
    if len(frame) == 0:
        raise InputError(
            f"the {part} part must hold rows with a class of the train part, however: it has "
            f"none. Check `split` in params.yaml"
        )
    return frame
