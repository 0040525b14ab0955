"""From a network's scores to what people read: calibrated probabilities and a label, or a value.

Written twice, as ONNX nodes for serving and in numpy for evaluation; the export receipt compares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.target import Target


@dataclass(frozen=True)
class Head:
    """scores `(N, K)` float32 -> probabilities `(N, K)` and label `(N,)`, or value `(N,)`.

    Scores are log-probabilities for classification and the standardised value for regression.
    Two classes: the label is the positive class from `threshold` on; more: the likeliest.
    Regression values are held inside the range of the train rows.
    """

    target: Target
    temperature: float = 1.0
    threshold: float = 0.5

    def predict(self, scores: Array) -> Array:
        """Return probabilities `(N, K)` float32, or values `(N,)` float64 in original units."""
        if self.target.task == "regression":
            value = scores[:, 0].astype(np.float64) * self.target.scale + self.target.offset
            return np.asarray(np.clip(value, self.target.low, self.target.high))
        logits = scores.astype(np.float32) / np.float32(self.temperature)
        logits = logits - logits.max(axis=1, keepdims=True)
        exponents = np.exp(logits)
        return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))

    def labels(self, probabilities: Array) -> Array:
        """Return class codes `(N,)` from probabilities `(N, K)`."""
        if self.target.is_binary:
            return (probabilities[:, 1] >= np.float32(self.threshold)).astype(np.int64)
        return np.asarray(probabilities.argmax(axis=1))

    @property
    def title(self) -> str:
        """What the model is called in messages."""
        return f"the model of `{self.target.name}`"

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the model's outputs, in order."""
        return ("value",) if self.target.task == "regression" else ("label", "probabilities")

    def emit(self, graph: Any, scores: str, names: Sequence[str] | None = None) -> None:
        """Add the outputs of the task to `graph` (a `ninefold.graph.Graph`), under `names`."""
        names = names or self.outputs
        if self.target.task == "regression":
            value = graph.Add(
                graph.Mul(graph.cast(scores, np.float64), self.target.scale), self.target.offset
            )
            bounds = (self.target.low, self.target.high)
            value = graph.Clip(value, *(None if b is None else np.float64(b) for b in bounds))
            graph.output(names[0], graph.Reshape(value, np.array([-1])), np.float64, ("N",))
            return
        probabilities = graph.Softmax(graph.Div(scores, np.float32(self.temperature)), axis=-1)
        if self.target.is_binary:
            positive = graph.Gather(probabilities, np.array(1), axis=1)
            code = graph.cast(graph.GreaterOrEqual(positive, np.float32(self.threshold)), np.int64)
        else:
            code = graph.ArgMax(probabilities, axis=1, keepdims=0)
        label = graph.Gather(graph.constant(list(self.target.classes)), code)
        graph.output(names[0], label, object, ("N",))
        graph.output(names[1], probabilities, np.float32, ("N", self.target.outputs))

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "target": self.target.to_json()}

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "Head":
        return Head(
            Target.from_json(content["target"]), content["temperature"], content["threshold"]
        )
