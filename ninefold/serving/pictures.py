"""Pictures in a row of JSON: an image file, raw pixels, or nested lists of numbers."""

import base64
import binascii
import math
from typing import Any

import numpy as np

from ninefold import pixels
from ninefold.signature import Array

RULE = (
    'a picture: an image file in base64, {"shape": [H, W, C], "base64": pixels 0…255}, or a list '
    "of rows of pixels"
)

MOST_PIXELS = 2**25
"""Pixels of an image file in a request, and of all files together four times as many: 16 KB of PNG
may hold 100 million."""


class Pictures:
    """Reads the pictures of one request and column."""

    def __init__(self, format: str | None) -> None:
        self._format, self._room = format, 4 * MOST_PIXELS

    def read(self, value: Any) -> Array:
        """Return uint8 `(H, W, C)` as the model takes it. Raises `ValueError`, saying why not."""
        if type(value) is not str:
            return _plain(value, self._format)
        content = _bytes(value)
        self._room -= pixels.declared(content)
        if self._room < 0:
            raise ValueError(f"the files have more than {4 * MOST_PIXELS} pixels together")
        return pixels.decode(content, self._format, MOST_PIXELS)


def _plain(value: Any, format: str | None) -> Array:
    """Return raw or nested pixels as the model takes them."""
    if type(value) is dict:
        picture = _raw(value)
    elif type(value) is list:
        picture = _nested(value)
    else:
        raise ValueError("it is none")
    return pixels.convert(picture, pixels.channels(format))


def _bytes(text: str) -> bytes:
    text = text.partition(",")[2] if text.startswith("data:") else text
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the text is not base64") from None


def _raw(value: dict[str, Any]) -> Array:
    shape, text = value.get("shape"), value.get("base64")
    if value.keys() != {"shape", "base64"} or type(text) is not str or type(shape) is not list:
        raise ValueError("an object must have the keys shape (a list) and base64 (text)")
    if not all(type(size) is int and size > 0 for size in shape):
        raise ValueError("the shape must be whole numbers above 0")
    content = _bytes(text)
    if len(content) != math.prod(shape):
        raise ValueError(f"shape {shape} needs {math.prod(shape)} bytes, there are {len(content)}")
    return _three(np.frombuffer(content, dtype=np.uint8).reshape(shape))


def _nested(value: list[Any]) -> Array:
    try:
        array = np.array(value)
    except ValueError:
        raise ValueError("its rows differ in length") from None
    if array.size == 0 or array.dtype.kind not in "iu" or array.min() < 0 or array.max() > 255:
        raise ValueError("pixels must be whole numbers from 0 to 255")
    return _three(array.astype(np.uint8))


def _three(array: Array) -> Array:
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3):
        raise ValueError(f"it has the shape {list(array.shape)}, not [H, W] or [H, W, 1 or 3]")
    return array
