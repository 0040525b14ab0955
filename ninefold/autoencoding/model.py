"""Models that give a row back: what came back, how far off it is, and the code in between."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ninefold.autoencoding.oddity import NAME, Oddity
from ninefold.columns import Array
from ninefold.graph import Graph
from ninefold.preprocessing.decoding import decode, emit_decoded
from ninefold.signature import Result, ResultKind
from ninefold.unlabelled.model import Answer, RowModel, load_parts
from ninefold.unlabelled.space import widen, widening, widths
from ninefold.unlabelled.steps import Layers, read_layers

KINDS: dict[str, ResultKind] = {
    "number": "number", "category": "text", "text": "text", "bool": "bool", "datetime": "datetime",
}  # fmt: skip
ERROR = "reconstruction_error"


@dataclass
class Reconstruction(RowModel):
    """Encoder and decoder behind their preprocessing.

    scores: `(N, 2D + Z)`: the coordinates, what came back of them, and the code. `weights (D,)`
    make the coordinates alike; with an `oddity`, and a `threshold` for it in the facts, rows are
    told to be anomalies.
    """

    encoder: Layers = field(kw_only=True)
    decoder: Layers = field(kw_only=True)
    weights: Array = field(kw_only=True)
    oddity: Oddity | None = field(default=None, kw_only=True)
    probes: tuple[dict[str, Any], ...] = field(default=(), kw_only=True)
    """What `training.probing` saw inside the network; not saved."""

    @property
    def size(self) -> int:
        """D: coordinates."""
        return widths(self.preprocessing.layout)

    @property
    def latent(self) -> int:
        """Z: numbers of the code."""
        return self.decoder.widths[0]

    @property
    def tells_anomalies(self) -> bool:
        return self.oddity is not None

    @property
    def results(self) -> tuple[Result, ...]:
        """Alarm and how unusual a row is, or its code; the error; every column as it came back."""
        code = Result("embedding", "numbers", tuple(str(i) for i in range(self.latent)))
        told = (Result("is_anomaly", "bool"), Result(NAME, "number"))
        back = [
            Result(str(d["column"]), KINDS[d["kind"]], inside="reconstruction")
            for d in self.preprocessing.layout.decoders
        ]
        first = told if self.tells_anomalies else (code,)
        return (*first, Result(ERROR, "number"), *back)

    @property
    def leading(self) -> int:
        """How many outputs stand before the columns that came back."""
        return 3 if self.tells_anomalies else 2

    @property
    def outputs(self) -> tuple[str, ...]:
        names = [result.name for result in self.results[: self.leading]]
        return (*names, *(f"reconstruction of {r.name}" for r in self.results[self.leading :]))

    def wide(self, X: Array, codes: Array) -> Array:
        """Return the coordinates `(N, D)` float32."""
        return widen(X, codes, self.preprocessing.layout, self.weights)

    def scores(self, X: Array, codes: Array) -> Array:
        z = self.wide(X, codes)
        code = self.encoder.compute(z)[:, : self.latent]
        return np.concatenate([z, self.decoder.compute(code), code], axis=1)

    def errors(self, scores: Array) -> Array:
        """Return the mean squared difference of the coordinates `(N,)` float64."""
        z = scores[:, : self.size].astype(np.float64)
        back = scores[:, self.size : 2 * self.size].astype(np.float64)
        return np.asarray(((z - back) ** 2).mean(axis=1))

    def oddities(self, scores: Array) -> Array:
        """Return how unusual the rows are `(N,)` float64; of a model that tells anomalies."""
        assert self.oddity is not None
        size = self.size
        apart = scores[:, :size].astype(np.float64) - scores[:, size : 2 * size]
        return self.oddity.of(apart, scores[:, 2 * size :])

    def answers(self, scores: Array) -> list[Answer]:
        error, unit = self.errors(scores), float(self.facts.get("unit", 1.0))
        first = [Answer(scores[:, 2 * self.size :], float(self.facts.get("code_unit", 1.0)))]
        if self.tells_anomalies:
            found, threshold = self.oddities(scores), float(self.facts["threshold"])
            odd_unit = float(self.facts["oddity_unit"])
            alarm = Answer(found > threshold, margin=np.abs(found - threshold) / odd_unit)
            first = [alarm, Answer(found, odd_unit)]
        back = scores[:, self.size : 2 * self.size].astype(np.float64) / self.weights
        units = self.facts.get("column_units", {})
        read = [
            Answer(item.values, float(units.get(item.column, 1.0)), item.margin)
            for item in decode(back, self.preprocessing.layout)
        ]
        return [*first, Answer(error, unit), *read]

    def net(self) -> Any:
        layout, graph = self.preprocessing.layout, Graph("net")
        X = graph.input("X", np.float32, ("N", len(layout.features)))
        codes = graph.input("codes", np.int64, ("N", len(layout.codes)))
        z = graph.inline(widening(layout, self.weights), {"X": X, "codes": codes})["scores"]
        code = self.encoder.emit(graph, z)
        if self.encoder.widths[-1] != self.latent:
            code = graph.Gather(code, np.arange(self.latent), axis=1)
        back = self.decoder.emit(graph, code)
        width = 2 * self.size + self.latent
        graph.output("scores", graph.Concat(z, back, code, axis=1), np.float32, ("N", width))
        return graph.model()

    def emit(self, graph: Any, scores: str, names: Sequence[str] | None = None) -> None:
        names, size = names or self.outputs, self.size
        before, rest = names[: self.leading], names[self.leading :]
        z, back = (
            graph.cast(graph.Gather(scores, np.arange(start, start + size), axis=1), np.float64)
            for start in (0, size)
        )
        apart = graph.Sub(z, back)
        code = graph.Gather(scores, np.arange(2 * size, 2 * size + self.latent), axis=1)
        error = graph.MatMul(graph.Mul(apart, apart), np.full((size, 1), 1.0 / size))
        error = graph.Squeeze(error, np.array([1]))
        if self.oddity is not None:
            found = self.oddity.emit(graph, apart, graph.cast(code, np.float64))
            alarm = graph.Greater(found, float(self.facts["threshold"]))
            graph.output(before[0], alarm, np.bool_, ("N",))
            graph.output(before[1], found, np.float64, ("N",))
        else:
            graph.output(before[0], code, np.float32, ("N", self.latent))
        graph.output(before[-1], error, np.float64, ("N",))
        plain = graph.Div(back, self.weights.astype(np.float64))
        columns = emit_decoded(graph, plain, self.preprocessing.layout)
        for name, (_, dtype, value) in zip(rest, columns, strict=True):
            graph.output(name, value, dtype, ("N",))

    def arrays(self) -> dict[str, Array]:
        chains = {**self.encoder.arrays("encoder"), **self.decoder.arrays("decoder")}
        told = self.oddity.arrays() if self.oddity is not None else {}
        return {**chains, "weights": self.weights, **told}

    @staticmethod
    def load(folder: Path) -> "Reconstruction":
        """Read what `save` wrote. Raises `InputError`."""
        preprocessing, arrays, facts = load_parts(folder)
        return Reconstruction(
            preprocessing,
            facts,
            encoder=read_layers(arrays, "encoder"),
            decoder=read_layers(arrays, "decoder"),
            weights=arrays["weights"],
            oddity=Oddity.from_arrays(arrays),
        )
