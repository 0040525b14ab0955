"""Recurrent layers between sequences laid flat and codes: trained in torch, kept as arrays,
exported as nodes.

The counterpart of `ninefold.unlabelled.chain` for rows among whose coordinates are the last steps
of a sequence, each with C numbers: a GRU reads them, the oldest first, and writes them; dense
layers take what is told of the row beside. `GRU` gives a row the same bits whatever batch it is in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array
from ninefold.unlabelled.chain import Chain, dense

if TYPE_CHECKING:
    from torch import nn

CHUNK_ROWS = 512
GATES = (1, 0, 2)
"""Where ONNX's gates (z r h) stand among torch's (r z n)."""
CELLS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


@dataclass(frozen=True)
class Recurrence:
    """An encoder `(N, D)` -> `(N, out)`, or with `head` a decoder `(N, in)` -> `(N, D)`, float32.

    places: which of the D coordinates are the steps `(T, C)`.
    rest: which are none `(R,)`.
    chain: the dense layers, behind the cells of an encoder, before those of a decoder.
    cells: weights and biases of the GRU, as torch has them.
    head: weight `(C, H)` and bias `(C,)` from what the GRU gives to a step.
    """

    places: Array
    rest: Array
    chain: Chain
    cells: tuple[Array, ...]
    head: tuple[Array, Array] | None = None

    @property
    def widths(self) -> tuple[int, int]:
        """Numbers of a row that go in, and that come out."""
        whole = self.places.size + len(self.rest)
        return (
            (whole, self.chain.widths[-1]) if self.head is None else (self.chain.widths[0], whole)
        )

    @property
    def _order(self) -> Array:
        """Where each coordinate stands among steps and rest, side by side."""
        return np.argsort(np.concatenate([self.places.ravel(), self.rest]), kind="stable")

    @staticmethod
    def of(module: "nn.Module") -> "Recurrence":
        """Return the layers of a trained module of `encoder` or `decoder`."""
        part: Any = module
        cells = tuple(getattr(part.cells, name).detach().cpu().numpy().copy() for name in CELLS)
        head = getattr(part, "head", None)
        parts = tuple(p.detach().cpu().numpy().copy() for p in head.parameters()) if head else None
        places, rest = part.places.cpu().numpy(), part.rest.cpu().numpy()
        return Recurrence(places, rest, Chain.of(part.chain), cells, parts)

    def compute(self, x: Array) -> Array:
        """Return what comes out for `x (N, in)`, computed by torch."""
        import torch

        module, parts = self.module().eval(), []
        with torch.no_grad():
            for start in range(0, max(len(x), 1), CHUNK_ROWS):
                rows = np.ascontiguousarray(x[start : start + CHUNK_ROWS], np.float32)
                parts.append(module(torch.from_numpy(rows)).numpy())
        return np.concatenate(parts)

    def module(self) -> "nn.Module":
        """Return the layers as a torch module, of which `of` gives them again."""
        import torch

        make: Any = encoder if self.head is None else decoder
        ends = self.chain.widths[-1 if self.head is None else 0]
        width, hidden = self.cells[1].shape[1], self.chain.widths[1:-1]
        module: Any = make(ends, self.places, self.rest, width, hidden)
        with torch.no_grad():
            for name, array in zip(CELLS, self.cells, strict=True):
                getattr(module.cells, name).copy_(torch.from_numpy(array))
            module.chain.load_state_dict(self.chain.module().state_dict())
            if self.head is not None:
                for parameter, array in zip(module.head.parameters(), self.head, strict=True):
                    parameter.copy_(torch.from_numpy(array))
        made: nn.Module = module
        return made

    def emit(self, graph: Any, x: str) -> str:
        """Add the nodes; `x` is float32 `[N, in]`."""
        steps, channels = self.places.shape
        rows, width = graph.Shape(x, start=0, end=1), self.cells[1].shape[1]
        if self.head is None:
            flat = graph.Gather(x, self.places.ravel(), axis=1)
            given = graph.Reshape(flat, np.array([-1, steps, channels]))
            last = self._cells(graph, graph.Transpose(given, perm=[1, 0, 2]), rows)[1]
            state = graph.Squeeze(last, np.array([0]))
            joined = graph.Concat(state, graph.Gather(x, self.rest, axis=1), axis=1)
            return self.chain.emit(graph, joined)
        found = self.chain.emit(graph, x)
        told = graph.Gather(found, np.arange(width), axis=1)
        rest = graph.Gather(found, np.arange(width, width + len(self.rest)), axis=1)
        size = graph.Concat(np.array([steps]), rows, np.array([width]), axis=0)
        given = graph.Expand(graph.Unsqueeze(told, np.array([0])), size)
        states = graph.Squeeze(self._cells(graph, given, rows)[0], np.array([1]))
        weight, bias = self.head
        turned = graph.Transpose(states, perm=[1, 0, 2])
        written = graph.Add(graph.MatMul(turned, np.ascontiguousarray(weight.T)), bias)
        flat = graph.Reshape(written, np.array([-1, steps * channels]))
        return str(graph.Gather(graph.Concat(flat, rest, axis=1), self._order, axis=1))

    def _cells(self, graph: Any, steps: str, rows: str) -> tuple[str, str]:
        """Add the GRU: steps `[T, N, F]` -> every state `[T, 1, N, H]`, the last `[1, N, H]`."""
        turned = [np.concatenate([np.split(part, len(GATES))[gate] for gate in GATES])
                  for part in self.cells]  # fmt: skip
        lengths = graph.Expand(np.array([len(self.places)], dtype=np.int32), rows)
        given = (turned[0][None], turned[1][None], np.concatenate(turned[2:])[None])
        options = {"hidden_size": int(self.cells[1].shape[1]), "linear_before_reset": 1}
        found = graph.node("GRU", steps, *given, lengths, outputs=2, **options)
        return found[0], found[1]

    def arrays(self, name: str) -> dict[str, Array]:
        """Return the layers under names that begin with `name`."""
        found = self.chain.arrays(f"{name}.chain")
        found |= {f"{name}.places": self.places, f"{name}.rest": self.rest}
        found |= {f"{name}.{cell}": array for cell, array in zip(CELLS, self.cells, strict=True)}
        if self.head is not None:
            found |= {f"{name}.head.weight": self.head[0], f"{name}.head.bias": self.head[1]}
        return found

    @staticmethod
    def is_in(arrays: Mapping[str, Array], name: str) -> bool:
        """Tell whether `arrays` was called with this name."""
        return f"{name}.places" in arrays

    @staticmethod
    def from_arrays(arrays: Mapping[str, Array], name: str) -> "Recurrence":
        """Return what `arrays` was called on."""
        head = f"{name}.head."
        return Recurrence(
            arrays[f"{name}.places"],
            arrays[f"{name}.rest"],
            Chain.from_arrays(arrays, f"{name}.chain"),
            tuple(arrays[f"{name}.{cell}"] for cell in CELLS),
            (arrays[f"{head}weight"], arrays[f"{head}bias"]) if f"{head}bias" in arrays else None,
        )


def encoder(
    out: int, places: Array, rest: Array, width: int, hidden: tuple[int, ...], dropout: float = 0.0
) -> "nn.Module":
    """Return a GRU of `width` numbers over the steps, then dense layers to `out` numbers."""
    from ninefold.unlabelled.recurrent_modules import RecurrentEncoder

    chain = dense([width + len(rest), *hidden, out], dropout)
    return RecurrentEncoder(places, rest, width, chain)


def decoder(
    latent: int, places: Array, rest: Array, width: int, hidden: tuple[int, ...],
    dropout: float = 0.0,
) -> "nn.Module":  # fmt: skip
    """Return the way back: dense layers, then a GRU that is told the same at each step."""
    from ninefold.unlabelled.recurrent_modules import RecurrentDecoder

    chain = dense([latent, *hidden, width + len(rest)], dropout)
    return RecurrentDecoder(places, rest, width, chain)
