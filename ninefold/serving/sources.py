"""Where a served model comes from: a file, or what a registry names as being in production."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ninefold import production
from ninefold.errors import InputError
from ninefold.serving.model import Model, read_model

REPORTS = "reports"
Stamp = tuple[int, ...]


class Source(Protocol):
    """A place that is looked at again and again."""

    def stamp(self) -> Stamp | None:
        """Return what changes when the model does; None while there is nothing."""

    def model(self, name: str | None = None) -> Model:
        """Load what is there now. Raises `InputError`."""

    @property
    def reports(self) -> Path:
        """The workspace's folder of reports, whether it is there or not."""


@dataclass(frozen=True)
class File:
    """A model file; with `sha256` only that content."""

    path: Path
    sha256: str | None = None

    def stamp(self) -> Stamp | None:
        return _stamp(self.path)

    def model(self, name: str | None = None) -> Model:
        return read_model(self.path, name, self.sha256)

    @property
    def reports(self) -> Path:
        return self.path.resolve().parent.parent / REPORTS


@dataclass(frozen=True)
class Production:
    """A registry, whose pointer names the model by its hash."""

    folder: Path

    def stamp(self) -> Stamp | None:
        """Of the pointer and what it points to: one may be copied before the other."""
        pointer = _stamp(self.folder / production.POINTER)
        if pointer is None:
            return None
        try:
            sha256 = production.named(self.folder)
            return pointer + (_stamp(production.place(self.folder, sha256)) or ())
        except InputError:
            return pointer

    def model(self, name: str | None = None) -> Model:
        sha256 = production.named(self.folder)
        return read_model(production.held(self.folder, sha256), name, sha256)

    @property
    def reports(self) -> Path:
        return self.folder.resolve().parent / REPORTS


def report_on(reports: Path, sha256: str) -> Path | None:
    """Return the report on a model from a folder of reports, None where it is on another one."""
    report = reports / "report.html"
    try:
        receipt = json.loads((reports / "receipt.json").read_bytes())
        is_own = receipt["sha256"] == sha256 and report.is_file()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return report if is_own else None


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
