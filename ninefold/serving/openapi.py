"""Describes the inference endpoints for `/openapi.json`, with the columns of each model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ninefold.dates import shown
from ninefold.occlusion import COLUMNS, PARTS, SIDE
from ninefold.pixels import channels, to_cell
from ninefold.sequences import channels as channels_of
from ninefold.serving import pictures, sequences
from ninefold.serving.limits import Limits
from ninefold.serving.model import Model
from ninefold.signature import Input, Result, Signature

KINDS: dict[str, dict[str, Any]] = {
    "number": {"type": ["number", "null"]},
    "bool": {"type": "boolean"},
    "category": {"type": ["string", "null"]},
    "text": {"type": ["string", "null"]},
    "image": {"type": ["string", "object", "array"], "description": pictures.RULE},
    "sequence": {"type": ["array", "object", "null"], "description": sequences.RULE},
    "datetime": {
        "type": ["string", "integer", "null"],
        "description": "ISO 8601, the source's own format, or whole microseconds since 1970 "
        "(numbers that count seconds, milliseconds or nanoseconds are refused)",
    },
}


def _parts(**keys: str) -> dict[str, Any]:
    properties = {name: {"type": type_} for name, type_ in {**keys, "value": "number"}.items()}
    return {"type": "array", "items": {"type": "object", "properties": properties}}


ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
REFUSALS = {
    "401": "A key is needed, see `ninefold serve --api-keys`",
    "400": "The request is wrong; `error` says where and why",
    "408": "The body arrived too slowly",
    "413": "Too many bytes, rows or elements",
    "415": "Unknown Content-Encoding",
    "503": "The model is not ready, or too many requests wait",
    "504": "The model took too long",
}

EXPLAIN = (
    "Say what each column adds to the answer, and each word of a text, region of a picture or step "
    f"of a sequence; for at most {Limits.max_explained_rows} rows"
)
EXPLANATION: dict[str, Any] = {
    "type": "object",
    "description": "Where `explain` is true. `answer` is `expected` (the mean over background rows "
    "of the file) plus the contributions, Shapley values by sampling, all in `unit`. `parts` are "
    "found by leaving out each once: `value` is what the answer loses. A cell has at most "
    f"{PARTS} words or steps (neighbours go together) or {SIDE} x {SIDE} regions, in at most "
    f"{COLUMNS} columns. What is left out: a word is not there, a step is missing, a region has "
    "the mean colour of the background's pictures. `targets`: the same for each of several targets."
    " Of labels of steps there are only `unit` and `steps`: for each its `tag`, the `answer`, and "
    "`because`, what that loses without other steps or columns, the weightiest first",
    "properties": {
        "unit": {"type": "string"},
        "steps": {"type": "array", "items": {"type": "object"}},
        "expected": {"type": "number"},
        "answer": {"type": "number"},
        "contributions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "columns": {"type": "array", "items": {"type": "string"}},
                    "value": {"type": "number"},
                },
            },
        },
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "column": {"type": "string"},
                    "words": _parts(text="string"),
                    "regions": _parts(
                        **dict.fromkeys(("top", "bottom", "left", "right"), "integer")
                    ),
                    "steps": _parts(first="integer", last="integer"),
                },
            },
        },
        "targets": {"type": "object"},
    },
}


def inference_paths(models: Sequence[Model]) -> dict[str, Any]:
    """Return the OpenAPI paths of every model's infer and predict endpoint."""
    paths: dict[str, Any] = {}
    for model in models:
        for middle in ("", f"/versions/{model.version}"):
            paths[f"/v2/models/{model.name}{middle}/infer"] = _operation(
                "Open Inference Protocol v2", _tensors(model), _tensors_out()
            )
        if (signature := model.published) is not None:
            paths[f"/v1/models/{model.name}/predict"] = _operation(
                "Predict rows of named columns",
                _rows(signature),
                _predictions(signature),
            )
    return paths


def with_refusals(paths: Mapping[str, Any]) -> None:
    """Add to the paths of pages how they refuse: FastAPI writes down a 422 that is never given."""
    for path, operations in paths.items():
        for operation in operations.values():
            responses = operation["responses"]
            responses.pop("422", None)
            responses["401"] = _response(REFUSALS["401"], ERROR)
            if "{" in path:
                responses["404"] = _response("There is no such model, version or trial", ERROR)
            if path.endswith("/ready"):
                responses["503"] = _response("Not ready", {"type": "object"})


