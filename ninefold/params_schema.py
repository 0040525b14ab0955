"""The JSON schema of params.yaml, for editors that complete and check YAML."""

import json
from collections.abc import Mapping
from typing import Any

from ninefold.config import SECTIONS, spec_of

REFERENCE = "#/$defs/{model}"


def _told_apart(schema: Any, known: Mapping[str, Any], section: str) -> dict[str, Any]:
    """Rename definitions of a section whose names others bear already: two Specs of one name."""
    own = schema.get("$defs", {})
    renamed = {
        name: f"{name}Of{section.title()}"
        for name, content in own.items()
        if known.get(name, content) != content
    }
    text = json.dumps(schema)
    for old, new in renamed.items():
        text = text.replace(f'"{REFERENCE.format(model=old)}"', f'"{REFERENCE.format(model=new)}"')
    found: dict[str, Any] = json.loads(text)
    if own:
        found["$defs"] = {renamed.get(n, n): content for n, content in found["$defs"].items()}
    return found


def json_schema() -> dict[str, Any]:
    """Return the schema of all sections; each definition stands once."""
    from pydantic import TypeAdapter

    definitions: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for section in SECTIONS:
        schema = TypeAdapter(spec_of(section)).json_schema(ref_template=REFERENCE)
        schema = _told_apart(schema, definitions, section)
        definitions |= schema.pop("$defs", {})
        properties[section] = schema
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Ninefold params.yaml",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "$defs": definitions,
    }
