"""Reads what comes over gRPC: bytes in, messages and checked tensors out."""

from collections.abc import Mapping, Sequence
from typing import Any

from ninefold.serving import protocol, tensors
from ninefold.serving.grpc_messages import messages
from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.model import Array, Form, Tensor

CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
"""Datatype -> where its elements lie when they are not raw."""
MAX_OUTPUTS = 1024
"""Outputs that one request may name."""


def message(name: str, content: bytes) -> Any:
    """Return the message that was sent; what to refuse it with where there is none."""
    from google.protobuf.message import DecodeError

    try:
        return getattr(messages(), name).FromString(content)
    except DecodeError as error:
        return RequestError(f"the message must be a {name}, however: {error}")


def read_apart(
    content: bytes, forms: Mapping[tuple[str, str], Form], limits: Limits
) -> tuple[bytes, dict[str, Array]]:
    """Return a request for inference less its tensors, and those, where `forms` has its model.

    `forms` are those of all models by name and version, the version `""` being the one that answers
    who names none. Raises `RequestError`.
    """
    request = message("ModelInferRequest", content)
    if isinstance(request, RequestError):
        raise request
    form = forms.get((request.model_name, request.model_version))
    found = feeds(request, form, limits) if form is not None else {}
    request.ClearField("inputs")
    request.ClearField("raw_input_contents")
    return request.SerializeToString(), found


def feeds(request: Any, model: Form, limits: Limits) -> dict[str, Array]:
    """Return the tensors of a request for inference. Raises `RequestError`."""
    if len(request.outputs) > MAX_OUTPUTS:
        raise RequestError(f"outputs must be at most {MAX_OUTPUTS}")
    known = {tensor.name: tensor for tensor in model.inputs}
    raw = request.raw_input_contents
    if raw and len(raw) != len(request.inputs):
        raise RequestError(
            f"raw_input_contents must hold one entry per input ({len(request.inputs)}), however: "
            f"{len(raw)}"
        )
    found: dict[str, Array] = {}
    for place, item in enumerate(request.inputs):
        tensor = protocol.known_input(item.name, known, found)
        tensors.known_datatype(item.datatype, tensor)
        protocol.check_offered((each.key for each in item.parameters), "inputs")
        shape = tensors.checked_shape(list(item.shape), tensor, limits.max_elements)
        protocol.check_rows(shape, limits)
        if raw:
            if item.HasField("contents"):
                raise RequestError(f"input `{item.name}` must be raw or not, however: it is both")
            found[item.name] = tensors.from_bytes(memoryview(raw[place]), shape, tensor)
        else:
            found[item.name] = tensors.from_json(_elements(item, tensor, shape), shape, tensor)
    return found


def _elements(item: Any, tensor: Tensor, shape: Sequence[int]) -> list[Any]:
    """Return a tensor's elements, which must lie where its datatype says."""
    if tensor.datatype not in CONTENTS:
        raise RequestError(f"input `{tensor.name}`: {tensor.datatype} must be given raw")
    found = getattr(item.contents, CONTENTS[tensor.datatype])
    tensors.check_count(len(found), shape, tensor)
    elements = list(found)
    if tensor.datatype != "BYTES":
        return elements
    try:
        return [text.decode("utf-8") for text in elements]
    except UnicodeDecodeError as error:
        said = f"input `{tensor.name}`: BYTES must be UTF-8 text, however: {error}"
        raise RequestError(said) from None