def example_row(signature: Signature) -> dict[str, Any]:
    """Return a row as a client would send it."""
    return {item.name: _example(item) for item in signature.inputs}


def _example(item: Input) -> Any:
    if item.example is not None:
        is_count = item.kind == "datetime" and type(item.example) is int
        return shown(item.example) if is_count else item.example
    if item.kind == "image":
        return to_cell(np.zeros((8, 8, channels(item.format)), dtype=np.uint8))
    if item.kind == "sequence":
        return [[0.0] * len(channels_of(item.format))] * 3
    middle = 0.0 if item.minimum is None else item.minimum
    level = item.levels[0] if item.levels else ""
    examples = {"number": middle, "bool": True, "datetime": "2013-12-31T14:05:00"}
    return examples.get(item.kind, level)


def _operation(summary: str, body: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    return {
        "post": {
            "summary": summary,
            "requestBody": {"required": True, "content": {"application/json": body}},
            "responses": {
                "200": _response("Predictions", answer),
                **{status: _response(text, ERROR) for status, text in REFUSALS.items()},
            },
        }
    }


def _response(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _rows(signature: Signature) -> dict[str, Any]:
    row = {
        "type": "object",
        "properties": {item.name: KINDS[item.kind] for item in signature.inputs},
        "required": [i.name for i in signature.inputs if i.kind in ("bool", "image")],
    }
    schema = {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "minItems": 1, "items": row},
            "explain": {"type": "boolean", "description": EXPLAIN},
        },
        "required": ["rows"],
    }
    return {"schema": schema, "example": {"rows": [example_row(signature)]}}


def _predictions(signature: Signature) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for result in signature.told:
        place = properties
        if result.inside:
            nested = properties.setdefault(result.inside, {"type": "object", "properties": {}})
            place = nested["properties"]
        said = _said(result)
        place |= {result.name: said} if result.name else said["properties"]
    properties |= {
        "error": {"type": "string", "description": "What is wrong with this row"},
        "missing": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Columns the row did not have; they counted as missing values",
        },
        "explanation": EXPLANATION,
        "flags": {
            "type": "object",
            "description": "What is unusual: columns whose value no train row had, or a text of "
            "which hardly a word is known (unseen), beyond all train rows (out_of_range), or not "
            "there (missing)",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    }
    answer = {"type": "object", "properties": properties}
    return {"type": "object", "properties": {"predictions": {"type": "array", "items": answer}}}


def _said(result: Result) -> dict[str, Any]:
    number = {"type": "number"}
    if result.kind == "numbers":
        own = {"type": "object", "properties": dict.fromkeys(result.names, number)}
        if not result.owners:
            return own
        return {"type": "object", "properties": dict.fromkeys(result.owners, own)}
    picture: dict[str, Any] = {
        "type": "object",
        "properties": {"shape": {"type": "array"}, "base64": {"type": "string"}},
    }
    if result.kind == "steps":
        each = {"type": "array", "items": number}
        return {"type": "object", "properties": dict.fromkeys(result.names, each)}
    types: dict[str, dict[str, Any]] = {
        "number": number,
        "tags": {"type": "array", "items": {"type": "string"}},
        "bool": {"type": "boolean"},
        "image": picture,
    }
    return types.get(result.kind, {"type": "string"})


def _tensor(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["name", "shape", "datatype", name],
        "properties": {
            "name": {"type": "string"},
            "shape": {"type": "array", "items": {"type": "integer"}},
            "datatype": {"type": "string"},
            name: {"type": "array", "items": {}},
        },
    }


def _tensors(model: Model) -> dict[str, Any]:
    inputs = {"type": "array", "items": _tensor("data")}
    return {
        "schema": {"type": "object", "required": ["inputs"], "properties": {"inputs": inputs}},
        "example": {"inputs": [tensor.to_json() for tensor in model.inputs]},
    }


def _tensors_out() -> dict[str, Any]:
    outputs = {"type": "array", "items": _tensor("data")}
    return {"type": "object", "properties": {"outputs": outputs}}
