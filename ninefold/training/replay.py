"""Gradients by a CUDA graph: a small network's kernels run faster than they can be launched.

The graph is recorded once for a size of batch and then replayed as one launch, over the same
memory; see "CUDA Graphs" in torch's notes on CUDA semantics.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ninefold.training.run import buffers_of, restore_buffers

if TYPE_CHECKING:
    from ninefold.training.loop import Rows
    from ninefold.training.optimizer import FlatOptimizer

WARM_UPS = 3
"""Runs before recording, in which libraries choose their kernels and allocate."""


class Replay:
    """Loss and gradient of batches as large as `batch`.

    Args:
        differentiate: fills the gradients from rows and returns their loss `()`; whatever it
            reads and writes beside the rows stays where it is in memory.
        module: what it differentiates; its buffers are put back after the warm-up, and so is
            where random numbers stand.
    """

    def __init__(
        self, differentiate: "Callable[[Rows], Tensor]", module: nn.Module, batch: "Rows"
    ) -> None:
        self.batch = batch.take(torch.arange(len(batch), device=batch.y.device))
        kept, random = buffers_of(module), torch.cuda.get_rng_state()
        now = torch.cuda.current_stream()
        stream: torch.cuda.Stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(now)
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                differentiate(self.batch)
        now.wait_stream(stream)
        restore_buffers(module, kept)
        torch.cuda.set_rng_state(random)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.loss = differentiate(self.batch)

    def __len__(self) -> int:
        return len(self.batch)

    def __call__(self, batch: "Rows") -> Tensor:
        """Fill the gradients from a batch; return its loss, which the next call overwrites."""
        for own, given in zip(self.batch.parts, batch.parts, strict=True):
            own.copy_(given)
        self.graph.replay()
        return self.loss


def is_replayable(module: nn.Module, optimizer: "FlatOptimizer", batch: "Rows") -> bool:
    """Tell whether every step of training runs the same kernels on a GPU.

    Recurrent layers ask for the lengths of the sequences at every step.
    """
    return (
        batch.y.device.type == "cuda"
        and not optimizer.spec.takes_all_rows
        and not any(isinstance(layer, nn.RNNBase) for layer in module.modules())
    )
