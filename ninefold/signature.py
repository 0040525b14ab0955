"""What a model takes and gives, stored in the model itself and read by whoever serves it.

Needs nothing but numpy and the standard library.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

Kind = Literal["number", "category", "text", "bool", "datetime", "image"]
Array = np.ndarray[Any, Any]
NAT = np.iinfo(np.int64).min
METADATA_KEY = "ninefold.signature"


@dataclass(frozen=True)
class Input:
    """One raw column the model takes, with the range or the levels seen in training."""

    name: str
    kind: Kind
    minimum: float | None = None
    maximum: float | None = None
    levels: tuple[str, ...] = ()
    has_missing: bool = False
    format: str | None = None
    example: Any = None


@dataclass(frozen=True)
class Signature:
    """Inputs in order, the task, and for classification the class labels in output order."""

    inputs: tuple[Input, ...]
    task: str
    target: str
    classes: tuple[str, ...] = ()
    positive: str | None = None
    threshold: float | None = None
    ignored: tuple[str, ...] = ()
    missing_tokens: tuple[str, ...] = ("",)
    outputs: tuple[str, ...] = field(default=())

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @staticmethod
    def from_json(text: str) -> "Signature":
        content: dict[str, Any] = json.loads(text)
        inputs = tuple(
            Input(**{**item, "levels": tuple(item["levels"])}) for item in content.pop("inputs")
        )
        for key, value in content.items():
            if isinstance(value, list):
                content[key] = tuple(value)
        return Signature(inputs=inputs, **content)
