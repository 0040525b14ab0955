"""Preprocessing fitted on the train rows, and the proof that no other row has a say in it."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.errors import ConfigError
from ninefold.problem import ProblemSpec
from ninefold.target import Target

if TYPE_CHECKING:
    from ninefold.preprocessing import Layout, Preprocessing, PreprocessSpec


@dataclass(frozen=True)
class Prepared:
    """Rows as a model takes them: `X` `(n, F)` float32 and `codes` `(n, C)` int64 of each part.

    Pictures are laid flat: small ones, pixel by pixel, are features.
    """

    preprocessing: "Preprocessing"
    X: Array
    codes: Array
    X_valid: Array
    codes_valid: Array
    picture: tuple[int, ...]
    """Channels, height and width, where the features of a row are one picture and nothing else; ()
    elsewhere."""
    whole: "Preprocessing"
    """The preprocessing with its tensors."""
    frames: tuple[Frame, Frame]
    """The train and the valid rows themselves."""
    problem: ProblemSpec


def prepare(
    train: Frame, valid: Frame, problem: ProblemSpec, preprocess: "PreprocessSpec"
) -> Prepared:
    """Fit preprocessing on `train` and apply it to both.

    Raises:
        ConfigError: a rule of feature selection that asks for a target.
        InputError: no column tells rows apart, or a feature is not finite.
    """
    from ninefold.preprocessing import fit
    from ninefold.training.fitting import check_finite

    for number, selector in enumerate(preprocess.select):
        if selector.needs_target:
            raise ConfigError(
                f"params.yaml: preprocess.select.{number}.kind must need no target for "
                f"{problem.task}, however: {selector.kind}"
            )
    target = Target(problem.target, problem.task)
    whole = fit(train, np.zeros(len(train)), target, problem, preprocess)
    fitted = whole.flattened()
    (X, codes, *_), (X_valid, codes_valid, *_) = fitted.transform(train), fitted.transform(valid)
    check_finite(X, fitted.layout)
    check_finite(X_valid, fitted.layout)
    parts = (X, codes, X_valid, codes_valid)
    return Prepared(fitted, *parts, _picture(whole.layout), whole, (train, valid), problem)


def _picture(layout: "Layout") -> tuple[int, ...]:
    """Return the shape of the picture that rows are, laid flat; () if they are more or less."""
    if layout.features or layout.codes or len(layout.tensors) != 1:
        return ()
    tensor = layout.tensors[0]
    return (tensor.shape[0], *tensor.flat) if tensor.kind == "image" else ()


def fit_scope(
    train: Frame, valid: Frame, problem: ProblemSpec, preprocess: "PreprocessSpec"
) -> dict[str, Any]:
    """Return the verdict: `pass`, or `fail` and what differs; see `ninefold.training.fit_scope`.

    A sample of the train rows is prepared twice, once beside poisoned valid rows.
    """
    from ninefold.training.fit_scope import compared

    def prints(sample: Frame, beside: Frame) -> dict[str, str]:
        ready = prepare(sample, beside, problem, preprocess)
        contents = {
            "graph": ready.preprocessing.model.SerializeToString(deterministic=True),
            "layout": repr(ready.preprocessing.layout).encode(),
            "features": ready.X.tobytes() + ready.codes.tobytes(),
        }
        return {name: hashlib.sha256(item).hexdigest() for name, item in contents.items()}

    return compared(train, valid, problem.targets, prints)
