"""Recurrent layers over sequences."""

import contextlib
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ninefold.networks.modules.dropout import FastDropout
from ninefold.networks.modules.sequences import (
    SequenceRead,
    emit_last,
    emit_mean,
    emit_present,
    emit_shape,
    last_of,
    mean_of,
    present,
    shape_of,
    weights,
)

if TYPE_CHECKING:
    from ninefold.graph import Graph
    from ninefold.networks.rnn import RNNSpec

GATES = {"gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}
"""Where ONNX's gates (z r h; i o f c) stand among torch's (r z n; i f g o)."""


@contextlib.contextmanager
def at_work(cells: nn.RNNBase, x: Tensor) -> Iterator[None]:
    """Let cells compute on the device of `x` as they do on a CPU.

    cuDNN's have no gradient in evaluation mode, torch's own have. That the weights, views into the
    optimizer's buffer, are put together at every call is no news to anyone.
    """
    if not x.is_cuda:
        yield
        return
    by_cudnn = cells.training or not torch.is_grad_enabled()
    with warnings.catch_warnings(), torch.backends.cudnn.flags(enabled=by_cudnn):
        warnings.filterwarnings("ignore", "RNN module weights are not part", UserWarning)
        yield


class CellSpec(Protocol):
    """What describes recurrent layers: `ninefold.networks.rnn.RNNSpec` and its like."""

    @property
    def cell(self) -> str: ...
    @property
    def hidden_size(self) -> int: ...
    @property
    def num_layers(self) -> int: ...
    @property
    def bidirectional(self) -> bool: ...
    @property
    def dropout(self) -> float: ...


class RecurrentLayers(nn.Module):
    """Recurrent layers, in torch and as ONNX nodes.

    learnt: how many numbers they give for a step.
    """

    cells: nn.RNNBase
    kind: str
    directions: int
    learnt: int

    def make_cells(self, width: int, spec: "CellSpec") -> None:
        """Make layers for `width` numbers a step, with weights drawn from torch's generator."""
        self.kind = spec.cell
        self.directions = 1 + spec.bidirectional
        self.learnt = self.directions * spec.hidden_size
        make = nn.GRU if spec.cell == "gru" else nn.LSTM
        self.cells = make(
            width,
            spec.hidden_size,
            spec.num_layers,
            batch_first=True,
            dropout=spec.dropout if spec.num_layers > 1 else 0.0,
            bidirectional=spec.bidirectional,
        )

    def states(self, steps: Tensor, count: Tensor, total: int | None = None) -> tuple[Any, Tensor]:
        """Return what every step gives `(B, T, learnt)`, 0 beyond the `count` `(B, 1)` of steps,
        and the last state `(B, learnt)`.
        """
        packed = pack_padded_sequence(
            steps, count[:, 0].cpu(), batch_first=True, enforce_sorted=False
        )
        with at_work(self.cells, steps):
            found, state = self.cells(packed)
        hidden = state[0] if self.kind == "lstm" else state
        last = hidden[-self.directions :].transpose(0, 1).flatten(1)
        return pad_packed_sequence(found, batch_first=True, total_length=total)[0], last

    def emit_states(self, graph: "Graph", steps: str, count: str) -> tuple[str, str]:
        """Add the nodes: steps `[N, T, D]`, count `[N, 1]` -> every state `[T, N, learnt]`, the
        last `[directions, N, H]`.
        """
        lengths = graph.cast(graph.Squeeze(count, np.array([1])), np.int32)
        turned, hidden = graph.Transpose(steps, perm=[1, 0, 2]), ""
        for layer in range(self.cells.num_layers):
            found, hidden = self._layer(graph, layer, turned, lengths)
            side_by_side = graph.Transpose(found, perm=[0, 2, 1, 3])
            turned = graph.Reshape(side_by_side, np.array([0, 0, self.learnt]))
        return turned, hidden

    def _layer(self, graph: "Graph", layer: int, steps: str, lengths: str) -> tuple[str, str]:
        """Add one layer: steps `[T, N, D]` -> every state `[T, directions, N, H]`, the last
        `[directions, N, H]`.
        """
        tails = ["", "_reverse"][: self.directions]
        parts = [self._numbers(f"l{layer}{tail}") for tail in tails]
        inputs, states, biases = (np.stack(group) for group in zip(*parts, strict=True))
        options: dict[str, Any] = {"hidden_size": int(self.cells.hidden_size)}
        options["direction"] = "bidirectional" if self.directions == 2 else "forward"
        if self.kind == "gru":
            options["linear_before_reset"] = 1
        operator = self.kind.upper()
        found = graph.node(operator, steps, inputs, states, biases, lengths, outputs=2, **options)
        return found[0], found[1]

    def _numbers(self, tail: str) -> tuple[Any, Any, Any]:
        """Return one direction's weights in ONNX's order of gates."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        own = [weights(getattr(self.cells, f"{name}_{tail}")) for name in names]
        gates = GATES[self.kind]
        turned = [np.concatenate([np.split(part, len(gates))[gate] for gate in gates])
                  for part in own]  # fmt: skip
        return turned[0], turned[1], np.concatenate(turned[2:])


class RecurrentRead(RecurrentLayers, SequenceRead):
    """Recurrent layers, and beside them the last step itself, which goes straight on."""

    def __init__(self, width: int, channels: int, spec: "RNNSpec") -> None:
        super().__init__()
        self.pooling = spec.pooling
        self.skipped = channels if spec.level == "beside" else 0
        self.dropout = FastDropout(spec.dropout)
        self.make_cells(width - self.skipped, spec)
        self.out_features = self.learnt + width

    def forward(self, steps: Tensor) -> Tensor:
        steps, count = present(steps)
        found, last = self.states(shape_of(steps, self.skipped), count)
        pooled = mean_of(found, count) if self.pooling == "mean" else last
        return torch.cat([self.dropout(pooled), last_of(steps, count)], dim=1)

    def emit(self, graph: "Graph", steps: str) -> str:
        steps, count, _ = emit_present(graph, steps)
        turned, hidden = self.emit_states(graph, emit_shape(graph, steps, self.skipped), count)
        if self.pooling == "mean":
            pooled = emit_mean(graph, graph.Transpose(turned, perm=[1, 0, 2]), count)
        else:
            ends = graph.Transpose(hidden, perm=[1, 0, 2])
            pooled = graph.Reshape(ends, np.array([-1, self.learnt]))
        return graph.Concat(pooled, emit_last(graph, steps, count), axis=1)
