"""What kind of source `ninefold init` was given: a table, a folder of images, arrays."""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ninefold.config import nearest, validate
from ninefold.errors import InputError
from ninefold.pixels import SUFFIXES
from ninefold.splitting.given import part_of

PROBE = 200
ARRAYS = ".npz"
FILES = ("image_folder", "image_table")
"""Kinds of sources that read image files."""
NAMED = ("image", "images", "picture", "pictures", "pixels")
"""Real numbers `(N, H, W)` under such a name are pictures."""
SHOWN = 3
BYTE, WHITES = 255, tuple(2**bits - 1 for bits in (10, 12, 14, 16))
"""White of 8 bits, and of those that cameras and scanners give beside."""


@dataclass(frozen=True)
class Found:
    """How the source is read: the keys of `ingest` beside its path, and the network that fits."""

    kind: str = "file"
    keys: Mapping[str, Any] = field(default_factory=dict)
    network: str = "mlp"
    settings: str = ""
    """Settings of that network, as params.yaml has them."""
    baselines: str = "{}"
    """What stands under `baselines`."""
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What its columns are, where cells alone do not say it: name -> kind and format."""
    pictures: Path | None = None
    """Folder of the image files that a table names, for dvc.yaml to watch."""


def look(data: Path, image_path: str | None, encoding: str | None) -> Found:
    """Tell what kind of source `data` is.

    Args:
        image_path: column of a table that names image files; by default the only one whose first
            cells all end as image files do.

    Raises:
        InputError: it cannot be read, or has no such column.
    """
    if data.is_dir():
        return Found("image_folder", {"parts": True} if _holds_parts(data) else {}, "cnn")
    if data.suffix.lower() == ARRAYS:
        return _arrays(data)
    content = {"kind": "file", "path": str(data)} | ({"encoding": encoding} if encoding else {})
    source = validate("ingest", content, source="init").open(Path.cwd())
    column = image_path
    if column is None:
        named = _columns_of_files(source)
        column = named[0] if len(named) == 1 else None
    elif column not in source.names:
        raise InputError(
            f"--image-path must name a column of {data.name}, however: {column!r}"
            f"{nearest(column, source.names)}"
        )
    if column is None:
        return Found()
    return Found(
        "image_table", {"image_path": column}, "cnn", pictures=_folder(source, column, data)
    )


def _holds_parts(folder: Path) -> bool:
    """Tell whether the subfolders are parts such as train and test, with classes below them."""
    own = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    found = {part_of(path.name) for path in own}
    return (
        "train" in found
        and len(found) > 1
        and None not in found
        and all(any(below.is_dir() for below in path.iterdir()) for path in own)
    )


def names(data: Path, encoding: str | None) -> tuple[str, ...]:
    """Return the columns of a table, or the arrays of an .npz file.

    Raises:
        InputError: it cannot be read.
    """
    if data.suffix.lower() == ARRAYS:
        return tuple(_stored(data))
    content = {"kind": "file", "path": str(data)} | ({"encoding": encoding} if encoding else {})
    return tuple(validate("ingest", content, source="init").open(Path.cwd()).names)


def unreadable(table: Any) -> tuple[str, ...]:
    """Say which image files of a table as read were left out, if any."""
    found = _notes(table).get("unreadable", {"count": 0})
    if not found["count"]:
        return ()
    shown = ", ".join(found["files"][:SHOWN]) + (", …" if found["count"] > SHOWN else "")
    return (f"image files that hold no whole image are left out ({found['count']}): {shown}",)


def unnamed(table: Any) -> tuple[str, ...]:
    """Say which columns of a table as read have no name in the file, if any."""
    names = _notes(table).get("unnamed", [])
    shown = ", ".join(f"`{name}`" for name in names[:SHOWN]) + ", …" * (len(names) > SHOWN)
    many = len(names) > 1
    said = f"{len(names)} columns have" if many else "one column has"
    are = "are" if many else "is"
    return (f"{said} no name in the header and {are} called {shown}",) if names else ()


def _notes(table: Any) -> dict[str, Any]:
    return dict(json.loads((table.schema.metadata or {}).get(b"notes", b"{}")))


def _stored(data: Path) -> dict[str, Any]:
    import numpy as np

    try:
        with np.load(data) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{data} must be an .npz file of arrays, however: {reason}") from None


def _arrays(data: Path) -> Found:
    arrays = _stored(data)
    pictures = [n for n, a in arrays.items() if a.ndim in (3, 4) and _are_pictures(n, a)]
    series = [n for n, a in arrays.items() if n not in pictures and _are_sequences(a)]
    if len(series) == 1 and not pictures:
        own = {} if series == ["X"] else {"sequence": series[0]}
        return Found("sequence_arrays", own, network="rnn")
    if len(pictures) != 1 or series:
        raise InputError(
            f"{data} must hold one array of pictures, (N, H, W, C) or whole (N, H, W) (real "
            "ones under the name `image`), or of sequences, real numbers (N, T) or (N, T, C), "
            "however: "
            f"{', '.join(f'`{name}` {a.dtype} {a.shape}' for name, a in arrays.items()) or 'none'}"
        )
    keys: dict[str, Any] = {} if pictures == ["image"] else {"image": pictures[0]}
    return Found("arrays", keys | _levels(arrays[pictures[0]]), network="cnn")


def _levels(pictures: Any) -> dict[str, float]:
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
    if array.ndim not in (2, 3) or array.shape[1] < 2:
        return False
    return array.dtype.kind == "f" or (array.dtype.kind in "ui" and int(array.max(initial=0)) > 1)


def _columns_of_files(source: Any) -> list[str]:
    batch = next(iter(source.batches()), None)
    found = []
    for position, name in enumerate(source.names if batch is not None else ()):
        assert batch is not None
        cells = [str(cell or "").strip() for cell in batch.column(position)[:PROBE].to_pylist()]
        present = [cell for cell in cells if cell]
        if present and all(cell.lower().endswith(SUFFIXES) for cell in present):
            found.append(name)
    return found


def _folder(source: Any, column: str, data: Path) -> Path | None:
    """Return the folder that holds all named files; None if it holds the table as well."""
    position = source.names.index(column)
    names = {str(n or "") for batch in source.batches() for n in batch.column(position).to_pylist()}
    home = data.resolve().parent
    folders = {os.path.normpath(home / Path(name).parent) for name in names if name}
    common = Path(os.path.commonpath(folders)) if folders else home
    return None if home == common or common in home.parents else common
