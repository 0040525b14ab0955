"""Pictures to score: a folder of image files, or files named in a column of a table."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ninefold import pixels
from ninefold.columns import Array, to_array
from ninefold.errors import InputError
from ninefold.scoring.sources import Source
from ninefold.signature import Input

FILE = "file"
"""Column of a folder's file names."""
ROWS = 64
"""Pictures read at once."""


class FolderSource(Source):
    """The image files under a folder, in order of their names, or one image file: a column of
    pictures and `file`.
    """

    def __init__(self, path: Path, column: str) -> None:
        from ninefold.datasets.image_folder import image_files

        super().__init__(path, list(dict.fromkeys([column, FILE])))
        if path.is_file():
            self._files = [path.name]
        else:
            found = image_files(path, str(path))
            self._files = [file.relative_to(path).as_posix() for file in found]

    def _read(self, columns: list[str], rows: int) -> Iterator[tuple[pa.RecordBatch, float]]:
        for start in range(0, len(self._files), rows):
            names = pa.array(self._files[start : start + rows], pa.string())
            share = min(1.0, (start + rows) / len(self._files))
            yield pa.RecordBatch.from_arrays([names] * len(columns), names=columns), share


class NamedFiles(Source):
    """A table whose column `paths` names image files, seen as the model's column of pictures."""

    def __init__(self, table: Source, column: str, paths: str) -> None:
        super().__init__(table.path, (*table.names, column))
        self._table, self._column, self._paths = table, column, paths

    def type_of(self, column: str) -> pa.DataType:
        return self._table.type_of(self._paths if column == self._column else column)

    def _read(self, columns: list[str], rows: int) -> Iterator[tuple[pa.RecordBatch, float]]:
        own = [name for name in columns if name != self._column]
        wanted = list(dict.fromkeys([*own, self._paths]))
        for batch, share in self._table.batches(wanted, rows):
            arrays = [
                batch.column(self._paths if name == self._column else name) for name in columns
            ]
            yield pa.RecordBatch.from_arrays(arrays, names=columns), share


def is_picture(path: Path) -> bool:
    """Tell whether a path is that of an image file."""
    return path.suffix.lower() in pixels.SUFFIXES and path.is_file()


def with_pictures(source: Source, inputs: Sequence[Input], given: str | None) -> Source:
    """Return the source with a column for the model's pictures, if it takes any.

    Args:
        given: the column that holds the paths, if the user named it; by default it bears the name
            of the model's input, or it is the only one whose cells end as image files do.

    Raises:
        InputError: no column of paths, or several.
    """
    wanted = [item.name for item in inputs if item.kind == "image"]
    if given is not None and (len(wanted) != 1 or given not in source.names):
        why = "the file has no such column" if wanted else "the model takes no pictures"
        raise InputError(f"--image-path must name the column of image files, however: {why}")
    if not wanted or isinstance(source, FolderSource):
        return source
    if given is not None:
        return NamedFiles(source, wanted[0], given)
    if all(name in source.names for name in wanted):
        return source
    found = [name for name in source.names if _names_files(source, name)]
    if len(found) != 1 or len(wanted) != 1:
        raise InputError(
            f"{source.path} must name the image files in a column `{wanted[0]}`, however: "
            f"{f'{found} could be meant' if found else 'no column does'}. Say which with "
            "--image-path"
        )
    return NamedFiles(source, wanted[0], found[0])


def _names_files(source: Source, name: str) -> bool:
    """Tell whether the first cells of a column end as image files do."""
    for batch, _ in source.batches([name], ROWS):
        cells = batch.column(0)
        if not pa.types.is_string(cells.type) and not pa.types.is_large_string(cells.type):
            return False
        present = [text for text in cells.drop_null().to_pylist() if text.strip()]
        return bool(present) and all(t.lower().endswith(pixels.SUFFIXES) for t in present)
    return False


def read_cells(values: pa.Array, item: Input, folder: Path) -> tuple[Array, dict[int, str]]:
    """Return pictures `(N,)` from paths relative to `folder`, or from pixels as Ninefold stores
    them; for each row without one, what is wrong.
    """
    depth = pixels.channels(item.format)
    if pa.types.is_struct(values.type):
        return pixels.objects(pixels.convert(p, depth) for p in to_array(values, "image")), {}
    errors: dict[int, str] = {}
    found = []
    for row, name in enumerate(pc.fill_null(values.cast(pa.string()), "").to_pylist()):
        picture, why = _read(folder, name.strip(), item.format)
        if picture is None:
            errors[row] = f"column `{item.name}` must name a whole image, however: {name!r}: {why}"
            picture = pixels.blank(depth)
        found.append(picture)
    return pixels.objects(found), errors


def _read(folder: Path, name: str, format: str | None) -> tuple[Array | None, str]:
    if not name:
        return None, "there is no name"
    try:
        return pixels.decode((folder / name).read_bytes(), format), ""
    except OSError as error:
        return None, error.strerror or "it cannot be read"
    except ValueError as error:
        return None, str(error)
