"""Integrated gradients: what each column adds to the network's answer for one row.

Sundararajan, Taly & Yan, Axiomatic attribution for deep networks, ICML 2017. The path leads from a
typical row (median of the train rows, most frequent codes) to the row; codes are embedded, and the
path runs between their embeddings.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array, Frame

if TYPE_CHECKING:
    import torch

    from ninefold.training import TrainedModel

Attribute = Callable[["TrainedModel", Array, Array, list[Array], int], tuple[list[Array], float]]
"""From a model, a row's features, codes and cells and the score to look at to what each part of
each cell adds, and the score at the other end of the path."""
STEPS = 512
"""Piecewise-linear embeddings have kinks: fewer steps leave an error of some per cent."""


def integrated_gradients(
    model: "TrainedModel", train: Frame, rows: Frame, number: int = 0
) -> list[dict[str, Any]]:
    """Return for each row `answer`, `expected` (the typical row's answer), `columns`.

    All in units of the answer: log-odds of the positive class, log-probability of the row's
    likeliest class, or the target's own; of several targets `number` says which is explained.
    Shares add up to answer - expected, but for the error of the numerical integral.
    """
    import torch

    layout, target = model.preprocessing.layout, model.head.target
    own = target.each[number] if target.each else target
    X_train, codes_train = model.preprocessing.transform(train)
    typical = np.median(X_train, axis=0).astype(np.float32)
    common = np.array([np.bincount(codes).argmax() for codes in codes_train.T], dtype=np.int64)
    names = (*layout.sources, *layout.codes)
    found = []
    for x, code in zip(*model.preprocessing.transform(rows), strict=True):
        ends = torch.from_numpy(np.stack([typical, x]))
        pair = torch.from_numpy(np.stack([common, code]).astype(np.int64))
        likeliest = int(model.scores_of(x[None], code[None])[0].argmax())

        def answer(scores: "torch.Tensor", likeliest: int = likeliest) -> "torch.Tensor":
            if target.task == "regression":
                return scores[:, model.head.place(number)] * own.scale + own.offset
            if target.each:
                return scores[:, number]
            return scores[:, 1] - scores[:, 0] if target.is_binary else scores[:, likeliest]

        shares, (expected, value) = _attribute(model.module, ends, pair, answer)
        columns = dict.fromkeys(names, 0.0)
        for name, share in zip(names, shares, strict=True):
            columns[name] += share
        found.append({"answer": value, "expected": expected, "columns": columns})
    return found


def cell_gradients(
    model: "TrainedModel", rows: Frame, kind: str, attribute: Attribute, masked: Collection[str]
) -> Iterator[tuple[Any, Array, Array, dict[str, Any]]]:
    """Yield of each row and each column of `kind` that is not masked: the cell, its tensor
    `(1, …)`, what each part of that adds, and `column`, `row`, `said`, `answer`, `expected` and
    `sum`, what all columns of the kind add.

    Nothing where the network reads tensors of other kinds. The answer is the log-probability of the
    likeliest class, or the (first) value in its standard deviations.
    """
    tensors, classes = model.preprocessing.layout.tensors, model.head.target.classes
    if not tensors or any(tensor.kind != kind for tensor in tensors):
        return
    X, codes, *cells = model.preprocessing.transform(rows)
    for row in range(len(rows)):
        own = [part[row : row + 1] for part in cells]
        scores = model.scores_of(X[row][None], codes[row][None], *own)[0]
        code = int(scores.argmax()) if classes else model.head.middle
        shares, expected = attribute(model, X[row], codes[row], own, code)
        told = {
            "row": int(rows.row[row]),
            "said": classes[code] if classes else "",
            "answer": float(scores[code]),
            "expected": expected,
            "sum": float(sum(part.sum() for part in shares)),
        }
        for tensor, part, share in zip(tensors, own, shares, strict=True):
            name = tensor.column
            if name not in masked:
                yield rows[name][row], part, share, {"column": name, **told}


def _attribute(
    module: "torch.nn.Module",
    ends: "torch.Tensor",
    pair: "torch.Tensor",
    answer: "Callable[[torch.Tensor], torch.Tensor]",
) -> tuple[list[float], tuple[float, float]]:
    """Return what each feature and code adds, and the answers at both ends of the path.

    Shapes: `ends` `(2, F)` features, `pair` `(2, C)` codes, of the typical row and of the row.
    """
    import torch

    embedded: list[torch.Tensor] = []
    with torch.no_grad(), _embeddings(module, embedded.append):
        first, last = answer(module(ends, pair)).tolist()
    share = ((torch.arange(STEPS) + 0.5) / STEPS).unsqueeze(1)
    x = torch.lerp(ends[:1], ends[1:], share).requires_grad_(True)
    paths = [torch.lerp(e[:1], e[1:], share).requires_grad_(True) for e in embedded]
    waiting = iter(paths)
    with _embeddings(module, lambda _: next(waiting)):
        total = answer(module(x, pair[1:].expand(STEPS, -1))).sum()
    slopes = torch.autograd.grad(total, [x, *paths], allow_unused=True, materialize_grads=True)
    shares = slopes[0].mean(dim=0) * (ends[1] - ends[0])
    codes = [
        float((slope.mean(dim=0) * (e[1] - e[0])).sum())
        for slope, e in zip(slopes[1:], embedded, strict=True)
    ]
    return [*shares.tolist(), *codes], (first, last)


@contextmanager
def _embeddings(
    module: "torch.nn.Module", use: "Callable[[torch.Tensor], torch.Tensor | None]"
) -> Iterator[None]:
    """Hand the output of each embedding to `use`, in the order of the columns; what it returns
    takes its place.
    """
    import torch

    layers = [layer for layer in module.modules() if isinstance(layer, torch.nn.Embedding)]
    hooks = [layer.register_forward_hook(lambda _, __, output: use(output)) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
