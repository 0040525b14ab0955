"""Integrated gradients of texts: which words spoke for the network's answer, and which against.

Sundararajan, Taly & Yan, Axiomatic attribution for deep networks, ICML 2017. The path leads from
words whose vectors are all zero to the words' own vectors; other columns stay as they are.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.explaining.gradients import cell_gradients
from ninefold.texts import split_text

if TYPE_CHECKING:
    from torch import Tensor

    from ninefold.training import TrainedModel

STEPS = 256
SHOWN = 120
"""Words of a text that are told, the first ones."""


def word_gradients(
    model: "TrainedModel", rows: Frame, masked: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return what `cell_gradients` tells of each row and column of texts, `expected` being the
    answer to words that mean nothing, and `words`: `[word, share]`.
    """
    found = []
    for text, ids, share, told in cell_gradients(model, rows, "tokens", _attribute, masked):
        words = split_text(text)[: int((ids > 0).sum())][:SHOWN]
        pairs = [[w, float(s)] for w, s in zip(words, share.tolist(), strict=False)]
        found.append(told | {"words": pairs})
    return found


def _attribute(
    model: "TrainedModel", x: Array, codes: Array, texts: list[Array], code: int
) -> tuple[list[Array], float]:
    """Return what each word adds, `(T,)` of each text, and the answer to words without meaning."""
    import torch

    share = ((torch.arange(STEPS) + 0.5) / STEPS).view(-1, 1, 1)
    layers: list[Any] = [reader.embedding for reader in model.module.network.readers]  # type: ignore[union-attr]
    ids = [torch.from_numpy(np.ascontiguousarray(text)) for text in texts]
    with torch.no_grad():
        ends = [layer(own) for layer, own in zip(layers, ids, strict=True)]
    paths = [(end * share).requires_grad_(True) for end in ends]
    features = torch.from_numpy(np.ascontiguousarray(x[None], np.float32))
    known = torch.from_numpy(np.ascontiguousarray(codes[None], np.int64))

    def run(vectors: "Sequence[Tensor]") -> "Tensor":
        count = len(vectors[0])
        given = [own.expand(count, -1) for own in ids]
        with _replaced(layers, vectors):
            found = model.module(features.expand(count, -1), known.expand(count, -1), *given)
        picked: Tensor = found[:, code]
        return picked

    slopes = torch.autograd.grad(run(paths).sum(), paths)
    shares = [
        (slope.mean(dim=0) * end[0]).sum(dim=1).numpy()
        for slope, end in zip(slopes, ends, strict=True)
    ]
    with torch.no_grad():
        start = float(run([torch.zeros_like(end) for end in ends])[0])
    return shares, start


@contextmanager
def _replaced(layers: Sequence[Any], vectors: "Sequence[Tensor]") -> Iterator[None]:
    """Have each embedding give the vectors in its place."""
    hooks = [
        layer.register_forward_hook(lambda _, __, ___, own=own: own)
        for layer, own in zip(layers, vectors, strict=True)
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
