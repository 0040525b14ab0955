"""What a person did wrong, or what a gate refused, each with its exit code."""

import difflib
from collections.abc import Iterable


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
