"""Sequences as tensors, scaled in the graph, and as the numbers that stand for one in a table.

A tensor of sequences is float32 `(T + 1, 1 + 2 C + M)`: for each step whether it is there; of each
channel the last known value, scaled (the same in every step), and how far the step is from it, in
spreads of such distances (0 where missing); flags of missing values of the M channels that had any
in training. So a level that drifts beyond what training saw leaves the shape as it was. The step at
the end is not there, so that a sequence without steps has one, too.

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
from ninefold.sequences import channels, recipe

FARTHEST = 20.0
"""Scaled values are held within so many spreads."""
FLAT_NUMBERS, LEAST_STEPS = 128, 8
"""Numbers of last steps that are told, all channels together, and steps at least."""
TOLD = ("last", "mean", "mean apart", "spread", "lowest", "highest", "trend")
"""What is told of each channel; from the third on, of the distances from the last value."""


@dataclass(frozen=True)
class SequenceTensor:
    """What was fitted for one column of sequences.

    mean, std: of each channel's values; apart: spread of their distances from the last known one.
    flagged: positions of the channels with missing values.
    length: mean number of steps, 0 where all train rows have as many.
    steps, pieces: last steps and equal parts that are told where the tensor is laid flat.
    is_window: every step counts, also those at the end of which nothing is known.
    """

    column: str
    channels: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    apart: tuple[float, ...]
    flagged: tuple[int, ...]
    length: float
    steps: int
    pieces: int
    is_window: bool = False

    def emit(self, reader: Reader) -> str:
        """Add the nodes: double `[N, T, C]` -> float32 `[N, T + 1, 1 + 2 C + M]`."""
        graph, mean = reader.graph, np.array(self.mean)
        given = reader.raw(self.column)
        rows = graph.Shape(given, start=0, end=1)
        shape = graph.Concat(rows, np.array([1, len(mean)]), axis=0)
        raw = graph.Concat(given, graph.Expand(np.full((1, 1, len(mean)), np.nan), shape), axis=1)
        missing = reader.missing(raw)
        is_known = graph.Not(missing)
        there = self._there(graph, given, is_known)
        held = graph.Clip(
            graph.Where(missing, mean, raw), np.float64(-LARGEST), np.float64(LARGEST)
        )
        last = _last_known(graph, held, is_known)
        level = _within(graph, graph.Div(graph.Sub(last, mean), np.array(self.std)))
        distance = _within(graph, graph.Div(graph.Sub(held, last), np.array(self.apart)))
        parts = [graph.cast(there, np.float32)]
        parts.append(graph.cast(graph.Where(there, level, np.float64(0)), np.float32))
        parts.append(graph.cast(graph.Where(is_known, distance, np.float64(0)), np.float32))
        if self.flagged:
            gone = graph.Gather(missing, np.array(self.flagged), axis=2)
            parts.append(graph.cast(graph.And(gone, there), np.float32))
        return str(graph.Concat(*parts, axis=2))

    def _there(self, graph: Any, given: str, is_known: str) -> str:
        """Return the mask `[N, T + 1, 1]` of steps that are there."""
        if self.is_window:
            size = graph.Concat(graph.Shape(given, start=0, end=2), np.array([1]), axis=0)
            steps = graph.Expand(np.ones((1, 1, 1), dtype=np.bool_), size)
            return str(graph.Pad(steps, np.array([0, 1]), np.bool_(False), np.array([1])))
        some = graph.ReduceMax(graph.cast(is_known, np.int64), np.array([2]), keepdims=1)
        return str(graph.Greater(graph.CumSum(some, np.array(1), reverse=1), np.int64(0)))

    @property
    def layout(self) -> TensorLayout:
        """What a network is told."""
        scales = zip(self.mean, self.std, self.apart, strict=True)
        return TensorLayout(
            self.column,
            "sequence",
            (-1, 1 + 2 * len(self.channels) + len(self.flagged)),
            (len(self.channels), self.steps, self.pieces),
            tuple(f"{self.column} {name}" for name in self._features()),
            weights=(self.length,) if self.length else (),
            scales=tuple(number for channel in scales for number in channel),
        )

    def _features(self) -> list[str]:
        """Return names in the order in which `emit_summary` gives the numbers."""
        found = [f"{name} {what}" for what in TOLD for name in self.channels]
        found += [f"{name} {n} before last" for n in range(self.steps - 1, 0, -1)
                  for name in self.channels]  # fmt: skip
        found += [f"{name} part {n + 1} of {self.pieces}"
                  for n in range(self.pieces) for name in self.channels]  # fmt: skip
        found += [f"{self.channels[position]} missing" for position in self.flagged]
        return found + (["steps"] if self.length else [])


def fit_sequences(column: Column, values: Array, spec: SequenceSpec) -> SequenceTensor:
    """Fit the scales of each channel on the train sequences `(n,)`."""
    names = channels(column.format)
    steps = np.concatenate([np.empty((0, len(names))), *values])
    finite = np.isfinite(steps)
    held = np.where(finite, np.clip(steps, -LARGEST, LARGEST), np.nan)
    lengths = np.array([len(value) for value in values])
    lasts = np.repeat(_lasts(held, lengths), lengths, axis=0)
    scales = [_moments(held[:, channel]) for channel in range(len(names))]
    apart = [_moments(held[:, channel] - lasts[:, channel])[1] for channel in range(len(names))]
    longest = max(int(lengths.max()), 1)
    read = min(spec.flat_steps or max(FLAT_NUMBERS // len(names), LEAST_STEPS), longest)
    return SequenceTensor(
        column.name,
        names,
        tuple(mean for mean, _ in scales),
        tuple(std for _, std in scales),
        tuple(apart),
        tuple(np.flatnonzero(~finite.all(axis=0)).tolist()),
        float(lengths.mean()) if lengths.min() < lengths.max() else 0.0,
        read,
        spec.flat_pieces if longest > read else 0,
        "last" in recipe(column.format),
    )


def _lasts(steps: Array, lengths: Array) -> Array:
    """Return the last known values `(n, C)` of sequences whose steps `(S, C)` stand end to end."""
    found = np.full((len(lengths), steps.shape[1]), np.nan)
    row = np.repeat(np.arange(len(lengths)), lengths)
    for channel in range(steps.shape[1]):
        known = np.flatnonzero(np.isfinite(steps[:, channel]))
        found[row[known], channel] = steps[known, channel]
    return found


def _moments(values: Array) -> tuple[float, float]:
    """Return mean and spread of the known ones of `values` `(S,)`; 0 and 1 where there is none, the
    spread 1 where all are alike.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    largest = max(float(np.abs(known).max()), 1.0)
    mean, spread = (known / largest).mean() * largest, (known / largest).std()
    return float(mean), float(spread * largest) if spread > 1e-12 else 1.0


