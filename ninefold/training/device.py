"""Where and how exactly torch computes."""

import contextlib
from collections.abc import Iterator

import torch

from ninefold.errors import ConfigError


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` is the GPU if there is one.

    Raises:
        ConfigError: cuda is asked for and there is none.
    """
    has_cuda = torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise ConfigError(
            "params.yaml: train.device must be cpu or auto here, however: 'cuda', and torch "
            f"{torch.__version__} finds no GPU. `ninefold doctor` says why"
        )
    return torch.device("cuda" if name == "cuda" or (name == "auto" and has_cuda) else "cpu")


@contextlib.contextmanager
def reproducible(seed: int, threads: int, device: torch.device) -> Iterator[None]:
    """Seed torch and fix its CPU threads inside the block; put both back after it."""
    before = torch.get_num_threads()
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
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
