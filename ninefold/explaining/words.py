"""Integrated gradients of texts: which words spoke for the network's answer, and which against.

Sundararajan, Taly & Yan, Axiomatic attribution for deep networks, ICML 2017. The path leads from
words whose vectors are all zero to the words' own vectors; other columns stay as they are.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.preprocessing.blocks.words import split_text

if TYPE_CHECKING:
    from torch import Tensor

    from ninefold.training import TrainedModel

STEPS = 256
SHOWN = 120
"""Words of a text that are told, the first ones."""


def word_gradients(
    model: "TrainedModel", rows: Frame, masked: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return for each row and column of texts `column`, `row`, `said`, `answer`, `expected` (the
    answer to words that mean nothing), `sum` of what all words add, and `words`: `[word, share]`.

    [] where the network reads other tensors than texts. The answer is the log-probability of the
    likeliest class, or the (first) value in its standard deviations.
    """
    tensors = model.preprocessing.layout.tensors
    if not tensors or any(tensor.kind != "tokens" for tensor in tensors):
        return []
    found = []
    X, codes, *texts = model.preprocessing.transform(rows)
    for row in range(len(rows)):
        own = [part[row : row + 1] for part in texts]
        shares, answer, expected, code = _attribute(model, X[row], codes[row], own)
        classes = model.head.target.classes
        for tensor, share, ids in zip(tensors, shares, own, strict=True):
            if tensor.column in masked:
                continue
            words = split_text(rows[tensor.column][row])[: int((ids > 0).sum())][:SHOWN]
            found.append(
                {
                    "column": tensor.column,
                    "row": int(rows.row[row]),
                    "said": classes[code] if classes else "",
                    "answer": answer,
                    "expected": expected,
                    "sum": float(sum(part.sum() for part in shares)),
                    "words": [[w, float(s)] for w, s in zip(words, share.tolist(), strict=False)],
                }
            )
    return found


def _attribute(
    model: "TrainedModel", x: Array, codes: Array, texts: list[Array]
) -> tuple[list[Array], float, float, int]:
    """Return what each word adds, `(T,)` of each text, the answers at both ends, and the score that
    was looked at.
    """
    import torch

    scores = model.scores_of(x[None], codes[None], *texts)[0]
    code = int(scores.argmax()) if model.head.target.classes else 0
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
    return shares, float(scores[code]), start, code


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
