"""Networks: one file each, holding the Spec; the torch modules stand in `modules/`.

A new network is one new file here; `train.network.kind` finds it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from ninefold.columns import Array
from ninefold.config import Spec
from ninefold.registry import OneOf

if TYPE_CHECKING:
    from torch.nn import Module

    from ninefold.preprocessing import Layout


class NetworkSpec(Spec, ABC):
    """Describes a network; importing it must not import torch."""

    kind: str
    search_space: ClassVar[Mapping[str, Any]] = {}
    """What tuning searches by default: field -> `{low, high, log}` or `{choices}`."""
    reads_tensors: ClassVar[bool] = False
    """Whether it takes the layout's tensors; to others they come laid flat, as features of X."""

    @abstractmethod
    def build(self, layout: "Layout", outputs: int, X: Array | None, seed: int) -> "Module":
        """Return the untrained module: `(x (B, F) float32, codes (B, C) int64) -> (B, M, K)`;
        one that reads tensors takes `(x, codes, *tensors)`, in the order of `layout.tensors`.

        M members are trained side by side; K = `outputs`. What depends on the data, such as bin
        edges, is learnt from the train rows `X (N, F)`; with None it is left to be loaded from
        saved weights, so shapes must follow from `layout` and the Spec alone.

        Biases and other vectors are exempt from weight decay; `modules.parameters.mark` exempts
        more, and scales learning rates.
        """


def odd(size: int) -> int:
    """Return a kernel's size. Raises `ValueError` where it has no middle."""
    if size % 2 == 0:
        raise ValueError(f"must be odd, however: {size}")
    return size


Network = Annotated[NetworkSpec, OneOf("ninefold.networks")]
