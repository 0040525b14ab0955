"""Columns that become tensors: pictures, resized and normalised in the graph from their bytes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ninefold.columns import Array, Column
from ninefold.pixels import channels
from ninefold.preprocessing.blocks.block import Reader
from ninefold.preprocessing.layout import TensorLayout
from ninefold.preprocessing.sequences import emit_summary
from ninefold.preprocessing.spec import ImageSpec
from ninefold.preprocessing.step_words import emit_count
from ninefold.preprocessing.tokens import FIRST

SIDES = (8, 64)
"""Pictures smaller or larger than this are resized unless a size is given."""
LENGTH = np.float32(np.sqrt(10.0))
"""Of a text's vector of words: long ones would drown what is beside them, and an unknown one would
be far from all. At this length models that shrink their coefficients do so about rightly."""
COLOURS = {1: ("",), 3: (" red", " green", " blue")}


@dataclass(frozen=True)
class PictureTensor:
    """What was fitted for one column of pictures; `mean` and `std` are per channel, of 0 … 255."""

    column: str
    height: int
    width: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    flat_side: int

    def emit(self, reader: Reader) -> str:
        """Add the nodes: uint8 `[N, H, W, C]` -> float32 `[N, C, height, width]`."""
        graph, depth = reader.graph, len(self.mean)
        planes = graph.Transpose(graph.cast(reader.raw(self.column), np.float32), perm=[0, 3, 1, 2])
        rows = graph.Shape(planes, start=0, end=1)
        size = np.array([depth, self.height, self.width], dtype=np.int64)
        resized = graph.Resize(
            planes, None, None, graph.Concat(rows, size, axis=0), mode="linear", antialias=1
        )
        mean, std = (
            np.array(part, dtype=np.float32).reshape(1, depth, 1, 1)
            for part in (self.mean, self.std)
        )
        return graph.Div(graph.Sub(resized, mean), std)

    @property
    def layout(self) -> TensorLayout:
        """What a network is told."""
        depth = len(self.mean)
        flat = (min(self.height, self.flat_side), min(self.width, self.flat_side))
        return TensorLayout(
            self.column,
            "image",
            (depth, self.height, self.width),
            flat,
            tuple(
                f"{self.column} pixel {y},{x}{colour}"
                for colour in COLOURS[depth]
                for y in range(flat[0])
                for x in range(flat[1])
            ),
        )


def fit_pictures(column: Column, values: Array, spec: ImageSpec) -> PictureTensor:
    """Fit size and scale on the train pictures `(n,)`; the default size is their median."""
    sizes = np.array([picture.shape[:2] for picture in values])
    median = np.clip(np.round(np.median(sizes, axis=0)), *SIDES).astype(int).tolist()
    depth = channels(column.format)
    count, total, square = 0, np.zeros(depth), np.zeros(depth)
    for picture in values:
        flat = picture.reshape(-1, depth).astype(np.float64)
        count, total, square = count + len(flat), total + flat.sum(0), square + (flat**2).sum(0)
    mean = total / count
    std = np.sqrt(np.maximum(square / count - mean**2, 0.0))
    return PictureTensor(
        column.name,
        spec.height or median[0],
        spec.width or median[1],
        tuple(mean.tolist()),
        tuple(float(value) if value > 0 else 1.0 for value in std),
        spec.flat_side,
    )


def emit_flat(graph: Any, value: str, tensor: TensorLayout, *, counted: bool = False) -> str:
    """Add the nodes that lay a tensor flat: float32 `[N, features]`.

    Pictures shrink; tokens become roots of counts of words times inverse document frequency, each
    text `LENGTH` long unless its words are to stay `counted`; sequences a few numbers that tell of
    each; of words of steps their number.
    """
    if tensor.kind == "words":
        return emit_count(graph, value)
    if tensor.kind == "sequence":
        return emit_summary(graph, value, tensor)
    if tensor.kind == "tokens":
        ids = list(range(FIRST, FIRST + len(tensor.weights)))
        counts = graph.TfIdfVectorizer(
            value,
            mode="TF",
            min_gram_length=1,
            max_gram_length=1,
            max_skip_count=0,
            ngram_counts=[0],
            ngram_indexes=list(range(len(ids))),
            pool_int64s=ids,
        )
        words = graph.Mul(graph.Sqrt(counts), np.array(tensor.weights, dtype=np.float32))
        return words if counted else emit_length(graph, words, len(ids), np.float32)
    depth, *size = tensor.shape
    if tuple(size) != tensor.flat:
        rows = graph.Shape(value, start=0, end=1)
        wanted = np.array([depth, *tensor.flat], dtype=np.int64)
        value = graph.Resize(
            value, None, None, graph.Concat(rows, wanted, axis=0), mode="linear", antialias=1
        )
    return str(graph.Reshape(value, np.array([-1, depth * tensor.flat[0] * tensor.flat[1]])))


def emit_length(graph: Any, words: str, count: int, dtype: Any) -> str:
    """Add the nodes that make each text, a row of `words` `[N, count]`, `LENGTH` long; a text
    without a known word stays 0.
    """
    square = graph.MatMul(graph.Mul(words, words), np.ones((count, 1), dtype))
    length = graph.Sqrt(graph.Max(square, np.finfo(dtype).tiny))
    return str(graph.Mul(graph.Div(words, length), dtype(LENGTH)))
