"""The files that a job scores: named ones, and those inside folders."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ninefold.datasets.tables.delimited import plain_suffix
from ninefold.errors import InputError
from ninefold.scoring.sources import PARQUET, TEXT

KINDS = (*TEXT, *PARQUET)
Stamp = list[tuple[str, int, int]]


class NoSourceError(InputError):
    """The folders hold no file to read, or not yet."""


@dataclass(frozen=True)
class Item:
    """One source: what it is called in the output, and where it lies."""

    name: str
    path: Path

    def files(self) -> list[Path]:
        """Return the files it consists of: several for a folder of pictures."""
        if self.path.is_file():
            return [self.path]
        return sorted(path for path in self.path.rglob("*") if path.is_file())

    @property
    def size(self) -> int:
        """Bytes, at least one."""
        return max(1, sum(path.stat().st_size for path in self.files()))

    def stamp(self) -> Stamp:
        """Return what changes when somebody writes the source, without reading it."""
        found = [(path, path.stat()) for path in self.files()]
        return [(path.as_posix(), stat.st_mtime_ns, stat.st_size) for path, stat in found]

    def sha256(self) -> str:
        """Return the hash of the source's content, and of the names inside a folder."""
        digest = hashlib.sha256()
        for path in self.files():
            if path != self.path:
                digest.update(path.relative_to(self.path).as_posix().encode() + b"\0")
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()


def expand(
    inputs: Sequence[Path], takes_pictures: bool, kinds: tuple[str, ...] = KINDS
) -> list[Item]:
    """Return the sources in order; a folder stands for the files inside it that end in one of
    `kinds`, sorted by name.

    Files and folders whose name begins with a dot are passed over, and folders without a source
    where another one has some. Where the model takes pictures, a folder without such files is one
    source.

    Raises:
        InputError: a missing path.
        NoSourceError: there is no source at all.
    """
    found: list[Item] = []
    for path in inputs:
        if path.is_dir():
            found += _inside(path, takes_pictures, kinds)
        elif path.is_file():
            found.append(Item(path.name, path))
        else:
            raise InputError(f"INPUT must be a file or a folder, however: {path} is missing")
    if not found:
        raise NoSourceError(
            f"INPUT must hold files that end in one of {', '.join(kinds)}, however: "
            f"{', '.join(map(str, inputs))} has none"
        )
    return found


def _inside(folder: Path, takes_pictures: bool, kinds: tuple[str, ...]) -> list[Item]:
    found = sorted(path for path in folder.rglob("*") if _is_source(path, folder, kinds))
    if found:
        return [Item(path.relative_to(folder).as_posix(), path) for path in found]
    return [Item(folder.resolve().name, folder)] if takes_pictures else []


def _is_source(path: Path, folder: Path, kinds: tuple[str, ...]) -> bool:
    inside = path.relative_to(folder)
    is_hidden = any(part.startswith(".") for part in inside.parts)
    return not is_hidden and plain_suffix(path) in kinds and path.is_file()
