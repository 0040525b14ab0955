"""The study on disk: one line per event, written by one process, readable after kill -9."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ninefold.files import claim, unwritable

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage

NAME = "tune"
Direction = Literal["minimize", "maximize"]


def key(content: Mapping[str, Any], files: Sequence[Path]) -> str:
    """Return what names a study: it changes with the settings and with what is in the files."""
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode())
    for path in files:
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def opened(path: Path, directions: "Sequence[Direction]") -> "Iterator[Study]":
    """Yield the study kept at `path`, for this process alone; a new one where there is none.

    Raises:
        InputError: another process tunes the same, or the place cannot be written.
    """
    import optuna

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lease = path.with_suffix(".lease").open("a")
    except OSError as error:
        if told := unwritable(path, error):
            raise told from None
        raise
    with lease:
        claim(
            lease,
            f"{path} must belong to one process, however: another one tunes here. Wait for it, "
            "or end it",
        )
        _mend(path)
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with _named(path):
            yield optuna.create_study(
                storage=_storage(path), study_name=NAME, directions=directions, load_if_exists=True
            )


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say `path` where a write fails, whose error names no file."""
    try:
        yield
    except OSError as error:
        if error.filename is None and (told := unwritable(path, error)):
            raise told from None
        raise


def _storage(path: Path) -> "BaseStorage":
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    return JournalStorage(JournalFileBackend(str(path), JournalFileOpenLock(str(path))))


def _mend(path: Path) -> None:
    """Undo what a kill in the middle of a write leaves: half a line, and Optuna's own lock."""
    path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
    if not path.is_file():
        return
    with path.open("rb+") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)
            os.fsync(file.fileno())
