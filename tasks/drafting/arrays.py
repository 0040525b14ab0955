"""What `ninefold init` makes of an .npz file: pictures or sequences, and what may be predicted."""

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ninefold.datasets.array_parts import PART, split_name
from ninefold.errors import InputError

if TYPE_CHECKING:
    from ninefold.columns import Array

NPZ = ".npz"
SUFFIXES = (NPZ, ".npy")
NAMED = ("image", "images", "picture", "pictures", "pixels")
"""Real numbers `(N, H, W)` under such a name are pictures."""
TARGETS = ("y", "label", "labels", "target", "targets", "class", "classes")
"""What the array to predict is mostly called."""
BYTE, WHITES = 255, tuple(2**bits - 1 for bits in (10, 12, 14, 16))
"""White of 8 bits, and of those that cameras and scanners give beside."""
ROW_OF_NUMBERS = (
    "`{name}` is read as sequences of {steps} steps; if these are {steps} columns of a table, save "
    "them as CSV or Parquet"
)

FILLED_UP = (
    "{count} sequences of `{name}` end in zeros: they are read as steps; where they only fill up, "
    "put NaN in their place, or an array (N,) beside that ingest.lengths names"
)
SHORTER = 0.05
"""Share of sequences that end in zeros from which these are thought to fill up."""


def look(data: Path, targets: "Collection[str]" = ()) -> dict[str, Any]:
    """Return what `Found` says of arrays: how they are read, the network, the target (unless
    `targets` are named), and notes.

    Raises:
        InputError: no such file, or not one array of pictures or sequences in it.
    """
    arrays = _read(data)
    cells = _cells(arrays)
    if len(cells) != 1:
        raise InputError(
            f"{data} must hold one array of pictures, (N, H, W, C) or whole (N, H, W) (real "
            "ones under the name `image`), or of sequences, real numbers (N, T) or (N, T, C), "
            f"each perhaps in parts such as `x_train` and `x_test`, however: {_shown(arrays)}"
        )
    name, is_picture = cells.popitem()
    lengths = None if is_picture else _lengths(arrays, name, targets)
    target = _target(arrays, name, lengths)
    if is_picture:
        keys = {} if name == "image" else {"image": name}
        return {"kind": "arrays", "keys": keys | _levels(arrays[name]), "network": "cnn", **target}
    keys = {} if name == "X" else {"sequence": name}
    keys |= {} if lengths is None else {"lengths": lengths}
    steps = arrays[name].shape[1]
    notes = [ROW_OF_NUMBERS.format(name=name, steps=steps)] if arrays[name].ndim == 2 else []
    if lengths is not None:
        notes.append(f"`{lengths}` is read as how many steps of each sequence are there")
    elif count := _filled_up(arrays[name]):
        notes.append(FILLED_UP.format(name=name, count=count))
    return {
        "kind": "sequence_arrays", "keys": keys, "network": "rnn", "notes": tuple(notes), **target
    }  # fmt: skip


def labels(data: Path) -> tuple[str, ...]:
    """Return the arrays that can be predicted: those beside pictures or sequences, and parts."""
    arrays = _read(data)
    cells = _cells(arrays)
    return tuple(name for name in arrays if name not in cells and name != PART)


def joined_name(name: str, data: Path) -> str:
    """Return the name under which an array of one part stands in the whole, if it does."""
    arrays, (stem, _) = _read(data), split_name(name)
    return stem if name not in arrays and stem in arrays else name


def _read(data: Path) -> "dict[str, Array]":
    from ninefold.datasets.arrays import read_arrays

    if data.suffix.lower() != NPZ and data.exists():
        raise InputError(
            f"{data} holds one array alone: save it beside its labels as {NPZ}, such as "
            "`numpy.savez('data.npz', image=..., label=...)`"
        )
    return read_arrays(data, str(data))


