"""Write docs/params.schema.json from the Specs; `make schema` runs it."""

from pathlib import Path

from ninefold.config import json_schema
from ninefold.files import write_json

write_json(Path(__file__).parent.parent / "docs" / "params.schema.json", json_schema())
