"""Where and how exactly torch computes."""

import contextlib
import ctypes
from collections.abc import Iterator

import torch

from ninefold.errors import ConfigError
from ninefold.networks.modules.seeding import seeded

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Names of glibc's malloc.h."""


def choose_device(name: str, section: str = "train") -> torch.device:
    """Return the device called `name`; `auto` is the GPU if there is one.

    Args:
        section: of params.yaml, where it is named.

    Raises:
        ConfigError: cuda is asked for and there is none.
    """
    has_cuda = torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise ConfigError(
            f"params.yaml: {section}.device must be cpu or auto here, however: 'cuda', and torch "
            f"{torch.__version__} finds no GPU. `ninefold doctor` says why"
        )
    return torch.device("cuda" if name == "cuda" or (name == "auto" and has_cuda) else "cpu")


def keep_freed_memory() -> None:
    """Let the C library keep what the process frees, for the next step to use.

    glibc hands large blocks back to the kernel, which clears them page by page when they are next
    asked for: some 1,500 page faults per step of the default network. Elsewhere this does nothing.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(M_MMAP_THRESHOLD, 32 * 2**20)
    mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


@contextlib.contextmanager
def reproducible(seed: int, threads: int, device: torch.device) -> Iterator[None]:
    """Seed torch and fix its CPU threads inside the block; put both back after it.

    One thread of the process at a time trains, see `networks.modules.seeding`.
    """
    before = torch.get_num_threads()
    devices = [device] if device.type == "cuda" else []
    with seeded(seed, devices):
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def autocast(device: torch.device) -> "contextlib.AbstractContextManager[object]":
    """Return bfloat16 autocast on a GPU that has it, else nothing: on CPUs it is far slower."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return contextlib.nullcontext()
