"""Data that ship inside a package: found without importing it."""

import importlib.util
from pathlib import Path

from ninefold.errors import InputError


def folder_of(package: str, install: str) -> Path:
    """Return the folder of an installed package.

    Raises:
        InputError: it is missing; `install` is the command that brings it.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(f"package {package} is missing: install it with `{install}`")
    return Path(next(iter(spec.submodule_search_locations)))
