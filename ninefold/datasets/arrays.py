"""Arrays of pictures in one NumPy file."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from ninefold import pixels
from ninefold.columns import Array
from ninefold.datasets import DatasetSpec
from ninefold.errors import InputError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

    from ninefold.datasets.tables.source import Source


class ArraysSpec(DatasetSpec):
    """An .npz file with `(N, H, W)` or `(N, H, W, C)` pixels 0 … 255, or real ones 0 … 1; arrays
    `(N,)` beside them become columns, under their names.
    """

    kind: Literal["arrays"] = "arrays"
    path: str = Field(min_length=1)
    """The file, relative to the workspace."""
    image: str = "image"
    """Name of the array that holds the pictures; it becomes the column of that name."""

    def open(self, workspace: Path) -> "Source":
        images, others = read_named(workspace, self.path, self.image, "image")
        return array_source(self.path, images, others, self.image)


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
    import pyarrow as pa

    for name, values in others.items():
        if values.shape != (count,):
            raise InputError(
                f"{title}: array `{name}` must have the shape ({count},), one value per "
                f"{cell}, however: {values.shape}. Leave it out of the file"
            )
    return {name: pa.array(values.tolist()) for name, values in others.items()}


def read_arrays(path: Path, shown: str) -> dict[str, Array]:
    """Return the arrays of an .npz file by name. Raises `InputError`."""
    try:
        with np.load(path) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, AttributeError) as error:
        reason = "it is missing" if not path.exists() else " ".join(str(error).split())
        raise InputError(f"{shown} must be an .npz file of arrays, however: {reason}") from None


def array_source(title: str, images: Array, others: dict[str, Array], column: str) -> "Source":
    """Return a source of pictures `(N, H, W)` or `(N, H, W, C)` and columns `(N,)`.

    Raises:
        InputError: other shapes, or values that are no pixels.
    """
    import pyarrow as pa

    from ninefold.columns import Column, to_arrow
    from ninefold.datasets.tables.source import Source

    pictures = _pictures(title, images, column)
    columns = {column: to_arrow(pixels.objects(pictures), "image")}
    columns |= columns_beside(title, others, len(images), "picture")
    format = f"{'grey' if pictures.shape[3] == 1 else 'rgb'} {max(pictures.shape[1:3])}"
    return Source.of_table(
        title, pa.table(columns), {column: Column(column, "image", format=format)}
    )


def _pictures(title: str, images: Array, column: str) -> Array:
    """Return `(N, H, W, 1 or 3)` uint8; what is transparent becomes white."""
    if images.ndim not in (3, 4) or 0 in images.shape or images.shape[3:] not in ((), (1,), (3,)):
        raise InputError(
            f"{title}: array `{column}` must have the shape (N, H, W), (N, H, W, 1) or "
            f"(N, H, W, 3), however: {images.shape}"
        )
    whole = _whole(title, images, column)
    return whole if whole.ndim == 4 else whole[..., None]


def _whole(title: str, images: Array, column: str) -> Array:
    """Return pixels as uint8: whole numbers as they are, real ones from 0 to 1 times 255."""
    if images.dtype.kind not in "uibf":
        raise InputError(f"{title}: array `{column}` must hold numbers, however: {images.dtype}")
    least, most = images.min(), images.max()
    if least >= 0 and most <= 255:
        factor = 255 if images.dtype.kind == "f" and most <= 1 else 1
        pixel = np.rint(images * factor) if images.dtype.kind == "f" else images
        return pixel.astype(np.uint8)
    raise InputError(
        f"{title}: array `{column}` must hold pixels from 0 to 255, or real numbers from 0 to 1, "
        f"however: {images.dtype} from {least:g} to {most:g}. Scale it: with LOW the value of "
        "black and HIGH that of white, save ((a - LOW) / (HIGH - LOW)).clip(0, 1)"
    )
