"""A generator behind the way back to raw columns: a seed in, a row in its own units out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ninefold.autoencoding.model import KINDS
from ninefold.columns import Array, Column, Frame
from ninefold.generating.noise import emit_normal, normal
from ninefold.graph import Graph
from ninefold.pixels import objects
from ninefold.preprocessing.decoding import decode, emit_decoded, positions
from ninefold.preprocessing.layout import Layout
from ninefold.signature import Result
from ninefold.unlabelled.model import Answer, Model, load_parts
from ninefold.unlabelled.space import widths
from ninefold.unlabelled.steps import Layers, read_layers

SEED = "seed"
STARTS = {"valid": 1_000_000_007, "test": 2_000_000_011}
"""Where the seeds begin that a part is compared with."""


@dataclass
class Sampler(Model):
    """`chain`: noise `(N, Z)` -> coordinates `(N, D)`, which are read as raw columns."""

    chain: Layers = field(kw_only=True)

    @property
    def results(self) -> tuple[Result, ...]:
        """Every raw column that can be read off the features."""
        decoders = self.preprocessing.layout.decoders
        return tuple(Result(str(d["column"]), KINDS[d["kind"]]) for d in decoders)

    @property
    def outputs(self) -> tuple[str, ...]:
        return tuple(f"sample of {result.name}" for result in self.results)

    @property
    def arbitrary(self) -> frozenset[str]:
        return frozenset({SEED})

    def draw(self, seeds: Array) -> list[Answer]:
        """Return the columns of a row for each seed `(N,)`."""
        noise = normal(np.asarray(seeds, dtype=np.float64), self.chain.widths[0])
        return self.answers(self.chain.compute(noise.astype(np.float32)))

    def frame(self, seeds: Array) -> Frame:
        """Return the rows of the seeds `(N,)` as the source has them."""
        columns = {c.name: c for c in self.preprocessing.layout.columns}
        found = [columns[result.name] for result in self.results]
        answers = self.draw(seeds)
        return Frame(
            tuple(Column(c.name, c.kind, frozenset({"input"}), c.format) for c in found),
            {c.name: cells(a.values) for c, a in zip(found, answers, strict=True)},
            np.arange(len(seeds)),
        )

    def raw(self, frame: Frame, part: str = "") -> Frame:
        """Return a seed for each row."""
        seeds = np.arange(len(frame), dtype=np.float64) + STARTS.get(part, 0)
        column = Column(SEED, "number", frozenset({"input"}))
        return Frame((column,), {SEED: seeds}, np.arange(len(frame)))

    def predict(self, frame: Frame) -> list[Answer]:
        return self.draw(frame[SEED])

    def answers(self, scores: Array) -> list[Answer]:
        """Return the columns of coordinates `(N, D)`."""
        layout = self.preprocessing.layout
        wide = scores.astype(np.float64) + flag_shift(layout)
        units = {d["column"]: d["high"] - d["low"] for d in layout.decoders if "high" in d}
        return [
            Answer(item.values, float(units.get(item.column) or 1.0), item.margin)
            for item in decode(wide, layout)
        ]

    def emit(self, graph: Any, scores: str) -> None:
        """Add the columns of the coordinates `scores` to `graph`."""
        wide = graph.Add(graph.cast(scores, np.float64), flag_shift(self.preprocessing.layout))
        found = emit_decoded(graph, wide, self.preprocessing.layout)
        for name, (_, dtype, value) in zip(self.outputs, found, strict=True):
            graph.output(name, value, dtype, ("N",))

    def composed(self, featurize: Any, columns: Sequence[str]) -> Any:
        """Return the graph `seed` double `[N, 1]` -> the columns."""
        graph = Graph("model")
        noise = emit_normal(graph, graph.input(SEED, np.float64, ("N", 1)), self.chain.widths[0])
        self.emit(graph, self.chain.emit(graph, graph.cast(noise, np.float32)))
        return graph.model()

    def arrays(self) -> dict[str, Array]:
        return self.chain.arrays("generator")

    @staticmethod
    def load(folder: Path) -> "Sampler":
        """Read what `save` wrote. Raises `InputError`."""
        preprocessing, arrays, facts = load_parts(folder)
        chain = read_layers(arrays, "generator")
        if "picture" in facts:
            from ninefold.generating.pictures import PictureSampler

            low, high = arrays["low"], arrays["high"]
            return PictureSampler(preprocessing, facts, chain=chain, low=low, high=high)
        return Sampler(preprocessing, facts, chain=chain)


def cells(values: Array) -> Array:
    """Return a column `(N,)` of what a model gave: pictures `(N, H, W, C)` become its cells."""
    return objects(values) if values.ndim == 4 else values.ravel()


def shape_of(layout: Layout) -> dict[str, list[Any]]:
    """Return which coordinates are the levels of one category, flags and booleans."""
    shape: dict[str, list[Any]] = {"groups": [], "flags": [], "bools": []}
    for decoder in layout.decoders:
        if decoder["way"] in ("levels", "code", "bins"):
            shape["groups"].append(positions(decoder, layout))
        if decoder["way"] == "bool":
            shape["bools"] += positions(decoder, layout)
        if decoder.get("flag") is not None:
            shape["flags"].append(decoder["flag"])
    return shape


def flag_shift(layout: Layout) -> Array:
    """Return what is added to the coordinates `(D,)`: 1/2 for flags, which are told by a sign."""
    shift = np.zeros(widths(layout))
    shift[shape_of(layout)["flags"]] = 0.5
    return shift
