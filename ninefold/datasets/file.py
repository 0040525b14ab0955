"""A file of yours: CSV, TSV or Parquet."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ninefold.datasets import DatasetSpec
from ninefold.errors import InputError, nearest

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source

PARQUET = (".parquet", ".pq")


class FileSpec(DatasetSpec):
    """A delimited text file (also .gz, .bz2, .zst, .zip) or a Parquet file."""

    kind: Literal["file"] = "file"
    path: str = Field(min_length=1)
    """The file, relative to the workspace."""
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    """Between the cells of a text file; default: found among comma, semicolon, tab and bar."""
    encoding: str | None = None
    """Of a text file; default: UTF-8 (or UTF-16 where a byte order mark says so)."""

    def open(self, workspace: Path) -> "Source":
        path = workspace / Path(self.path).expanduser()
        _check_readable(path, self.path)
        if path.suffix.lower() in PARQUET:
            from ninefold.datasets.tables.parquet import open_parquet

            return open_parquet(path)
        from ninefold.datasets.tables.delimited import open_delimited

        return open_delimited(path, self.delimiter, self.encoding)


def _check_readable(path: Path, shown: str) -> None:
    """Raise `InputError` unless `path` is a file that may be read and has content."""
    if path.is_dir():
        raise InputError(f"{shown} must be a file, however: it is a folder")
    if not path.exists():
        folder = path.parent
        if not folder.is_dir():
            raise InputError(f"{shown} is missing: there is no folder {folder.name}")
        files = sorted(item.name for item in folder.iterdir() if item.is_file())
        raise InputError(f"{shown} is missing{nearest(path.name, files)}")
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise InputError(f"{shown} must hold a header and rows, however: it is empty")
    except OSError as error:
        raise InputError(f"{shown} cannot be read: {error.strerror}") from None
