"""A generator of pictures: a seed in, a picture out."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.generating.model import Sampler
from ninefold.signature import Result
from ninefold.unlabelled.model import Answer
from ninefold.unlabelled.preparing import Prepared

WHITE = 255
JITTER = 1e-3
"""A pixel this near to the border between two values may come out as either in single precision."""


@dataclass
class PictureSampler(Sampler):
    """Coordinates `(N, D)` are the pixels of a picture; `low` and `high` `(D,)` are those of a
    black and of a white one.
    """

    low: Array = field(kw_only=True)
    high: Array = field(kw_only=True)

    @property
    def results(self) -> tuple[Result, ...]:
        return (Result(str(self.facts["column"]), "image"),)

    def answers(self, scores: Array) -> list[Answer]:
        """Return the pictures `(N, H, W, C)` uint8 of coordinates `(N, D)`."""
        size = (self.high - self.low).astype(np.float64)
        light = np.clip((scores.astype(np.float64) - self.low) * (WHITE / size), 0.0, WHITE)
        margin = np.abs(light % 1.0 - 0.5) / JITTER * 1e-6
        values = self._laid_out(np.floor(light + 0.5).astype(np.uint8))
        return [Answer(values, margin=self._laid_out(margin).ravel())]

    def _laid_out(self, flat: Array) -> Array:
        return np.asarray(flat.reshape(-1, *self.facts["picture"]).transpose(0, 2, 3, 1))

    def emit(self, graph: Any, scores: str) -> None:
        channels, height, width = self.facts["picture"]
        factor = WHITE / (self.high - self.low).astype(np.float64)
        apart = graph.Sub(graph.cast(scores, np.float64), self.low.astype(np.float64))
        light = graph.Clip(graph.Mul(apart, factor), np.float64(0.0), np.float64(WHITE))
        whole = graph.cast(graph.Floor(graph.Add(light, 0.5)), np.uint8)
        planes = graph.Reshape(whole, np.array([-1, channels, height, width]))
        picture = graph.Transpose(planes, perm=[0, 2, 3, 1])
        shape = ("N", height, width, channels)
        graph.output(self.outputs[0], picture, np.uint8, shape)

    def arrays(self) -> dict[str, Array]:
        return {**super().arrays(), "low": self.low, "high": self.high}


def limits(ready: Prepared) -> tuple[str, Array, Array]:
    """Return the column of the pictures, and a black and a white one as coordinates `(D,)`."""
    from ninefold.columns import Frame
    from ninefold.pixels import channels, objects

    layout = ready.preprocessing.layout
    column = next(c for c in layout.columns if c.kind == "image")
    _, height, width = ready.picture
    size = (height, width, channels(column.format))
    ends = objects(np.full(size, value, dtype=np.uint8) for value in (0, WHITE))
    X, *_ = ready.preprocessing.transform(Frame((column,), {column.name: ends}, np.arange(2)))
    return column.name, X[0], X[1]