def emit_summary(graph: Any, value: str, tensor: TensorLayout) -> str:
    """Add the nodes: a tensor `[N, T, F]` -> what a few numbers say of it, float32 `[N, features]`.

    Of each channel the last value and the mean, scaled; of the distances from the last value mean,
    spread, lowest, highest, trend, those of the last steps and the means of equal parts; of flags
    the share.
    """
    depth, steps, pieces = tensor.flat
    series = graph.cast(value, np.float64)
    there, level = _part(graph, series, 0, 1), _part(graph, series, 1, 1 + depth)
    apart = _part(graph, series, 1 + depth, 1 + 2 * depth)
    totals, numbers = graph.CumSum(apart, np.array(1)), graph.CumSum(there, np.array(1))
    count = _last(graph, numbers)
    divisor = graph.Max(count, np.float64(1))
    last = graph.Slice(level, np.array([0]), np.array([1]), np.array([1]))
    mean = graph.Div(_last(graph, totals), divisor)
    ratio = np.array(tensor.scales).reshape(-1, 3)
    average = graph.Add(last, graph.Mul(mean, ratio[:, 2] / ratio[:, 1]))
    square = graph.Div(_sum(graph, graph.Mul(apart, apart)), divisor)
    spread = graph.Sqrt(graph.Max(graph.Sub(square, graph.Mul(mean, mean)), np.float64(0)))
    found = [last, average, mean, spread, *_ends(graph, there, apart, count)]
    found.append(_trend(graph, numbers, apart, count, mean))
    parts = [graph.Concat(*found, axis=1)]
    if steps > 1:
        parts.append(_gathered(graph, apart, count, np.arange(-steps, -1)))
    if pieces:
        parts.append(_pieces(graph, totals, count, pieces, depth))
    flat = [graph.Flatten(part, axis=1) for part in parts]
    if tensor.shape[1] > 1 + 2 * depth:
        flags = _sum(graph, _part(graph, series, 1 + 2 * depth, tensor.shape[1]))
        flat.append(graph.Flatten(graph.Div(flags, divisor), axis=1))
    if tensor.weights:
        flat.append(graph.Flatten(graph.Div(count, np.float64(tensor.weights[0])), axis=1))
    return str(graph.cast(_within(graph, graph.Concat(*flat, axis=1)), np.float32))


def _last_known(graph: Any, values: str, is_known: str) -> str:
    """Return the last known value of each channel, `[N, 1, C]`; the first where none is."""
    rank = graph.CumSum(graph.cast(is_known, np.int64), np.array(1))
    size = graph.ReduceMax(rank, np.array([1]), keepdims=1)
    is_last = graph.And(is_known, graph.Equal(rank, size))
    place = graph.ArgMax(graph.cast(is_last, np.int32), axis=1, keepdims=1)
    return str(graph.GatherElements(values, place, axis=1))


def _within(graph: Any, values: str) -> str:
    return str(graph.Clip(values, np.float64(-FARTHEST), np.float64(FARTHEST)))


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
