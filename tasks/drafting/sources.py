"""What kind of source `ninefold init` was given: a table, a folder of images, arrays."""

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ninefold.config import nearest, validate
from ninefold.datasets.image_folder import image_files
from ninefold.errors import InputError
from ninefold.pixels import SUFFIXES
from ninefold.problem import part_of
from tasks.drafting import arrays, pictures

PROBE = 200
FILES = ("image_folder", "image_table")
"""Kinds of sources that read image files."""
SHOWN = 3
FOLDER_LABEL = "label"
"""What the subfolder of an image is called as a column."""


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
    target: str = ""
    """The column to predict where nobody names one: the only one that can be."""
    notes: tuple[str, ...] = ()
    """What init says of how it is read."""


def look(
    data: Path, image_path: str | None, encoding: str | None, targets: Collection[str] = ()
) -> Found:
    """Tell what kind of source `data` is.

    Args:
        image_path: column of a table that names image files; by default the only one whose first
            cells all end as image files do, and one of these files is there.
        targets: what is to be predicted, where that was said.

    Raises:
        InputError: it cannot be read, or has no such column.
    """
    if data.is_dir():
        keys: dict[str, Any] = {"parts": True} if _holds_parts(data) else {}
        keys |= pictures.levels(image_files(data, str(data)))
        return Found("image_folder", keys, "cnn", target=FOLDER_LABEL)
    if data.suffix.lower() in arrays.SUFFIXES:
        return Found(**arrays.look(data, targets))
    content = {"kind": "file", "path": str(data)} | ({"encoding": encoding} if encoding else {})
    source = validate("ingest", content, source="init").open(Path.cwd())
    home, column = data.resolve().parent, image_path
    notes: tuple[str, ...] = ()
    if column is None:
        likely = _columns_of_files(source)
        there = [n for n, files in likely.items() if _is_any_there(files, home)]
        column = there[0] if len(there) == 1 else None
        notes = tuple(_absent(name, home) for name in likely if name not in there)
    elif column not in source.names:
        raise InputError(
            f"--image-path must name a column of {data.name}, however: {column!r}"
            f"{nearest(column, source.names)}"
        )
    if column is None:
        return Found(notes=notes)
    named = _named_files(source, column)
    keys = {"image_path": column} | pictures.levels([home / name for name in named])
    return Found("image_table", keys, "cnn", pictures=_folder(named, home), notes=notes)


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


def may_name_target(data: Path) -> bool:
    """Tell whether a source itself may say what is to be predicted: folders and arrays."""
    return data.is_dir() or data.suffix.lower() in arrays.SUFFIXES


def target(name: str, data: Path) -> str:
    """Return what a target is called once the arrays of all parts are joined: `y` for `y_train`."""
    return arrays.joined_name(name, data) if data.suffix.lower() == arrays.NPZ else name


def names(data: Path, encoding: str | None) -> tuple[str, ...]:
    """Return the columns of a table, or the arrays of an .npz file that can be targets.

    Raises:
        InputError: it cannot be read.
    """
    if data.suffix.lower() in arrays.SUFFIXES:
        return arrays.labels(data)
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


def _is_any_there(files: list[str], home: Path) -> bool:
    return any(os.path.exists(home / file) for file in files)  # noqa: PTH110 (no error for texts too long)


def _absent(name: str, home: Path) -> str:
    return (
        f"`{name}` names image files of which none is in {home}: its cells are read as text; "
        f"`--image-path {name}` would read the images"
    )


def _columns_of_files(source: Any) -> dict[str, list[str]]:
    """Return the columns whose first cells all end as image files do, with these cells."""
    batch = next(iter(source.batches()), None)
    found = {}
    for position, name in enumerate(source.names if batch is not None else ()):
        assert batch is not None
        cells = [str(cell or "").strip() for cell in batch.column(position)[:PROBE].to_pylist()]
        present = [cell for cell in cells if cell]
        if present and all(cell.lower().endswith(SUFFIXES) for cell in present):
            found[name] = present
    return found


def _named_files(source: Any, column: str) -> list[str]:
    """Return the image files that a table names, each once."""
    position = source.names.index(column)
    cells = [n for batch in source.batches() for n in batch.column(position).to_pylist()]
    return list(dict.fromkeys(str(name) for name in cells if name))


def _folder(names: list[str], home: Path) -> Path | None:
    """Return the folder that holds all named files; None if it is the table's, `home`, or above."""
    folders = {os.path.normpath(home / Path(name).parent) for name in names}
    common = Path(os.path.commonpath(folders)) if folders else home
    return None if home == common or common in home.parents else common
