"""Parses and checks a YAML text once a process: DVC reads dvc.yaml and dvc.lock for every stage."""

import copy
import functools
from typing import Any

KEPT = 16
_valid: set[tuple[int, str]] = set()
"""Schemas and the texts that they let pass."""


def parse(text: str, path: str, typ: str = "safe") -> Any:
    """Return what `dvc.utils.serialize.parse_yaml` does, which takes seconds for a dozen stages.

    Raises:
        dvc.utils.serialize.YAMLFileCorruptedError: the text is no YAML.
    """
    from dvc.utils.serialize._yaml import YAMLFileCorruptedError, parse_yaml

    if typ != "safe":
        return parse_yaml(text, path, typ)
    try:
        return copy.deepcopy(_parsed(text))
    except YAMLFileCorruptedError as error:
        raise YAMLFileCorruptedError(path) from error.__cause__


@functools.lru_cache(maxsize=KEPT)
def _parsed(text: str) -> Any:
    from dvc.utils.serialize._yaml import parse_yaml

    return parse_yaml(text, "")


def remember() -> None:
    """Let DVC parse by `parse` in this process, and check a text once."""
    from dvc.utils import strictyaml

    strictyaml.parse_yaml = parse
    original = strictyaml.validate
    if getattr(original, "is_ninefold", False):
        return

    def validate(data: Any, schema: Any, text: str | None = None, *rest: Any, **more: Any) -> Any:
        if text is None:
            return original(data, schema, text, *rest, **more)
        if (key := (id(schema), text)) not in _valid:
            original(data, schema, text, *rest, **more)
            if len(_valid) >= KEPT:
                _valid.clear()
            _valid.add(key)
        return data

    validate.is_ninefold = True  # type: ignore[attr-defined]
    strictyaml.validate = validate
