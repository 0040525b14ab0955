"""What a model's file says of the rows and predictions it was made with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ninefold.errors import InputError
from ninefold.head import Head
from ninefold.serving.model import Model


@dataclass(frozen=True)
class Reference:
    """`inputs` and `outputs` as `ninefold.export.describe.drift_reference` makes them of `rows`
    train rows (`drift_of_results` where no target is predicted: `head` is None); `metrics` of the
    test part with their intervals, the reported one first; `masked` columns, of which no value may
    be shown.
    """

    rows: int
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    head: Head | None
    metrics: Mapping[str, Any]
    masked: frozenset[str]

    @staticmethod
    def of(model: Model) -> "Reference":
        """Read it. Raises `InputError` for a model that holds none."""
        held = model.metadata
        if "ninefold.drift" not in held:
            raise InputError(
                f"model `{model.name}` must hold how its train rows are distributed, however: it "
                "does not. Export it again (`ninefold run`)"
            )
        drift = json.loads(held["ninefold.drift"])
        return Reference(
            int(drift["rows"]),
            drift["inputs"],
            drift["outputs"],
            Head.from_json(json.loads(held["ninefold.head"])) if "ninefold.head" in held else None,
            json.loads(held.get("ninefold.metrics", "{}")).get("test", {}),
            frozenset(json.loads(held.get("ninefold.masked", "[]"))),
        )