def _cells(arrays: "Mapping[str, Array]") -> dict[str, bool]:
    """Return the arrays of pictures or sequences: name -> whether it holds pictures."""
    pictures = [n for n, a in arrays.items() if a.ndim in (3, 4) and _are_pictures(n, a)]
    series = [n for n, a in arrays.items() if n not in pictures and _are_sequences(a)]
    return {name: name in pictures for name in (*pictures, *series)}


def _lengths(arrays: "Mapping[str, Array]", cells: str, targets: "Collection[str]") -> str | None:
    """Return the array of whole numbers beyond which each sequence is filled up with one value."""
    import numpy as np

    values = arrays[cells].reshape(*arrays[cells].shape[:2], -1)
    count, steps = values.shape[:2]
    for name, found in arrays.items():
        is_whole = found.shape in ((count,), (count, 1)) and found.dtype.kind in "iu"
        if name in targets or not is_whole:
            continue
        if found.min() < 0 or found.max() > steps or found.min() == steps:
            continue
        beyond = values[np.arange(steps) >= found.reshape(count, 1)]
        last = values[np.flatnonzero(found), found[found > 0] - 1]
        is_one = np.isnan(beyond).all() or bool((beyond == beyond[0, 0]).all())
        if is_one and len(last) and (last == beyond[0, 0]).all(axis=1).mean() < SHORTER:
            return name
    return None


def _filled_up(values: "Array") -> int:
    """Return how many sequences end in zeros, some in more than others; 0 for hardly any."""
    import numpy as np

    is_zero = (values.reshape(*values.shape[:2], -1) == 0).all(axis=2)
    runs = np.cumprod(is_zero[:, ::-1], axis=1).sum(axis=1)
    count = int((runs > 1).sum())
    return count if count >= SHORTER * len(runs) and len(set(runs.tolist())) > 2 else 0


def _target(arrays: "Mapping[str, Array]", cells: str, lengths: str | None) -> dict[str, str]:
    """Return the array to predict: the only one beside the cells, or that of a usual name."""
    others = [name for name in arrays if name not in (cells, PART, lengths)]
    usual = [name for name in others if name.lower() in TARGETS]
    found = others if len(others) == 1 else usual
    return {"target": found[0]} if len(found) == 1 else {}


def _shown(arrays: "Mapping[str, Array]") -> str:
    return ", ".join(f"`{name}` {a.dtype} {a.shape}" for name, a in arrays.items()) or "none"


def _levels(pictures: "Array") -> dict[str, float]:
    """Return the values of black and white as `ingest` says them; {} where they are 0 and 255, or
    0 and 1.
    """
    import numpy as np

    if pictures.dtype.kind not in "uif" or not pictures.size:
        return {}
    least, most = float(pictures.min()), float(pictures.max())
    if not np.isfinite([least, most]).all() or (least >= 0 and most <= BYTE):
        return {}
    if least >= 0 and pictures.dtype.kind in "ui":
        return {"white": next((white for white in WHITES if most <= white), math.ceil(most))}
    return levels_between(least, most)


def levels_between(least: float, most: float) -> dict[str, float]:
    """Return black and white of numbers that are neither bytes nor shares of one."""
    if least >= -1 and most <= 1:
        return {"black": -1, "white": 1}
    return {"black": math.floor(least), "white": math.ceil(most)}


def _are_pictures(name: str, array: Any) -> bool:
    """Tell pictures `(N, H, W)` or `(N, H, W, C)` from sequences `(N, T, C)`, which are real or
    fall below 0.
    """
    if array.dtype.kind not in "uibf" or array.ndim == 4 or name.lower() in NAMED:
        return array.dtype.kind in "uibf"
    return array.dtype.kind != "f" and not (array.dtype.kind == "i" and bool((array < 0).any()))


def _are_sequences(array: Any) -> bool:
    """Tell numbers `(N, T)` or `(N, T, C)` from labels `(N,)`, `(N, 1)` and of some classes."""
    from ninefold.datasets.arrays import is_one_hot

    if array.ndim not in (2, 3) or array.shape[1] < 2 or is_one_hot(array):
        return False
    return array.dtype.kind == "f" or (array.dtype.kind in "ui" and int(array.max(initial=0)) > 1)
