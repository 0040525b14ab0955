"""What all readers of sequences share: steps that are there, and nodes of their own.

A sequence is float32 `(T, F)`, see `ninefold.preprocessing.sequences`: the first number of a step
says whether it is there; what stands in steps that are not never reaches the result.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ninefold.networks.modules.joined import Joined, Read
from ninefold.networks.modules.parameters import mark

if TYPE_CHECKING:
    from ninefold.graph import Graph
    from ninefold.networks._sequences import SequenceNetworkSpec

SMALL = 0.1
"""By how much smaller weights begin where the answer begins as the last value."""
LAST = np.array([2**31 - 1])


class SequenceRead(Read):
    """What one column of sequences gives: `(B, T, F)` -> `(B, out_features)`, T >= 1.

    It also writes itself as ONNX nodes, whose bits depend neither on the rows beside nor on how
    many steps are not there.

    learnt: how many of the numbers it gives come from its layers; those of the last step follow.
    """

    learnt: int

    @abstractmethod
    def emit(self, graph: "Graph", steps: str) -> str:
        """Add the nodes: `[N, T, F]` -> `[N, out_features]`."""


class SequenceNetwork(Joined):
    """`(x (B, F) float32, codes (B, C) int64, *sequences (B, T, D) float32) -> (B, 1, K)`.

    See `ninefold.networks._sequences`.
    """

    def __init__(
        self,
        readers: Sequence[SequenceRead],
        *,
        in_features: int,
        cardinalities: tuple[int, ...],
        outputs: int,
        spec: "SequenceNetworkSpec",
    ) -> None:
        super().__init__(
            readers,
            in_features=in_features,
            cardinalities=cardinalities,
            outputs=outputs,
            hidden_size=spec.head_size,
            activation=nn.ReLU(),
            dropout=spec.dropout if spec.head_size else 0.0,
        )
        if spec.level == "beside":
            mark(self.head.weight)
            with torch.no_grad():
                self.head.weight.mul_(SMALL)
                self.head.weight[:, readers[0].learnt + 1] = 1.0


def own_nodes(network: nn.Module) -> list[SequenceRead]:
    """Return the readers of a network that write their own nodes."""
    readers = network.readers if isinstance(network, Joined) else ()
    return [reader for reader in readers if isinstance(reader, SequenceRead)]


def present(steps: Tensor) -> tuple[Tensor, Tensor]:
    """Return steps `(B, T, F)` with zeros where none is there, and how many are `(B, 1)` int64;
    at least one, so that a sequence without steps is one step of zeros.
    """
    there = steps[:, :, :1] > 0
    return torch.where(there, steps, 0.0), there.sum(dim=1).clamp(min=1)


def shape_of(steps: Tensor, skipped: int) -> Tensor:
    """Return steps `(B, T, F)` without the `skipped` levels, which follow the first number."""
    if not skipped:
        return steps
    return torch.cat([steps[:, :, :1], steps[:, :, 1 + skipped :]], dim=2)


def last_of(steps: Tensor, count: Tensor) -> Tensor:
    """Return the last step that is there `(B, F)`."""
    place = (count - 1).unsqueeze(2).expand(-1, 1, steps.shape[2])
    return steps.gather(1, place).squeeze(1)


def mean_of(values: Tensor, count: Tensor) -> Tensor:
    """Return the mean `(B, H)` of values `(B, T, H)` that are 0 where no step is there."""
    return values.cumsum(dim=1)[:, -1] / count


def emit_present(graph: "Graph", steps: str) -> tuple[str, str, str]:
    """Add the nodes of `present`; the third value is the mask `[N, T, 1]` float32."""
    zero, one, axis = np.array([0]), np.array([1]), np.array([2])
    there = graph.Greater(graph.Slice(steps, zero, one, axis), np.float32(0))
    mask = graph.cast(there, np.float32)
    counted = graph.cast(_last(graph, graph.CumSum(mask, np.array(1))), np.int64)
    count = graph.Max(graph.Squeeze(counted, np.array([2])), np.int64(1))
    return graph.Where(there, steps, np.float32(0)), count, mask


def emit_shape(graph: "Graph", steps: str, skipped: int) -> str:
    """Add the nodes of `shape_of`."""
    if not skipped:
        return steps
    zero, one, axis = np.array([0]), np.array([1]), np.array([2])
    rest = graph.Slice(steps, np.array([1 + skipped]), LAST, axis)
    return graph.Concat(graph.Slice(steps, zero, one, axis), rest, axis=2)


def emit_last(graph: "Graph", steps: str, count: str) -> str:
    """Add the nodes of `last_of`."""
    return graph.GatherND(steps, graph.Sub(count, np.int64(1)), batch_dims=1)


def emit_mean(graph: "Graph", values: str, count: str) -> str:
    """Add the nodes of `mean_of`."""
    total = graph.Squeeze(_last(graph, graph.CumSum(values, np.array(1))), np.array([1]))
    return graph.Div(total, graph.cast(count, np.float32))


def _last(graph: "Graph", values: str) -> str:
    return graph.Slice(values, np.array([-1]), LAST, np.array([1]))


def weights(parameter: Any) -> Any:
    """Return a parameter as a float32 array."""
    return parameter.detach().cpu().numpy().astype(np.float32)
