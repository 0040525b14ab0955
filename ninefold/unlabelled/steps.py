"""Convolutions between pictures and codes: trained in torch, kept as arrays, exported as nodes.

The counterpart of `ninefold.unlabelled.chain` for rows that are pictures laid flat, `C * H * W`
numbers each. `Conv` and `Resize` give a picture the same bits whatever batch it is in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array
from ninefold.unlabelled.chain import Chain
from ninefold.unlabelled.recurrence import Recurrence

if TYPE_CHECKING:
    from torch import nn

CHUNK_ROWS = 512
KERNEL = 3
SMALLEST = 4
"""A side shorter than twice this is not halved."""


@dataclass(frozen=True)
class Step:
    """One step: a dense layer `(out, in)`, a convolution `(out, in, k, k)` with a stride, a new
    shape of each row, or, where the shape has two numbers, the nearest pixels at that size.
    """

    weight: Array | None = None
    bias: Array | None = None
    stride: int = 1
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Steps:
    """Steps with SiLU before each layer but the first: `(N, in)` -> `(N, out)` float32."""

    steps: tuple[Step, ...]

    @property
    def widths(self) -> tuple[int, int]:
        """Numbers of a row that go in, and that come out."""
        first, layers = self.steps[0], [s.bias for s in self.steps if s.bias is not None]
        sides = [step.shape for step in self.steps if len(step.shape) == 2]
        is_picture = self.steps[-1].bias is None and sides
        out = len(layers[-1]) * (int(np.prod(sides[-1])) if is_picture else 1)
        return (int(np.prod(first.shape)) if first.weight is None else first.weight.shape[1]), out

    @staticmethod
    def of(module: "nn.Sequential") -> "Steps":
        """Return the steps of a trained module of `encoder` or `decoder`."""
        from torch import nn

        found = []
        for layer in module:
            if isinstance(layer, (nn.Linear, nn.Conv2d)):
                weight, bias = (p.detach().cpu().numpy().copy() for p in layer.parameters())
                stride = layer.stride[0] if isinstance(layer, nn.Conv2d) else 1
                found.append(Step(weight, bias, int(stride)))
            elif isinstance(layer, nn.Unflatten):
                found.append(Step(shape=tuple(map(int, layer.unflattened_size))))
            elif isinstance(layer, nn.Flatten):
                found.append(Step(shape=(-1,)))
            elif isinstance(layer, nn.Upsample):
                size: Any = layer.size
                found.append(Step(shape=tuple(map(int, size))))
        return Steps(tuple(found))

    def module(self) -> "nn.Sequential":
        """Return the steps as a torch module, of which `of` gives them again."""
        import torch
        from torch import nn
        from torch.nn.utils import skip_init

        empty: Any = skip_init
        layers: list[nn.Module] = []
        for step in self.steps:
            if step.weight is None or step.bias is None:
                layers.append(_reshaping(step.shape))
                continue
            if any(isinstance(layer, (nn.Linear, nn.Conv2d)) for layer in layers):
                layers.append(nn.SiLU())
            out, into = step.weight.shape[:2]
            layer: Any = (
                empty(nn.Linear, into, out) if step.weight.ndim == 2
                else empty(nn.Conv2d, into, out, KERNEL, step.stride, KERNEL // 2)
            )  # fmt: skip
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(step.weight))
                layer.bias.copy_(torch.from_numpy(step.bias))
            layers.append(layer)
        return nn.Sequential(*layers)

    def compute(self, x: Array) -> Array:
        """Return `(N, out)` float32 for `x (N, in)`, computed by torch."""
        import torch

        module, parts = self.module(), []
        with torch.no_grad():
            for start in range(0, max(len(x), 1), CHUNK_ROWS):
                rows = np.ascontiguousarray(x[start : start + CHUNK_ROWS], np.float32)
                parts.append(module(torch.from_numpy(rows)).numpy())
        return np.concatenate(parts)

    def emit(self, graph: Any, x: str) -> str:
        """Add the nodes; `x` is float32 `[N, in]`."""
        is_first, channels = True, 0
        for step in self.steps:
            if step.weight is None or step.bias is None:
                if len(step.shape) == 2:
                    rows = graph.Shape(x, start=0, end=1)
                    size = graph.Concat(rows, np.array([channels, *step.shape]), axis=0)
                    x = graph.Resize(
                        x, None, None, size, mode="nearest", nearest_mode="floor",
                        coordinate_transformation_mode="asymmetric",
                    )  # fmt: skip
                elif step.shape == (-1,):
                    x = graph.Flatten(x, axis=1)
                else:
                    x = graph.Reshape(x, np.array([-1, *step.shape]))
                    channels = step.shape[0]
                continue
            x = x if is_first else graph.Mul(x, graph.Sigmoid(x))
            is_first, channels = False, len(step.bias)
            if step.weight.ndim == 2:
                x = graph.Gemm(x, np.ascontiguousarray(step.weight.T), step.bias)
            else:
                pads, strides = [KERNEL // 2] * 4, [step.stride] * 2
                x = graph.Conv(x, step.weight, step.bias, pads=pads, strides=strides)
        return x

    def arrays(self, name: str) -> dict[str, Array]:
        """Return the steps under names that begin with `name`."""
        found: dict[str, Array] = {}
        for number, step in enumerate(self.steps):
            place = f"{name}.{number}"
            if step.weight is None or step.bias is None:
                found[f"{place}.shape"] = np.array(step.shape, dtype=np.int64)
            else:
                found |= {f"{place}.weight": step.weight, f"{place}.bias": step.bias}
                found[f"{place}.stride"] = np.array([step.stride], dtype=np.int64)
        return found

    @staticmethod
    def from_arrays(arrays: Mapping[str, Array], name: str) -> "Steps":
        """Return what `arrays` was called on."""
        count = len({key.split(".")[1] for key in arrays if key.startswith(f"{name}.")})
        found = []
        for number in range(count):
            place = f"{name}.{number}"
            if f"{place}.shape" in arrays:
                found.append(Step(shape=tuple(arrays[f"{place}.shape"].tolist())))
            else:
                weight, bias = arrays[f"{place}.weight"], arrays[f"{place}.bias"]
                found.append(Step(weight, bias, int(arrays[f"{place}.stride"][0])))
        return Steps(tuple(found))


def _reshaping(shape: tuple[int, ...]) -> "nn.Module":
    """Return the layer that gives each row a new shape, or a map its size."""
    from torch import nn

    if len(shape) == 2:
        return nn.Upsample(size=shape, mode="nearest")
    return nn.Flatten() if shape == (-1,) else nn.Unflatten(1, shape)


Layers = Chain | Steps | Recurrence


def read_layers(arrays: Mapping[str, Array], name: str) -> Layers:
    """Return dense layers, steps or recurrent layers, whichever were kept under `name`."""
    if Recurrence.is_in(arrays, name):
        return Recurrence.from_arrays(arrays, name)
    is_steps = any(key.startswith(f"{name}.") and key.endswith(".shape") for key in arrays)
    return Steps.from_arrays(arrays, name) if is_steps else Chain.from_arrays(arrays, name)


def sizes_of(shape: Sequence[int], depth: int) -> list[tuple[int, int]]:
    """Return the sides of the maps, from the picture down: each half of the one before."""
    found = [(int(shape[1]), int(shape[2]))]
    while len(found) <= depth and min(found[-1]) >= 2 * SMALLEST:
        height, width = found[-1]
        found.append(((height + 1) // 2, (width + 1) // 2))
    return found


def encoder(shape: Sequence[int], out: int, filters: int, depth: int) -> "nn.Sequential":
    """Return convolutions that halve a picture `(C, H, W)` `depth` times, then `out` numbers."""
    from torch import nn

    sizes, channels = sizes_of(shape, depth), int(shape[0])
    layers: list[nn.Module] = [nn.Unflatten(1, tuple(map(int, shape)))]
    for number in range(1, len(sizes)):
        wide = filters * 2 ** (number - 1)
        layers += [nn.Conv2d(channels, wide, KERNEL, stride=2, padding=1), nn.SiLU()]
        channels = wide
    height, width = sizes[-1]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * height * width, out))


def decoder(latent: int, shape: Sequence[int], filters: int, depth: int) -> "nn.Sequential":
    """Return the way back: a dense layer, then nearest pixels and convolutions, size by size."""
    from torch import nn

    sizes = sizes_of(shape, depth)
    wide = [filters * 2**number for number in range(len(sizes) - 1)] or [filters]
    channels, (height, width) = wide[-1], sizes[-1]
    layers: list[nn.Module] = [
        nn.Linear(latent, channels * height * width),
        nn.Unflatten(1, (channels, height, width)),
    ]
    for number in range(len(sizes) - 2, -1, -1):
        layers += [
            nn.SiLU(),
            nn.Upsample(size=sizes[number], mode="nearest"),
            nn.Conv2d(channels, wide[max(number - 1, 0)], KERNEL, padding=1),
        ]
        channels = wide[max(number - 1, 0)]
    layers += [nn.SiLU(), nn.Conv2d(channels, int(shape[0]), KERNEL, padding=1)]
    return nn.Sequential(*layers, nn.Flatten())
