"""From a network's scores to what people read: calibrated probabilities and a label, or a value.

Written twice, as ONNX nodes for serving and in numpy for evaluation; the export receipt compares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.signature import Result
from ninefold.target import Cut, Target


@dataclass(frozen=True)
class Head:
    """scores `(N, K)` float32 -> probabilities `(N, K)` and label `(N,)`, or value `(N,)`.

    Scores are log-probabilities for classification and the standardised value for regression.
    Two classes: the label is the positive class from `threshold` on; more: the likeliest.
    Regression values are held inside the range of the train rows.

    With `quantiles` (rising shares) the scores `(N, Q)` are standardised quantiles of one value:
    sorted, so that none crosses another, and the middle one is the value. `shifts (Q,)`, if there
    are any, are added to the sorted scores, so that as many rows lie below as the shares say. With
    `quantile` the value itself is that share's, and has one shift.

    Several targets have a head `each`: scores `(N, T)` -> values `(N, T)`; or, scores being
    log-odds, -> probabilities `(N, T)` of the positive classes and whether each holds `(N, T)`.
    With `quantiles` the scores are `(N, T * Q)`, the quantiles of a target side by side.
    """

    target: Target
    temperature: float = 1.0
    threshold: float = 0.5
    each: tuple["Head", ...] = ()
    quantiles: tuple[float, ...] = ()
    shifts: tuple[float, ...] = ()
    quantile: float | None = None

    def __post_init__(self) -> None:
        if self.target.each and not self.each:
            each = (
                Head(one, quantiles=self.quantiles, quantile=self.quantile)
                for one in self.target.each
            )
            object.__setattr__(self, "each", tuple(each))

    @property
    def cut(self) -> Cut:
        """The threshold, or that of each of several targets: what metrics read labels by."""
        return tuple(one.threshold for one in self.each) if self.each else self.threshold

    @property
    def levels(self) -> tuple[float, ...]:
        """Shares of the quantiles that a target's scores are; () where they are none."""
        return self.quantiles if self.quantile is None else (self.quantile,)

    @property
    def width(self) -> int:
        """K: numbers that a network gives for a row."""
        if self.quantiles:
            return len(self.quantiles) * max(1, len(self.each))
        return self.target.outputs

    @property
    def unit(self) -> Any:
        """What a difference of all that the file's outputs rest on (`whole`) is divided by."""
        unit = self.target.unit
        return unit[:, None] if self.each and self.quantiles else unit

    @property
    def middle(self) -> int:
        """Which of the scores of a value tells it: the quantile next to one half."""
        away = [abs(share - 0.5) for share in self.quantiles]
        return away.index(min(away)) if away else 0

    def place(self, number: int = 0) -> int:
        """Return which of the scores tells the value of target `number` of several."""
        return number * max(1, len(self.quantiles)) + self.middle

    def spread(self, scores: Array) -> Array:
        """Return the quantiles `(N, Q)` float64 in original units, rising in each row; `(N, T, Q)`
        of several targets.

        Sorting never makes them worse (Chernozhukov, Fernández-Val & Galichon, 2010).
        """
        if self.each:
            parts = [one.spread(self.scores_of(scores, t)) for t, one in enumerate(self.each)]
            return np.stack(parts, axis=1)
        ordered = np.sort(scores.astype(np.float64), axis=1)
        if self.shifts:
            ordered = np.sort(ordered + np.array(self.shifts), axis=1)
        value = ordered * self.target.scale + self.target.offset
        return np.asarray(np.clip(value, self.target.low, self.target.high))

    def whole(self, scores: Array) -> Array:
        """Return all that the file's outputs rest on: quantiles `(N, Q)` or `(N, T, Q)`, else the
        prediction.
        """
        return self.spread(scores) if self.quantiles else self.predict(scores)

    def scores_of(self, scores: Array, number: int) -> Array:
        """Return the scores `(N, k)` that the head of target `number` takes, of all `(N, T)`."""
        size = max(1, len(self.quantiles))
        own = scores[:, number * size : (number + 1) * size].astype(np.float32)
        if not self.target.is_labels:
            return own
        return np.concatenate([-np.logaddexp(0, own), -np.logaddexp(0, -own)], axis=1)

    def predict(self, scores: Array) -> Array:
        """Return probabilities `(N, K)` float32, or values `(N,)` float64 in original units; for
        several targets `(N, T)`.
        """
        if self.each:
            found = [one.predict(self.scores_of(scores, t)) for t, one in enumerate(self.each)]
            is_labels = self.target.is_labels
            return np.stack([part[:, 1] if is_labels else part for part in found], axis=1)
        if self.quantiles:
            return np.ascontiguousarray(self.spread(scores)[:, self.middle])
        if self.target.task == "regression":
            moved = scores[:, 0].astype(np.float64) + (self.shifts or (0.0,))[0]
            value = moved * self.target.scale + self.target.offset
            return np.asarray(np.clip(value, self.target.low, self.target.high))
        logits = scores.astype(np.float32) / np.float32(self.temperature)
        logits = logits - logits.max(axis=1, keepdims=True)
        exponents = np.exp(logits)
        return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))

    def labels(self, probabilities: Array) -> Array:
        """Return class codes `(N,)` from probabilities `(N, K)`; `(N, T)` of several targets."""
        if self.each:
            return (probabilities >= np.array(self.cut, dtype=np.float32)).astype(np.int64)
        if self.target.is_binary:
            return (probabilities[:, 1] >= np.float32(self.threshold)).astype(np.int64)
        return np.asarray(probabilities.argmax(axis=1))

    def margin(self, probabilities: Array) -> Array:
        """Return how far each row `(N,)` is from another label; `(N, T)` of several targets."""
        if self.each:
            return np.asarray(np.abs(probabilities - np.array(self.cut, dtype=np.float32)))
        if self.target.is_binary:
            return np.asarray(np.abs(probabilities[:, 1] - np.float32(self.threshold)))
        ordered = np.sort(probabilities, axis=1)
        return np.asarray(ordered[:, -1] - ordered[:, -2])

    def spoken(self, labels: Array) -> Array:
        """Return codes as the label output gives them: names `(N,)`, or booleans `(N, T)`."""
        if self.each:
            return labels.astype(bool)
        return np.asarray(np.asarray(self.target.classes, dtype=object)[labels])

    @property
    def title(self) -> str:
        """What the model is called in messages."""
        return f"the model of `{self.target.name}`"

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the model's outputs, in order."""
        if self.target.is_labels:
            return ("labels", "probabilities")
        if self.quantiles:
            return ("quantiles", "value")
        return ("value",) if self.target.task == "regression" else ("label", "probabilities")

    @property
    def results(self) -> tuple[Result, ...]:
        """What the outputs say of a row; () where one target is predicted."""
        names = self.target.names
        if self.quantiles:
            shares, owners = tuple(map(str, self.quantiles)), names if self.each else ()
            levels = Result("quantiles", "numbers", shares, "quantile", owners=owners)
            value = Result("", "numbers", names) if self.each else Result("value", "number")
            return levels, value
        if not self.each:
            return ()
        if not self.target.is_labels:
            return (Result("", "numbers", names),)
        probabilities = Result("probabilities", "numbers", names, "probability")
        return Result("labels", "numbers", names, "label"), probabilities

    def emit(self, graph: Any, scores: str, names: Sequence[str] | None = None) -> None:
        """Add the outputs of the task to `graph` (a `ninefold.graph.Graph`), under `names`."""
        names = names or self.outputs
        if self.each:
            self._emit_several(graph, scores, names)
            return
        if self.target.task == "regression":
            if self.quantiles:
                scores = _rising(graph, scores, np.array(self.shifts), self.width, 1)
            elif self.shifts:
                scores = graph.Add(graph.cast(scores, np.float64), self.shifts[0])
            value = graph.Add(
                graph.Mul(graph.cast(scores, np.float64), self.target.scale), self.target.offset
            )
            bounds = (self.target.low, self.target.high)
            value = graph.Clip(value, *(None if b is None else np.float64(b) for b in bounds))
            if self.quantiles:
                graph.output(names[0], value, np.float64, ("N", self.width))
                value = graph.Gather(value, np.array([self.middle]), axis=1)
            graph.output(names[-1], graph.Reshape(value, np.array([-1])), np.float64, ("N",))
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

    def _emit_several(self, graph: Any, scores: str, names: Sequence[str]) -> None:
        shape = ("N", len(self.each))
        if self.target.is_labels:
            heat = np.array([one.temperature for one in self.each], dtype=np.float32)
            probabilities = graph.Sigmoid(graph.Div(scores, heat))
            holds = graph.GreaterOrEqual(probabilities, np.array(self.cut, dtype=np.float32))
            graph.output(names[0], holds, np.bool_, shape)
            graph.output(names[1], probabilities, np.float32, shape)
            return
        each = self.target.each
        scale, offset = np.array([t.scale for t in each]), np.array([t.offset for t in each])
        low = np.array([-np.inf if t.low is None else t.low for t in each])
        high = np.array([np.inf if t.high is None else t.high for t in each])
        shifts = np.array([one.shifts for one in self.each])
        if self.quantiles:
            size = len(self.quantiles)
            apart = graph.Reshape(scores, np.array([-1, len(each), size]))
            scores = _rising(graph, apart, shifts, size, 2)
            scale, offset, low, high = (part[:, None] for part in (scale, offset, low, high))
        elif shifts.size:
            scores = graph.Add(graph.cast(scores, np.float64), shifts[:, 0])
        value = graph.Add(graph.Mul(graph.cast(scores, np.float64), scale), offset)
        value = graph.Min(graph.Max(value, low), high)
        if self.quantiles:
            graph.output(names[0], value, np.float64, (*shape, len(self.quantiles)))
            value = graph.Gather(value, np.array(self.middle), axis=2)
        graph.output(names[-1], value, np.float64, shape)

    def to_json(self) -> dict[str, Any]:
        each = [one.to_json() for one in self.each]
        return {**asdict(self), "target": self.target.to_json(), "each": each}

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "Head":
        return Head(
            Target.from_json(content["target"]),
            content["temperature"],
            content["threshold"],
            tuple(Head.from_json(one) for one in content.get("each", ())),
            tuple(content.get("quantiles", ())),
            tuple(content.get("shifts", ())),
            content.get("quantile"),
        )


def _rising(graph: Any, scores: str, shifts: Array, size: int, axis: int) -> str:
    """Add the nodes that sort `size` scores along `axis`, and once more after adding `shifts`."""
    count, settings = np.array([size]), {"outputs": 2, "axis": axis, "largest": 0}
    scores = graph.node("TopK", scores, count, **settings)[0]
    if not shifts.size:
        return scores
    moved = graph.Add(graph.cast(scores, np.float64), shifts)
    return str(graph.node("TopK", moved, count, **settings)[0])
