"""Which files were judged by which model, so that a schedule looks at each of them once."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from ninefold.errors import InputError
from ninefold.files import read_json, write_json
from ninefold.scoring.inputs import Item


class NothingNewError(InputError):
    """All files were judged before, by the model of that version."""

    def __init__(self, message: str, version: str) -> None:
        super().__init__(message)
        self.version = version


class Judged:
    """Files that earlier runs judged, kept at `path`; one that was written again is another."""

    def __init__(self, path: Path) -> None:
        content = read_json(path) if path.is_file() else {"model": "", "files": []}
        self._path, self._model = path, content["model"]
        self._files = {_hashable(stamp) for stamp in content["files"]}

    def has(self, item: Item, sha256: str) -> bool:
        """Tell whether the model judged a source as it is now."""
        return sha256 == self._model and _hashable(item.stamp()) in self._files

    def keep(self, items: Sequence[Item], sha256: str) -> None:
        """Have the sources on the disk as judged by the model, instead of those before."""
        write_json(self._path, {"model": sha256, "files": [item.stamp() for item in items]})


def _hashable(stamp: Iterable[Iterable[str | int]]) -> tuple[tuple[str | int, ...], ...]:
    return tuple(map(tuple, stamp))
