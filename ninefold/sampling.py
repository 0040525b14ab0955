"""Imbalanced classes: which train rows a model sees how often, or with which weight.

Applied to the rows a model is fitted on, inside each fold; valid and test rows stay as they are.
"""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from ninefold.columns import Array
from ninefold.config import Spec


class NoSamplingSpec(Spec):
    """Every row once, with weight 1."""

    kind: Literal["none"] = "none"


class UnderSamplingSpec(Spec):
    """Leave out rows of the frequent classes."""

    kind: Literal["under"] = "under"
    ratio: float = Field(1.0, gt=0, le=1)
    """Wanted rows of the rarest class for each row of any other class, at least."""


class OverSamplingSpec(Spec):
    """Repeat rows of the rare classes."""

    kind: Literal["over"] = "over"
    ratio: float = Field(1.0, gt=0, le=1)
    """Wanted rows of each class for each row of the most frequent one, at least."""


class ClassWeightsSpec(Spec):
    """Weigh rows inversely to the frequency of their class; the mean weight is 1."""

    kind: Literal["class_weights"] = "class_weights"
    power: float = Field(1.0, gt=0, le=1)
    """1 balances the classes fully, 0.5 goes half the way (square root)."""


def _none_kind(content: Any) -> Any:
    return {"kind": "none"} if content == {} else content


SamplingSpec = Annotated[
    NoSamplingSpec | UnderSamplingSpec | OverSamplingSpec | ClassWeightsSpec,
    Field(discriminator="kind"),
    BeforeValidator(_none_kind),
]
Sampling = NoSamplingSpec | UnderSamplingSpec | OverSamplingSpec | ClassWeightsSpec


def resample(y: Array, spec: Sampling, seed: int) -> tuple[Array, Array]:
    """Return the positions `(M,)` int64 of the rows to fit on and their weights `(M,)` float32.

    Args:
        y: class codes `(N,)` int, or `(N, T)` of several labels; numbers of a regression are never
            resampled.
        spec: what to do.
        seed: decides which rows are left out or repeated.

    Positions come sorted, so that no sampling leaves the order of rows as it is. Of several labels
    that one decides over a row by which it stays or comes most often; weights are their mean.
    """
    everything = np.arange(len(y), dtype=np.int64)
    if spec.kind == "none" or len(y) == 0 or np.asarray(y).dtype.kind == "f":
        return everything, np.ones(len(y), dtype=np.float32)
    if y.ndim > 1:
        return _by_several(y, spec, seed)
    _, code, counts = np.unique(y, return_inverse=True, return_counts=True)
    if isinstance(spec, ClassWeightsSpec):
        weight = (1.0 / counts[code]) ** spec.power
        return everything, (weight / weight.mean()).astype(np.float32)
    rng = np.random.default_rng(seed)
    wanted = _wanted(counts, spec)
    index = np.sort(
        np.concatenate([_drawn(np.flatnonzero(code == k), n, rng) for k, n in enumerate(wanted)])
    )
    return index, np.ones(len(index), dtype=np.float32)


def _by_several(y: Array, spec: Sampling, seed: int) -> tuple[Array, Array]:
    """Return positions and weights of rows with labels `(N, T)`.

    A row is repeated as its rarest label asks for, as in repeat factor sampling (Gupta, Dollár and
    Girshick, "LVIS", 2019); fractions are drawn.
    """
    everything = np.arange(len(y), dtype=np.int64)
    columns = [np.unique(label, return_inverse=True, return_counts=True)[1:] for label in y.T]
    if isinstance(spec, ClassWeightsSpec):
        shares = [(1.0 / counts[code]) ** spec.power for code, counts in columns]
        weight = np.mean([share / share.mean() for share in shares], axis=0)
        return everything, (weight / weight.mean()).astype(np.float32)
    assert isinstance(spec, UnderSamplingSpec | OverSamplingSpec)
    asked = [(np.array(_wanted(counts, spec)) / counts)[code] for code, counts in columns]
    often = np.max(asked, axis=0)
    whole = np.floor(often)
    drawn = np.random.default_rng(seed).random(len(y)) < often - whole
    index = np.repeat(everything, whole.astype(np.int64) + drawn)
    return index, np.ones(len(index), dtype=np.float32)


def _wanted(counts: Array, spec: UnderSamplingSpec | OverSamplingSpec) -> list[int]:
    """Return how many rows of each class shall remain."""
    if spec.kind == "under":
        cap = int(np.floor(counts.min() / spec.ratio + 1e-9))
        return [int(n) for n in np.minimum(counts, cap)]
    floor = int(np.ceil(counts.max() * spec.ratio - 1e-9))
    return [int(n) for n in np.maximum(counts, floor)]


def _drawn(rows: Array, wanted: int, rng: np.random.Generator) -> Array:
    """Return `wanted` of `rows`: each as often as any other, give or take one."""
    times, rest = divmod(wanted, len(rows))
    extra = rng.choice(rows, rest, replace=False)
    return np.concatenate([np.tile(rows, times), extra]).astype(np.int64)
