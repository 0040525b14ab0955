"""What a person did wrong, or what a gate refused, each with its exit code."""

import difflib
from collections.abc import Iterable

MEMORY_SIGNS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "failed to allocate memory",
    "bad_alloc",
    "could not create a primitive",
    "failed to map segment",
)
"""How torch, its oneDNN, ONNX Runtime and the loader of libraries say that memory ran out."""


class NinefoldError(Exception):
    """Ends a command with one line on stderr and no traceback."""

    exit_code = 2


class InputError(NinefoldError):
    """Wrong data, file or option: says rule, place and value, and what to do."""


class ConfigError(InputError):
    """Wrong value or key in params.yaml or dvc.yaml."""


class GateError(NinefoldError):
    """A quality, leakage, parity or promotion gate stopped the run; nothing was published."""

    exit_code = 3


def nearest(key: object, choices: Iterable[str]) -> str:
    """Return ` (did you mean `x`?)` for the nearest of `choices`, or the choices themselves."""
    names = [str(choice) for choice in choices]
    found = difflib.get_close_matches(str(key), names, n=1, cutoff=0.5)
    if found:
        return f" (did you mean `{found[0]}`?)"
    return f" (one of {', '.join(names)})" if 0 < len(names) <= 20 else ""


def ran_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory ran out."""
    return isinstance(error, MemoryError) or any(
        sign in str(error).lower() for sign in MEMORY_SIGNS
    )


def too_little_memory(error: BaseException) -> InputError:
    """Return one line about a stage that memory was too small for."""
    said = " ".join(str(error).split()).rpartition("Allocator: ")[2] or type(error).__name__
    return InputError(
        f"the stage must fit into memory, however: {said}. Take fewer rows "
        "(`ingest.sample_rows`), make the network smaller if it is one that trains "
        "(`train.network`), or give it a machine with more memory"
    )
