"""Inference requests and answers of the Open Inference Protocol v2.

https://github.com/kserve/open-inference-protocol, with Triton's binary tensor extension.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from ninefold.errors import nearest
from ninefold.serving import tensors
from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.model import Array, Form, Model, Tensor
from ninefold.texts import composed

NOT_OFFERED = {
    "classification": "the classification extension",
    "shared_memory_region": "shared memory",
}
"""Parameters of a tensor that ask for another answer than would be given."""
HEADER_LENGTH = "Inference-Header-Content-Length"


class Request(NamedTuple):
    """A checked request: feeds of equal batch size, and output name -> wanted in binary form."""

    feeds: Mapping[str, Array]
    rows: int
    outputs: Mapping[str, bool]
    id: str | None


def parse(body: bytes) -> Any:
    """Parse JSON, with the NaN and Infinity tokens that Python's and Triton's clients send."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if b"NaN" not in body and b"Infinity" not in body:
            raise RequestError(f"the body must be JSON, however: {error}") from None
    try:
        text = body.decode()
        content = json.loads(text)
        if "\\u" in text:
            json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise RequestError(f"the body must be JSON, however: {str(error)[:200]}") from None
    return content


def decode(body: bytes, header_length: int | None, model: Form, limits: Limits) -> Request:
    """Read an inference request for `model`. Raises `RequestError`."""
    content, raw = _parts(body, header_length)
    parameters = _parameters(content)
    inputs, rows = content.get("inputs"), 1
    feeds = None if raw else model.cell_tensors.read(inputs)
    if feeds is None:
        feeds = _feeds(inputs, raw, model, limits)
        rows = check_feeds(feeds, model)
    name = content.get("id")
    if name is not None and not isinstance(name, str):
        raise RequestError(f"id must be text, however: {name!r:.60}")
    is_binary = parameters.get("binary_data_output") is True
    return Request(feeds, rows, _outputs(content.get("outputs"), is_binary, model), name)


def encode(
    model: Model, request: Request, values: Mapping[str, Array]
) -> tuple[bytes, dict[str, str]]:
    """Return the body of the answer and its headers."""
    outputs, blobs = [], []
    for tensor in model.outputs:
        if tensor.name not in request.outputs:
            continue
        array = values[tensor.name]
        output: dict[str, Any] = {
            "name": tensor.name,
            "datatype": tensor.datatype,
            "shape": list(array.shape),
        }
        if request.outputs[tensor.name]:
            blobs.append(tensors.to_bytes(array))
            output["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            output["data"] = tensors.to_json(array)
        outputs.append(output)
    content = {"model_name": model.name, "model_version": model.version, "outputs": outputs}
    if request.id is not None:
        content["id"] = request.id
    head = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    if not blobs:
        return head, {"Content-Type": "application/json"}
    headers = {"Content-Type": "application/octet-stream", HEADER_LENGTH: str(len(head))}
    return b"".join([head, *blobs]), headers


def _parts(body: bytes, header_length: int | None) -> tuple[dict[str, Any], memoryview]:
    if header_length is not None and not 0 <= header_length <= len(body):
        raise RequestError(f"{HEADER_LENGTH} must lie in 0…{len(body)}, however: {header_length}")
    end = len(body) if header_length is None else header_length
    content = parse(body if end == len(body) else body[:end])
    return _object(content, "the body"), memoryview(body)[end:]


def _object(content: Any, place: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise RequestError(f"{place} must be an object, however: {type(content).__name__}")
    return content


def _parameters(content: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a request or tensor; clients send null for none."""
    found = content.get("parameters")
    return {} if found is None else _object(found, "parameters")


def _feeds(inputs: Any, raw: memoryview, model: Form, limits: Limits) -> dict[str, Array]:
    if not isinstance(inputs, list):
        raise RequestError("inputs must be a list of tensors")
    known = {tensor.name: tensor for tensor in model.inputs}
    feeds: dict[str, Array] = {}
    place = 0
    for item in inputs:
        item = _object(item, "an input")
        tensor = known_input(item.get("name"), known, feeds)
        name = tensor.name
        tensors.known_datatype(item.get("datatype"), tensor)
        shape = tensors.checked_shape(item.get("shape"), tensor, limits.max_elements)
        check_rows(shape, limits)
        parameters = _parameters(item)
        check_offered(parameters, "inputs")
        size = parameters.get("binary_data_size")
        if size is None:
            feeds[name] = tensors.from_json(item.get("data"), shape, tensor)
            continue
        if type(size) is not int or not 0 <= size <= len(raw) - place:
            raise RequestError(f"input `{name}`: binary_data_size must lie within the body")
        if item.get("data"):
            raise RequestError(f"input `{name}` must be data or binary, however: it is both")
        feeds[name] = tensors.from_bytes(raw[place : place + size], shape, tensor)
        place += size
    if place != len(raw):
        raise RequestError(f"the body holds {len(raw) - place} bytes that belong to no input")
    return feeds


def known_input(name: Any, known: Mapping[str, Tensor], feeds: Mapping[str, Array]) -> Tensor:
    """Return the model's input of that name. Raises `RequestError`: unknown, or given twice."""
    if isinstance(name, str) and name not in known:
        name = composed(name)
    if not isinstance(name, str) or name not in known:
        raise RequestError(f"unknown input {name!r:.100}{nearest(str(name)[:100], known)}")
    if name in feeds:
        raise RequestError(f"input `{name}` must be given once")
    return known[name]


def check_offered(parameters: Iterable[str], place: str) -> None:
    """Refuse what is asked of a tensor and not offered. Raises `RequestError`."""
    for name in parameters:
        if name in NOT_OFFERED:
            raise RequestError(f"{place}: {NOT_OFFERED[name]} is not offered")


def check_feeds(feeds: Mapping[str, Array], model: Form) -> int:
    """Return how many rows the feeds hold. Raises `RequestError`: one missing, or unequal."""
    missing = [f"`{tensor.name}`" for tensor in model.inputs if tensor.name not in feeds]
    if missing:
        raise RequestError(f"inputs must hold {', '.join(missing[:10])} as well")
    rows = {array.shape[0] for array in feeds.values() if array.ndim}
    if model.signature is not None and len(rows) > 1:
        raise RequestError(f"inputs must have as many rows each, however: {sorted(rows)}")
    return max(rows, default=1)


def check_rows(shape: Sequence[int], limits: Limits) -> None:
    """Refuse a tensor of too many rows, before its elements are read. Raises `RequestError`."""
    if shape and shape[0] > limits.max_rows:
        raise RequestError(
            f"a request must have at most {limits.max_rows} rows, not {shape[0]}", 413
        )


def _outputs(outputs: Any, is_binary: bool, model: Form) -> dict[str, bool]:
    """Return output name -> wanted in binary form."""
    known = [tensor.name for tensor in model.outputs]
    if outputs is None or outputs == []:
        return dict.fromkeys(known, is_binary)
    if not isinstance(outputs, list):
        raise RequestError("outputs must be a list")
    wanted = {}
    for item in outputs:
        item = _object(item, "an output")
        name, parameters = item.get("name"), _parameters(item)
        if not isinstance(name, str) or name not in known:
            raise RequestError(f"unknown output {name!r:.100}{nearest(str(name)[:100], known)}")
        check_offered(parameters, "outputs")
        wanted[name] = parameters.get("binary_data", is_binary) is True
    return wanted
