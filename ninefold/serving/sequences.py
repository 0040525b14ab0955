"""Sequences in a row of JSON: lists of steps, or a list for each channel."""

from typing import Any

import numpy as np

from ninefold import sequences
from ninefold.signature import Array

RULE = (
    "a sequence: a list of steps, each a list of numbers (or a number, with one channel), or an "
    "object of channels with a list of numbers each; null is a missing value"
)


def read_sequence(value: Any, format: str | None) -> Array:
    """Return float64 `(T, C)` as the model takes it; null is a sequence without steps.

    Raises:
        ValueError: says why it is none.
    """
    if value is None:
        return sequences.blank(format)
    if type(value) is dict:
        value = _steps(value, format)
    if type(value) is not list:
        raise ValueError("it is none")
    depth, nested = len(sequences.channels(format)), any(type(step) is list for step in value)
    if nested and any(type(step) is not list or len(step) != depth for step in value):
        raise ValueError(f"every step must be a list of {depth} numbers")
    flat = [item for step in value for item in step] if nested else value
    if not set(map(type, flat)) <= {int, float, type(None)}:
        raise ValueError("a value must be a number or null")
    try:
        array = np.array([np.nan if item is None else item for item in flat], dtype=np.float64)
    except OverflowError:
        raise ValueError("a value must be a number that a double can hold") from None
    return sequences.convert(array.reshape(-1, depth) if nested else array, format)


def _steps(value: dict[str, Any], format: str | None) -> list[Any]:
    names = sequences.channels(format)
    if value.keys() != set(names) or any(type(part) is not list for part in value.values()):
        raise ValueError(f"an object must have a list for each of the channels {list(names)}")
    if len({len(part) for part in value.values()}) > 1:
        raise ValueError("the lists of the channels differ in length")
    return [list(step) for step in zip(*(value[name] for name in names), strict=True)]
