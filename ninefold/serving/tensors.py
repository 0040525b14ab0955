"""Tensors of the Open Inference Protocol v2, as JSON and as raw bytes.

Binary form (https://github.com/triton-inference-server/server/blob/main/docs/protocol/
extension_binary_data.md): row-major little-endian elements; BYTES as a 4-byte length before each.
"""

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from ninefold.errors import nearest
from ninefold.serving.limits import RequestError
from ninefold.serving.model import DATATYPES, Array, Tensor

WHOLE = {name: np.iinfo(dtype) for name, dtype in DATATYPES.values() if "INT" in name}
REAL: dict[str, Any] = {"FP16": np.float16, "FP32": np.float32, "FP64": np.float64}
MAX_DEPTH = 16
LENGTH_BYTES = 4


def checked_shape(content: Any, tensor: Tensor, max_elements: int) -> tuple[int, ...]:
    """Return the shape of an input, which must fit the model and hold at least one element."""
    if _is_good(content, tensor.shape, max_elements):
        return tuple(content)
    place = f"input `{tensor.name}`: shape"
    if not isinstance(content, list) or not all(type(size) is int for size in content):
        raise RequestError(f"{place} must be a list of whole numbers, however: {content!r:.100}")
    fits = len(content) == len(tensor.shape) and all(
        want in (-1, size) for want, size in zip(tensor.shape, content, strict=True)
    )
    if not fits:
        raise RequestError(f"{place} must be {list(tensor.shape)}, however: {content!r:.100}")
    if any(size <= 0 for size in content):
        raise RequestError(f"{place} must be positive, however: {content!r:.100}")
    raise RequestError(
        f"{place} must hold at most {max_elements} elements, however: {content!r:.100}", 413
    )


def _is_good(content: Any, shape: tuple[int, ...], max_elements: int) -> bool:
    """Tell whether a shape may be taken as it stands; only what may not is looked at closely."""
    if type(content) is not list or len(content) != len(shape):
        return False
    for size, want in zip(content, shape, strict=True):
        if type(size) is not int or size <= 0 or want not in (-1, size):
            return False
    return math.prod(content) <= max_elements


def from_json(data: Any, shape: Sequence[int], tensor: Tensor) -> Array:
    """Return the array of a flat or nested list, after checking the type of every element."""
    flat = _flat(data, tensor.name)
    check_count(len(flat), shape, tensor)
    types, datatype = set(map(type, flat)), tensor.datatype
    if datatype in REAL:
        return _reals(flat, types, tensor).reshape(shape)
    if datatype == "BOOL":
        _expect(types, {bool}, tensor, flat, "true or false")
        return np.array(flat, dtype=np.bool_).reshape(shape)
    if datatype == "BYTES":
        _expect(types, {str}, tensor, flat, "text")
        return _objects(flat).reshape(shape)
    _expect(types, {int}, tensor, flat, "whole numbers")
    bounds = WHOLE[datatype]
    if min(flat) < bounds.min or max(flat) > bounds.max:
        raise RequestError(
            f"input `{tensor.name}`: {datatype} must lie in {bounds.min}…{bounds.max}, "
            f"however: {min(flat)}…{max(flat)}"
        )
    return np.array(flat, dtype=tensor.dtype).reshape(shape)


def check_count(found: int, shape: Sequence[int], tensor: Tensor) -> None:
    """Refuse more or fewer elements than the shape has. Raises `RequestError`."""
    if found != (count := math.prod(shape)):
        raise RequestError(
            f"input `{tensor.name}`: data must hold {count} elements, however: {found}"
        )


