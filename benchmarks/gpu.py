"""Training on a GPU: rows per second, beside the floor of the network's matrix products in bfloat16
and beside the same network under the usual loop.

`python -m benchmarks.gpu` needs a CUDA GPU. It prints, for the default network and a wide one on
tables and for a convolutional network on pictures, milliseconds per step of

- floor: the products (or convolutions) of a step alone, forward, dX and dW in bfloat16, recorded as
  one CUDA graph, and the optimizer's seven passes over the weights at the measured bandwidth;
- ours: the package's loop; each kernel launched for itself, and gradients replayed from a graph;
- usual: `DataLoader`, batches sent to the GPU, `torch.optim.AdamW` and bfloat16 autocast.

Wall-clock, best of several epochs after a first one, the GPU synchronised before and after.
"""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from unittest import mock

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.training_loop import Case
from ninefold.networks.augmenting import AugmentSpec
from ninefold.networks.cnn import CNNSpec
from ninefold.networks.mlp import MLPSpec
from ninefold.objectives.cross_entropy import CrossEntropySpec
from ninefold.preprocessing import Layout
from ninefold.preprocessing.layout import TensorLayout
from ninefold.training import TrainSpec, memory
from ninefold.training.loop import Rows, run_epoch, start_optimizer
from ninefold.training.schedules import Standing
from ninefold.training.scoring_module import ScoringModule

SPEC, EPOCHS, STEPS = TrainSpec(), 4, 30
CUDA = torch.device("cuda")
WIDE = MLPSpec(ensemble_size=1, hidden_size=4096, num_layers=4, embedding="none", linear=False)
STILL = AugmentSpec(shift=0, rotate=0, zoom=0)
CNN = CNNSpec(filters=(64, 128, 256), hidden_size=256, augment=STILL)
LEVELS = (30, 100)
Layer = nn.Linear | nn.Conv2d
PASSES = 7
"""AdamW reads weight, gradient and two moments, and writes all but the gradient."""


@dataclass(frozen=True)
class Course:
    """A network, its rows and how many of them make a step."""

    name: str
    module: ScoringModule
    rows: Rows
    batch: int

    def optimised(self) -> int:
        """Return bytes of the weights."""
        return 4 * sum(weight.numel() for weight in self.module.parameters())


def courses() -> Iterator[Course]:
    """Yield what is measured."""
    for name, network, features, levels, batch in (
        ("default network on a table", MLPSpec(), 50, LEVELS, 256),
        ("default network on a table", MLPSpec(), 50, LEVELS, 4096),
        ("4 x 4096 perceptron", WIDE, 200, (), 8192),
    ):
        case = Case(name, network, features, features // 2 if levels else 0, levels, 1)
        rows = repeated(case.rows(), batch * STEPS)
        yield Course(name, case.module(case.rows()).to(CUDA), rows, batch)
    pictures = torch.randn(256 * STEPS, 3, 64, 64)
    none = torch.zeros(len(pictures), 0)
    rows = Rows(none, none.long(), torch.randint(10, (len(pictures),)), torch.ones(len(pictures)),
                (pictures,))  # fmt: skip
    picture = TensorLayout("image", "image", (3, 64, 64), (16, 16), ())
    convolutions = CNN.build(Layout((), (), (), (), (), (), (picture,)), 10, None, 0)
    module = ScoringModule(convolutions, CrossEntropySpec()).to(CUDA)
    yield Course("convolutions on 64 x 64 colour", module, repeated(rows, len(rows)), 256)


def repeated(rows: Rows, count: int) -> Rows:
    """Return `count` rows on the GPU."""
    chosen = torch.arange(count) % len(rows)
    x, codes, y, weight, *tensors = (part[chosen].to(CUDA) for part in rows.parts)
    return Rows(x, codes, y, weight, tuple(tensors))


def ours(course: Course) -> Callable[[], None]:
    """Return one epoch of the package's loop."""
    module, rows = course.module, course.rows
    optimizer, pieces = start_optimizer(module, SPEC), memory.Pieces(course.batch)

    def epoch() -> None:
        batches = rows.take(torch.randperm(len(rows), device=CUDA)).batches(course.batch)
        run_epoch(module, optimizer, batches, SPEC, 1e-4, 0, Standing(1000, 0), pieces)

    return epoch


def launched(course: Course) -> Callable[[], None]:
    """Return the same without a graph."""
    epoch = ours(course)

    def plain() -> None:
        with mock.patch.object(memory, "is_replayable", return_value=False):
            epoch()

    return plain


def usual(course: Course) -> Callable[[], None]:
    """Return one epoch as it is usually written: rows in the computer's memory."""
    module = course.module.train()
    dataset = TensorDataset(*(part.cpu() for part in course.rows.parts))
    loader = DataLoader(dataset, course.batch, shuffle=True, drop_last=True, pin_memory=True)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-4)

    def epoch() -> None:
        for batch in loader:
            x, codes, y, weight, *tensors = (part.to(CUDA, non_blocking=True) for part in batch)
            optimizer.zero_grad()
            with torch.autocast("cuda", torch.bfloat16):
                loss = module.objective.loss(module.network(x, codes, *tensors), y, weight)
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(module.parameters(), SPEC.clip_norm)
            optimizer.step()

    return epoch


