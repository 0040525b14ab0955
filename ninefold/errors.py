"""What a person did wrong, or what a gate refused, each with its exit code."""


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
