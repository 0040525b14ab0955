"""What kind of source `ninefold init` was given: a table, a folder of images, arrays."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ninefold.config import nearest, validate
from ninefold.errors import InputError
from ninefold.pixels import SUFFIXES

PROBE = 200
ARRAYS = ".npz"
FILES = ("image_folder", "image_table")
"""Kinds of sources that read image files."""
NAMED = ("image", "images", "picture", "pictures", "pixels")
"""Real numbers `(N, H, W)` under such a name are pictures."""
SHOWN = 3


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
        return Found("image_folder", network="cnn")
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
    series = [n for n, a in arrays.items() if a.ndim in (2, 3) and a.dtype.kind == "f"]
    series = [name for name in series if name not in pictures]
    if len(series) == 1 and not pictures:
        keys = {} if series == ["X"] else {"sequence": series[0]}
        return Found("sequence_arrays", keys, network="rnn")
    if len(pictures) != 1 or series:
        raise InputError(
            f"{data} must hold one array of pictures, (N, H, W, C) or whole (N, H, W) (real "
            "ones under the name `image`), or of sequences, real numbers (N, T) or (N, T, C), "
            "however: "
            f"{', '.join(f'`{name}` {a.dtype} {a.shape}' for name, a in arrays.items()) or 'none'}"
        )
    return Found("arrays", {} if pictures == ["image"] else {"image": pictures[0]}, network="cnn")


def _are_pictures(name: str, array: Any) -> bool:
    """Tell pictures `(N, H, W)` or `(N, H, W, C)` from sequences `(N, T, C)`, which are real."""
    return array.dtype.kind != "f" or array.ndim == 4 or name.lower() in NAMED


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
