"""Sequences as tensors, scaled in the graph, and as the numbers that stand for one in a table.

A tensor of sequences is float32 `(T + 1, 1 + C + M)`: for each step whether it is there, the
scaled values (0 where missing), and flags of missing values of the M channels that had any in
training. The step at the end is not there, so that a sequence without steps has one, too.

Sums over steps are running sums (`CumSum`), which add step by step: neither rows beside nor padding
behind change their bits.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ninefold.columns import Array, Column
from ninefold.preprocessing.blocks.block import LARGEST, Reader
from ninefold.preprocessing.layout import TensorLayout
from ninefold.preprocessing.spec import SequenceSpec
from ninefold.sequences import channels

FARTHEST = 20.0
"""Scaled values are held within so many spreads."""
SUMS = ("mean", "spread", "lowest", "highest", "trend")


@dataclass(frozen=True)
class SequenceTensor:
    """What was fitted for one column of sequences; `mean` and `std` are per channel.

    flagged: positions of the channels with missing values.
    length: mean number of steps, 0 where all train rows have as many.
    """

    column: str
    channels: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    flagged: tuple[int, ...]
    length: float
    steps: int
    pieces: int

    def emit(self, reader: Reader) -> str:
        """Add the nodes: double `[N, T, C]` -> float32 `[N, T + 1, 1 + C + M]`."""
        graph = reader.graph
        raw = reader.raw(self.column)
        missing = reader.missing(raw)
        given = graph.ReduceMax(graph.cast(graph.Not(missing), np.int64), np.array([2]), keepdims=1)
        there = graph.Greater(graph.CumSum(given, np.array(1), reverse=1), np.int64(0))
        known = graph.Where(missing, np.array(self.mean), raw)
        held = graph.Clip(known, np.float64(-LARGEST), np.float64(LARGEST))
        scaled = graph.Div(graph.Sub(held, np.array(self.mean)), np.array(self.std))
        scaled = graph.Clip(scaled, np.float64(-FARTHEST), np.float64(FARTHEST))
        parts = [graph.cast(there, np.float32), graph.cast(scaled, np.float32)]
        if self.flagged:
            gone = graph.Gather(missing, np.array(self.flagged), axis=2)
            parts.append(graph.cast(graph.And(gone, there), np.float32))
        steps = graph.Concat(*parts, axis=2)
        return str(graph.Concat(steps, _zeros(graph, steps, self.width), axis=1))

    @property
    def width(self) -> int:
        """Numbers of a step."""
        return 1 + len(self.channels) + len(self.flagged)

    @property
    def layout(self) -> TensorLayout:
        """What a network is told."""
        return TensorLayout(
            self.column,
            "sequence",
            (-1, self.width),
            (len(self.channels), self.steps, self.pieces),
            tuple(f"{self.column} {name}" for name in self._features()),
            weights=(self.length,) if self.length else (),
        )

    def _features(self) -> list[str]:
        """Return names in the order in which `emit_summary` gives the numbers."""
        found = [f"{name} {what}" for what in SUMS for name in self.channels]
        back = range(self.steps - 1, -1, -1)
        found += [f"{name} {n} before last" if n else f"{name} last"
                  for n in back for name in self.channels]  # fmt: skip
        found += [f"{name} part {n + 1} of {self.pieces}"
                  for n in range(self.pieces) for name in self.channels]  # fmt: skip
        found += [f"{self.channels[position]} missing" for position in self.flagged]
        return found + (["steps"] if self.length else [])


def fit_sequences(column: Column, values: Array, spec: SequenceSpec) -> SequenceTensor:
    """Fit the scale of each channel on the train sequences `(n,)`."""
    names = channels(column.format)
    steps = np.concatenate([np.empty((0, len(names))), *values])
    finite = np.isfinite(steps) & (np.abs(steps) <= LARGEST)
    mean, std = np.zeros(len(names)), np.ones(len(names))
    for channel in range(len(names)):
        known = steps[finite[:, channel], channel]
        if len(known):
            largest = max(float(np.abs(known).max()), 1.0)
            mean[channel] = (known / largest).mean() * largest
            spread = float((known / largest).std() * largest)
            std[channel] = spread if spread > 1e-12 * largest else 1.0
    lengths = np.array([len(value) for value in values])
    longest = max(int(lengths.max()), 1)
    read = min(spec.flat_steps, longest)
    return SequenceTensor(
        column.name,
        names,
        tuple(mean.tolist()),
        tuple(std.tolist()),
        tuple(np.flatnonzero(~finite.all(axis=0)).tolist()),
        float(lengths.mean()) if lengths.min() < lengths.max() else 0.0,
        read,
        spec.flat_pieces if longest > read else 0,
    )


def emit_summary(graph: Any, value: str, tensor: TensorLayout) -> str:
    """Add the nodes: a tensor `[N, T, F]` -> what a few numbers say of it, float32 `[N, features]`.

    Of each channel mean, spread, lowest, highest, trend, the last values and the means of equal
    parts; of flags the share.
    """
    depth, steps, pieces = tensor.flat
    series = graph.cast(value, np.float64)
    there, values = _part(graph, series, 0, 1), _part(graph, series, 1, 1 + depth)
    totals = graph.CumSum(values, np.array(1))
    numbers = graph.CumSum(there, np.array(1))
    count = _last(graph, numbers)
    divisor = graph.Max(count, np.float64(1))
    mean = graph.Div(_last(graph, totals), divisor)
    square = graph.Div(_sum(graph, graph.Mul(values, values)), divisor)
    spread = graph.Sqrt(graph.Max(graph.Sub(square, graph.Mul(mean, mean)), np.float64(0)))
    found = [mean, spread, *_ends(graph, there, values, count)]
    found.append(_trend(graph, numbers, values, count, mean))
    parts = [graph.Concat(*found, axis=1), _gathered(graph, values, count, _back(steps))]
    if pieces:
        parts.append(_pieces(graph, totals, count, pieces, depth))
    flat = [graph.Flatten(part, axis=1) for part in parts]
    if tensor.shape[1] > 1 + depth:
        flags = _sum(graph, _part(graph, series, 1 + depth, tensor.shape[1]))
        flat.append(graph.Flatten(graph.Div(flags, divisor), axis=1))
    if tensor.weights:
        flat.append(graph.Flatten(graph.Div(count, np.float64(tensor.weights[0])), axis=1))
    return str(graph.cast(graph.Concat(*flat, axis=1), np.float32))


def _back(steps: int) -> Array:
    return np.arange(-steps, 0, dtype=np.int64)


def _zeros(graph: Any, steps: str, width: int) -> str:
    """Return one step of zeros for each row, `[N, 1, width]`."""
    rows = graph.Shape(steps, start=0, end=1)
    return str(graph.Expand(np.zeros((1, 1, width), dtype=np.float32),
                            graph.Concat(rows, np.array([1, width]), axis=0)))  # fmt: skip


def _part(graph: Any, series: str, start: int, stop: int) -> str:
    return str(graph.Slice(series, np.array([start]), np.array([stop]), np.array([2])))


def _last(graph: Any, series: str) -> str:
    return str(graph.Slice(series, np.array([-1]), np.array([2**31 - 1]), np.array([1])))


def _sum(graph: Any, series: str) -> str:
    return _last(graph, graph.CumSum(series, np.array(1)))


def _ends(graph: Any, there: str, values: str, count: str) -> tuple[str, str]:
    """Return the lowest and highest values `[N, 1, C]`; 0 where there is no step."""
    is_there, has_steps = graph.Greater(there, 0.0), graph.Greater(count, 0.0)
    negative, far = graph.Neg(values), np.float64(-LARGEST)
    found = [
        graph.ReduceMax(graph.Where(is_there, part, far), np.array([1]), keepdims=1)
        for part in (negative, values)
    ]
    kept = [graph.Where(has_steps, part, np.float64(0)) for part in found]
    return graph.Neg(kept[0]), kept[1]


def _trend(graph: Any, numbers: str, values: str, count: str, mean: str) -> str:
    """Return the slope of a straight line times the number of steps, `[N, 1, C]`."""
    centred = graph.Sub(numbers, graph.Div(graph.Add(count, 1.0), 2.0))
    product = _sum(graph, graph.Mul(centred, values))
    # The sum of squares of 1 … n about their mean is n (n² - 1) / 12; for two steps a quarter of n.
    squares = graph.Div(graph.Sub(graph.Mul(count, count), 1.0), 12.0)
    return str(graph.Div(product, graph.Max(squares, np.float64(0.25))))


def _gathered(graph: Any, values: str, count: str, offsets: Array) -> str:
    """Return the steps at `offsets` from the end, `[N, len(offsets), C]`; 0 where there is none."""
    places = graph.Add(graph.cast(count, np.int64), offsets.reshape(1, -1, 1))
    size = graph.Sub(graph.Shape(values, start=1, end=2), np.array([1]))
    is_before = graph.Less(places, np.int64(0))
    return str(graph.GatherND(values, graph.Where(is_before, size, places), batch_dims=1))


def _pieces(graph: Any, totals: str, count: str, pieces: int, depth: int) -> str:
    """Return the means of equal parts of each sequence, `[N, pieces, C]`."""
    numbers = np.arange(pieces + 1, dtype=np.float64).reshape(1, -1, 1)
    bounds = graph.Floor(graph.Div(graph.Mul(count, numbers), np.float64(pieces)))
    rows = graph.Shape(totals, start=0, end=1)
    room = graph.Expand(np.zeros((1, 1, depth)), graph.Concat(rows, np.array([1, depth]), axis=0))
    sums = graph.Concat(room, totals, axis=1)
    reached = graph.GatherND(sums, graph.cast(bounds, np.int64), batch_dims=1)
    size = graph.Max(_difference(graph, bounds), np.float64(1))
    return str(graph.Div(_difference(graph, reached), size))


def _difference(graph: Any, values: str) -> str:
    end = np.array([2**31 - 1])
    later = graph.Slice(values, np.array([1]), end, np.array([1]))
    return str(graph.Sub(later, graph.Slice(values, np.array([0]), np.array([-1]), np.array([1]))))
