"""A tagger behind its preprocessing: raw rows in, a label for each step out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.errors import InputError
from ninefold.graph import Graph
from ninefold.preprocessing.layout import tensor_name
from ninefold.signature import Result
from ninefold.tagging.reading import StepReading
from ninefold.unlabelled.model import Answer, Model, load_parts
from ninefold.unlabelled.space import widen, widening, widths

if TYPE_CHECKING:
    from ninefold.tagging.network import RecurrentTagger, WindowTagger

CHUNK_ROWS = 256


@dataclass
class TagModel(Model):
    """Scores are logits `(N, T, K)`, and in the file whether the step is there beside them.

    `weights (D,)` are those of what the row knows beside its sequence, see `unlabelled.space`;
    `probes`, which are not saved, what `training.probing` saw inside the network.
    """

    module: "RecurrentTagger | WindowTagger" = field(kw_only=True)
    weights: Array = field(kw_only=True)
    probes: tuple[dict[str, Any], ...] = field(default=(), kw_only=True)

    @property
    def tags(self) -> tuple[str, ...]:
        """The labels there are, in order."""
        return tuple(self.facts["tags"])

    @property
    def results(self) -> tuple[Result, ...]:
        """A label for each step, and the probability of each label at each step."""
        probabilities = Result("probabilities", "steps", self.tags, "probability")
        return Result("tags", "tags"), probabilities

    def inputs(self, frame: Frame) -> tuple[Array, Array]:
        """Return what the module takes of rows: `x (N, D)` and steps `(N, T + 1, W + I)`."""
        layout = self.preprocessing.layout
        X, codes, *parts = self.preprocessing.transform(frame)
        return wide(X, codes, layout, self.weights), StepReading.of(layout).join(parts)

    def logits(self, frame: Frame) -> tuple[Array, Array]:
        """Return logits `(N, T, K)` float32 and the mask `(N, T)` of steps that are there."""
        import torch

        x, steps = self.inputs(frame)
        parts = []
        with torch.no_grad():
            for start in range(0, max(len(x), 1), CHUNK_ROWS):
                rows = slice(start, start + CHUNK_ROWS)
                pair = (np.ascontiguousarray(part[rows], np.float32) for part in (x, steps))
                given, read = map(torch.from_numpy, pair)
                parts.append(self.module(given, given[:, :0].long(), read).squeeze(1).numpy())
        there = steps[:, :-1, 0] > 0
        return np.concatenate(parts)[:, :-1], there

    def predict(self, frame: Frame) -> list[Answer]:
        from scipy.special import softmax

        logits, there = self.logits(frame)
        chances = softmax(logits, axis=2)
        ordered = np.sort(chances, axis=2)
        names = np.asarray((*self.tags, ""), dtype=object)
        code = np.where(there, logits.argmax(axis=2), len(self.tags))
        margin = ordered[..., -1] - ordered[..., -2]
        return [Answer(names[code], margin=margin), Answer(chances * there[..., None])]

    def composed(self, featurize: Any, columns: Sequence[str]) -> Any:
        from ninefold.compose import compose

        return compose(featurize, self.preprocessing.model, self.net(), self, None, columns)

    def net(self) -> Any:
        """Return the graph `X`, `codes`, `tensor_0` … -> `scores` float32 `[N, T, K + 1]`."""
        layout, graph = self.preprocessing.layout, Graph("net")
        X = graph.input("X", np.float32, ("N", len(layout.features)))
        codes = graph.input("codes", np.int64, ("N", len(layout.codes)))
        titles = {tensor_name(i): tensor for i, tensor in enumerate(layout.tensors)}
        parts = [graph.input(n, np.float32, ("N", *t.sizes(n))) for n, t in titles.items()]
        steps = StepReading.of(layout).emit(graph, parts)
        x = None
        if widths(layout):
            space = widening(layout, self.weights)
            x = graph.inline(space, {"X": X, "codes": codes})["scores"]
        logits = self.module.emit(graph, x, steps)
        zero, one = np.array([0]), np.array([1])
        there = graph.cast(
            graph.Greater(graph.Slice(steps, zero, one, np.array([2])), np.float32(0)), np.float32
        )
        both = graph.Concat(logits, there, axis=2)
        kept = graph.Slice(both, zero, np.array([-1]), one)
        graph.output("scores", kept, np.float32, ("N", "steps", len(self.tags) + 1))
        return graph.model()

    def emit(self, graph: Any, scores: str, names: Sequence[str] | None = None) -> None:
        """Add the outputs to `graph`: labels `[N, T]`, "" where no step is, and probabilities."""
        tags, chances = names or self.outputs
        count = len(self.tags)
        axis, first = np.array([2]), np.array([0])
        logits = graph.Slice(scores, first, np.array([count]), axis)
        there = graph.Slice(scores, np.array([count]), np.array([count + 1]), axis)
        found = graph.Mul(graph.Softmax(logits, axis=2), there)
        is_there = graph.Greater(graph.Squeeze(there, axis), np.float32(0))
        code = graph.Where(is_there, graph.ArgMax(logits, axis=2, keepdims=0), np.int64(count))
        label = graph.Gather(graph.constant([*self.tags, ""]), code)
        graph.output(tags, label, object, ("N", "steps"))
        graph.output(chances, found, np.float32, ("N", "steps", count))

    def arrays(self) -> dict[str, Array]:
        state = {name: part.cpu().numpy() for name, part in self.module.state_dict().items()}
        return {**state, "row weights": self.weights}

    @staticmethod
    def load(folder: Path) -> "TagModel":
        """Read what `save` wrote. Raises `InputError`."""
        import torch

        from ninefold.tagging.network import tagger

        preprocessing, arrays, facts = load_parts(folder)
        try:
            weights, module = arrays.pop("row weights"), tagger(facts)
            module.load_state_dict({name: torch.from_numpy(a) for name, a in arrays.items()})
        except (KeyError, RuntimeError) as error:
            raise InputError(
                f"{folder} must hold a tagger, however: {error}. Run the train stage again"
            ) from None
        return TagModel(preprocessing, facts, module=module.eval(), weights=weights)


def wide(X: Array, codes: Array, layout: Any, by: Array) -> Array:
    """Return what a row knows beside its sequence, `(N, D)` float32."""
    return np.ascontiguousarray(widen(X, codes, layout, by), dtype=np.float32)
