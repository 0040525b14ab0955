"""Arrays that somebody has split: `x_train`, `y_train`, `x_test`, `y_test` -> `x`, `y`, `part`."""

import re
from collections.abc import Mapping

import numpy as np

from ninefold.columns import Array
from ninefold.problem import part_of

PART = "part"
"""The array that says which part a row belongs to."""


def joined(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return the arrays of all parts one below the other under what their names share, and `part`
    `(N,)`; as they are where the names do not all say a part, train and test among them, or parts
    do not fit each other.

    >>> list(joined({"x_train": np.zeros((3, 2)), "x_test": np.zeros((1, 2))}))
    ['x', 'part']
    """
    found: dict[str, dict[str, Array]] = {}
    for name, array in arrays.items():
        stem, part = split_name(name)
        if part is None or not array.ndim or part in found.get(stem, {}):
            return dict(arrays)
        found.setdefault(stem, {})[part] = array
    if not found or PART in found or not all(_fit(each, found) for each in found.values()):
        return dict(arrays)
    whole = {stem: np.concatenate(list(each.values())) for stem, each in found.items()}
    first = next(iter(found.values()))
    return whole | {PART: np.repeat(list(first), [len(array) for array in first.values()])}


def split_name(name: str) -> tuple[str, str | None]:
    """Return the name of an array without the part in it, and the part; None if there is none.

    >>> split_name("train_images"), split_name("X_val"), split_name("y")
    (('images', 'train'), ('X', 'valid'), ('y', None))
    """
    words = re.split(r"[_\-. ]+", name)
    for at in (-1, 0):
        part = part_of(words[at])
        if part is not None and len(words) > 1:
            return "_".join(words[:-1] if at else words[1:]), part
    return name, None


def _fit(each: Mapping[str, Array], found: Mapping[str, Mapping[str, Array]]) -> bool:
    """Tell whether one array's parts are those of all, in their order, of one kind of cells."""
    first = next(iter(found.values()))
    cells = {(array.shape[1:], array.dtype.kind) for array in each.values()}
    rows = [len(array) for array in each.values()]
    return (
        {"train", "test"} <= each.keys()
        and list(each) == list(first)
        and rows == [len(array) for array in first.values()]
        and len(cells) == 1
    )
