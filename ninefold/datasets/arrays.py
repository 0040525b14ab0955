"""Arrays of pictures in one NumPy file."""

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zipfile import BadZipFile

import numpy as np
from pydantic import Field

from ninefold import pixels
from ninefold.columns import Array
from ninefold.config import ColumnName
from ninefold.datasets import DatasetSpec
from ninefold.datasets.array_parts import joined
from ninefold.datasets.pictures.spec import LevelsSpec
from ninefold.errors import InputError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

    from ninefold.datasets.tables.source import Source

CHANNELS = (1, 3, 4)
"""Grey, colour, and colour with what is transparent."""


class ArraysSpec(DatasetSpec, LevelsSpec):
    """An .npz file with `(N, H, W)`, `(N, H, W, C)` or `(N, C, H, W)` pixels 0 … 255, or real ones
    0 … 1; arrays `(N,)` beside them become columns, under their names, and `(N, K)` of one 1 among
    zeros the numbers of their classes. `x_train` and `x_test` (or `train_images` …) are `x`, and
    the column `part` says which.
    """

    kind: Literal["arrays"] = "arrays"
    path: str = Field(min_length=1)
    """The file, relative to the workspace."""
    image: ColumnName = "image"
    """Name of the array that holds the pictures; it becomes the column of that name."""

    def open(self, workspace: Path) -> "Source":
        images, others = read_named(workspace, self.path, self.image, "image")
        return array_source(self.path, images, others, self.image, self.levels)


def read_named(workspace: Path, path: str, name: str, key: str) -> tuple[Array, dict[str, Array]]:
    """Return the array that `ingest.KEY` names, and the others of the file. Raises `InputError`."""
    arrays = read_arrays(workspace / Path(path).expanduser(), path)
    if name not in arrays:
        raise InputError(
            f"params.yaml: ingest.{key}: {path} has no array `{name}`{nearest(name, arrays)}"
        )
    return arrays.pop(name), arrays


def columns_beside(
    title: str, others: Mapping[str, Array], count: int, cell: str
) -> "dict[str, pa.Array]":
    """Return the arrays `(N,)` beside `count` cells as columns. Raises `InputError`."""
    found = {}
    for name, values in others.items():
        values = np.argmax(values, axis=1) if is_one_hot(values) else values
        if values.shape not in ((count,), (count, 1)):
            raise InputError(
                f"{title}: array `{name}` must have the shape ({count},), one value per "
                f"{cell}, however: {values.shape}. Leave it out of the file"
            )
        found[name] = _column(values.reshape(count))
    return found


def is_one_hot(values: Array) -> bool:
    """Tell whether an array `(N, K)` names one of K classes in each row: one 1 among zeros."""
    if values.ndim != 2 or values.shape[1] < 2 or values.dtype.kind not in "uibf":
        return False
    return bool(np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all())


def _column(values: Array) -> "pa.Array":
    """Return an array `(N,)` of numbers, texts, bytes of ASCII, or dates as a column."""
    import pyarrow as pa

    if values.dtype.kind == "M":
        return pa.array(values.astype("datetime64[us]"))
    return pa.array((values.astype(str) if values.dtype.kind == "S" else values).tolist())


def read_arrays(path: Path, shown: str) -> dict[str, Array]:
    """Return the arrays of an .npz file by name, those of several parts joined. Raises
    `InputError`.
    """
    try:
        with path.open("rb") as file, np.load(file) as stored:
            return joined({name: stored[name] for name in stored.files})
    except (OSError, ValueError, AttributeError, BadZipFile, zlib.error, EOFError) as error:
        reason = "it is missing" if not path.exists() else " ".join(str(error).split())
        raise InputError(f"{shown} must be an .npz file of arrays, however: {reason}") from None


def array_source(
    title: str,
    images: Array,
    others: dict[str, Array],
    column: str,
    levels: tuple[float, ...] = (),
) -> "Source":
    """Return a source of pictures `(N, H, W)`, `(N, H, W, C)` or `(N, C, H, W)` and columns `(N,)`.

    Args:
        levels: the values of black and of white; () where they follow from the array.

    Raises:
        InputError: other shapes, or values that are no pixels.
    """
    import pyarrow as pa

    from ninefold.columns import Column, to_arrow
    from ninefold.datasets.tables.source import Source

    pictures = _pictures(title, images, column, levels)
    columns = {column: to_arrow(pixels.objects(pictures), "image")}
    columns |= columns_beside(title, others, len(images), "picture")
    format = f"{'grey' if pictures.shape[3] == 1 else 'rgb'} {max(pictures.shape[1:3])}"
    format = " ".join([format, *(f"{level:g}" for level in levels)])
    return Source.of_table(
        title, pa.table(columns), {column: Column(column, "image", format=format)}
    )


def _pictures(title: str, images: Array, column: str, levels: tuple[float, ...]) -> Array:
    """Return `(N, H, W, 1 or 3)` uint8; what is transparent becomes white."""
    if images.ndim == 4 and images.shape[3] not in CHANNELS and images.shape[1] in CHANNELS:
        images = np.moveaxis(images, 1, 3)
    depth = images.shape[3] if images.ndim == 4 else 1
    if images.ndim not in (3, 4) or 0 in images.shape or depth not in CHANNELS:
        raise InputError(
            f"{title}: array `{column}` must have the shape (N, H, W), (N, H, W, C) or "
            f"(N, C, H, W) with C one of 1, 3 and 4, however: {images.shape}"
        )
    whole = _whole(title, images, column, levels).reshape(*images.shape[:3], depth)
    return pixels.on_white(whole) if depth == 4 else whole


def _whole(title: str, images: Array, column: str, levels: tuple[float, ...]) -> Array:
    """Return pixels as uint8: whole numbers as they are, real ones from 0 to 1, and true and false,
    times 255; others from black to white, where `levels` say what these are.
    """
    if images.dtype.kind not in "uibf":
        raise InputError(f"{title}: array `{column}` must hold numbers, however: {images.dtype}")
    if images.dtype.kind == "b":
        return np.where(images, np.uint8(255), np.uint8(0))
    least, most = images.min(), images.max()
    if levels and images.dtype != np.uint8 and np.isfinite([least, most]).all():
        return pixels.between(images, *levels)
    if least >= 0 and most <= 255:
        factor = 255 if images.dtype.kind == "f" and most <= 1 else 1
        pixel = np.rint(images * factor) if images.dtype.kind == "f" else images
        return pixel.astype(np.uint8)
    raise InputError(
        f"{title}: array `{column}` must hold pixels from 0 to 255, or real numbers from 0 to 1, "
        f"however: {images.dtype} from {least:g} to {most:g}. Say which are black and white, such "
        "as `ingest: {black: 0, white: 65535}`"
    )
