"""Random weights, shuffles and masks that depend on a seed alone."""

import contextlib
import threading
from collections.abc import Iterator, Sequence

import torch

_turn = threading.RLock()


@contextlib.contextmanager
def seeded(seed: int, devices: Sequence[torch.device] = ()) -> Iterator[None]:
    """Seed torch's generators inside the block and put them back after it.

    The threads of a process share them: one thread at a time may be inside, the others wait.
    """
    with _turn, torch.random.fork_rng(devices=list(devices)):
        torch.manual_seed(seed)
        yield
