"""Tensors laid flat, for models that take a table of numbers."""

from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from ninefold.preprocessing.sequences import TOLD
from ninefold.preprocessing.tensors import emit_flat

if TYPE_CHECKING:
    from ninefold.preprocessing.layout import Layout, TensorLayout
    from ninefold.preprocessing.model import Preprocessing


def flattened(preprocessing: "Preprocessing", *, counted: bool = False) -> "Preprocessing":
    """Return preprocessing whose X holds the tensors too, as features; without any, the same."""
    from ninefold.graph import Graph
    from ninefold.preprocessing.model import Preprocessing

    layout = preprocessing.layout
    if not layout.tensors:
        return preprocessing
    inner = preprocessing.model
    graph = Graph("preprocess")
    x, codes, *tensors = graph.inline(inner).values()
    parts = [
        emit_flat(graph, value, tensor, counted=counted)
        for value, tensor in zip(tensors, layout.tensors, strict=True)
    ]
    names = [name for tensor in layout.tensors for name in tensor.features]
    features = (*layout.features, *names)
    titles = [info.name for info in inner.graph.output]
    graph.output(titles[0], graph.Concat(x, *parts, axis=1), np.float32, ("N", len(features)))
    graph.output(titles[1], codes, np.int64, ("N", len(layout.codes)))
    columns = [tensor.column for tensor in layout.tensors for _ in tensor.features]
    told = replace(
        layout,
        features=features,
        sources=(*layout.sources, *columns),
        tensors=(),
        recent=_recent(layout),
        words={t.column: (i, len(t.features)) for t, i in _starts(layout) if t.kind == "tokens"},
    )
    return Preprocessing(graph.model(), told)


def _starts(layout: "Layout") -> "zip[tuple[TensorLayout, int]]":
    """Return each tensor with the place of its first feature."""
    sizes = [len(tensor.features) for tensor in layout.tensors]
    return zip(layout.tensors, accumulate(sizes, initial=len(layout.features)), strict=False)


def _recent(layout: "Layout") -> dict[str, tuple[float, ...]]:
    """Return where the last steps of sequences stand among the features, see `Layout.recent`."""
    found = {}
    for tensor, start in _starts(layout):
        if tensor.kind == "sequence":
            depth, steps, _ = tensor.flat
            before = start + (len(TOLD) + steps - 2) * depth
            found[tensor.column] = (start, before, depth, steps, *tensor.scales[:3])
    return found
