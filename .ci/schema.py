"""Write docs/params.schema.json from the Specs; `make schema` runs it."""

from pathlib import Path

from ninefold.files import write_json
from ninefold.params_schema import json_schema

write_json(Path(__file__).parent.parent / "docs" / "params.schema.json", json_schema())