def floor(course: Course, bandwidth: float) -> float:
    """Return the floor of a step, in seconds."""
    calls: list[tuple[Layer, Tensor]] = []
    layers = [
        layer for layer in course.module.modules() if isinstance(layer, nn.Linear | nn.Conv2d)
    ]
    hooks = [layer.register_forward_pre_hook(lambda layer, x: calls.append((layer, x[0])))
             for layer in layers]  # fmt: skip
    course.module.train()
    first = course.rows.take(slice(0, course.batch))
    with torch.no_grad(), torch.autocast("cuda", torch.bfloat16):
        course.module.network(first.x, first.codes, *first.tensors)
    for hook in hooks:
        hook.remove()
    work = [_product(layer, x.detach()) for layer, x in calls]
    for _ in range(3):
        for one in work:
            one()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(STEPS):
            for one in work:
                one()

    return seconds(graph.replay, EPOCHS) / STEPS + PASSES * course.optimised() / bandwidth


def _product(layer: Layer, x: Tensor) -> Callable[[], object]:
    """Return forward, dX and dW of a layer in bfloat16."""
    weight = layer.weight.detach().bfloat16()
    x = x.bfloat16()
    if isinstance(layer, nn.Conv2d):
        x, weight = (part.contiguous(memory_format=torch.channels_last) for part in (x, weight))
        options = (layer.stride, layer.padding, layer.dilation, False, [0, 0], 1)
        y = torch.ops.aten.convolution(x, weight, None, *options)
        masks = [x.shape[1] > 3, True, False]

        def convolve() -> None:
            torch.ops.aten.convolution(x, weight, None, *options)
            torch.ops.aten.convolution_backward(y, x, weight, None, *options, masks)

        return convolve
    y = x @ weight.T

    def multiply() -> None:
        torch.mm(x, weight.T)
        torch.mm(y, weight)
        torch.mm(y.T, x)

    return multiply


def seconds(epoch: Callable[[], object], times: int) -> float:
    """Return the seconds of the fastest of several epochs, after one that warms up."""
    found = []
    for _ in range(times + 1):
        torch.cuda.synchronize()
        started = time.perf_counter()
        epoch()
        torch.cuda.synchronize()
        found.append(time.perf_counter() - started)
    return min(found[1:])


def copied_per_second() -> float:
    """Return bytes read and written per second by a copy on the GPU."""
    source = torch.empty(2**28, device=CUDA)
    target = torch.empty_like(source)
    return 2 * 4 * 2**28 / seconds(lambda: target.copy_(source), 8)


def main() -> int:
    """Print the table."""
    if not torch.cuda.is_available():
        print("benchmarks/gpu.py needs a CUDA GPU, however: torch finds none")
        return 2
    bandwidth = copied_per_second()
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, "
          f"a copy moves {bandwidth / 1e12:.2f} TB/s")  # fmt: skip
    for course in courses():
        least = floor(course, bandwidth)
        times = [seconds(loop(course), EPOCHS) / STEPS for loop in (launched, ours)]
        theirs = seconds(usual(course), 1) / STEPS
        plain, best = times
        print(
            f"{course.name}, batch {course.batch}: {course.batch / best:,.0f} rows/s; ms per step: "
            f"floor {least * 1e3:.3f}, ours {best * 1e3:.3f} (without a graph {plain * 1e3:.3f}), "
            f"usual {theirs * 1e3:.3f}; ours / floor {best / least:.1f}, "
            f"usual / ours {theirs / best:.1f}",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