def from_bytes(raw: memoryview, shape: Sequence[int], tensor: Tensor) -> Array:
    """Return the array of a tensor's raw bytes."""
    count = math.prod(shape)
    if tensor.datatype == "BYTES":
        return _objects(_texts(raw, count, tensor.name)).reshape(shape)
    size = np.dtype(tensor.dtype).itemsize
    if len(raw) != count * size:
        raise RequestError(
            f"input `{tensor.name}`: {list(shape)} {tensor.datatype} must be {count * size} bytes, "
            f"however: {len(raw)}"
        )
    array = np.frombuffer(raw, dtype=np.dtype(tensor.dtype).newbyteorder("<"))
    if tensor.datatype == "BOOL" and (np.frombuffer(raw, np.uint8) > 1).any():
        raise RequestError(f"input `{tensor.name}`: BOOL must be bytes 0 and 1")
    return array.astype(tensor.dtype).reshape(shape)


def to_json(array: Array) -> Any:
    """Return the flat elements as orjson writes them: float32 by its shortest digits."""
    if array.dtype == object:
        return array.ravel().tolist()
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    return np.ascontiguousarray(array).ravel()


def to_bytes(array: Array) -> bytes:
    """Return an output in binary form."""
    if array.dtype == object:
        texts = [str(item).encode() for item in array.ravel()]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def _flat(data: Any, name: str) -> list[Any]:
    if not isinstance(data, list):
        raise RequestError(f"input `{name}`: data must be a list, however: {type(data).__name__}")
    for _ in range(MAX_DEPTH):
        nested = set(map(type, data))
        if list not in nested:
            return list(data)
        if nested != {list}:
            raise RequestError(f"input `{name}`: data must be nested evenly")
        data = [item for inner in data for item in inner]
    raise RequestError(f"input `{name}`: data must be nested at most {MAX_DEPTH} deep")


def _reals(flat: list[Any], types: set[type], tensor: Tensor) -> Array:
    """Read numbers; null is NaN, and a number too large for the type is refused."""
    _expect(types, {int, float, type(None)}, tensor, flat, "numbers")
    if type(None) in types:
        flat = [math.nan if item is None else item for item in flat]
    try:
        array = np.array(flat, dtype=np.float64)
    except OverflowError:
        raise _too_large(tensor) from None
    if tensor.datatype == "FP64":
        return array
    with np.errstate(over="ignore"):
        result = array.astype(tensor.dtype)
    if (np.isinf(result) & np.isfinite(array)).any():
        raise _too_large(tensor)
    return result


def _too_large(tensor: Tensor) -> RequestError:
    limit = float(np.finfo(REAL[tensor.datatype]).max)
    return RequestError(f"input `{tensor.name}`: {tensor.datatype} must be at most {limit:g}")


def _expect(
    types: set[type], allowed: set[type], tensor: Tensor, flat: list[Any], rule: str
) -> None:
    if types <= allowed:
        return
    wrong = next(item for item in flat if type(item) not in allowed)
    raise RequestError(
        f"input `{tensor.name}`: {tensor.datatype} must be {rule}, however: {wrong!r:.60}"
    )


def _texts(raw: memoryview, count: int, name: str) -> list[str]:
    texts: list[str] = []
    place, end = 0, len(raw)
    try:
        while end - place >= LENGTH_BYTES and len(texts) < count:
            (length,) = struct.unpack_from("<I", raw, place)
            place += LENGTH_BYTES
            if length > end - place:
                break
            texts.append(str(raw[place : place + length], "utf-8"))
            place += length
    except UnicodeDecodeError as error:
        raise RequestError(f"input `{name}`: BYTES must be UTF-8 text, however: {error}") from None
    if len(texts) != count or place != end:
        raise RequestError(
            f"input `{name}`: BYTES must hold {count} elements, each behind its 4-byte length"
        )
    return texts


def _objects(items: list[Any]) -> Array:
    """Return an object array: numpy's own text types must not reach ONNX Runtime."""
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def known_datatype(content: Any, tensor: Tensor) -> None:
    """Refuse a datatype other than the model's."""
    if content == tensor.datatype:
        return
    names = [name for name, _ in DATATYPES.values()]
    hint = nearest(content, names) if isinstance(content, str) and content not in names else ""
    raise RequestError(
        f"input `{tensor.name}`: datatype must be {tensor.datatype}, however: {content!r:.60}{hint}"
    )
