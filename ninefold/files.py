"""Files that are whole or not there: written beside their place, then moved into it."""

import contextlib
import errno
import glob
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from ninefold.errors import InputError

ATTEMPTS = 20
HOLDER = re.compile(r"\..+\.[0-9]+\.\w+\.tmp")
REASONS = {
    errno.ENOSPC: "written: the disk is full; free some space and run again",
    errno.EDQUOT: "written: the disk quota is used up; free some space and run again",
    errno.EFBIG: "written: files may not grow that large here; raise the limit (ulimit -f)",
    errno.EACCES: "used: permission denied; choose a place you may read and write",
    errno.EPERM: "used: permission denied; choose a place you may read and write",
    errno.EROFS: "written: the file system is read-only; choose another folder",
}
_unfinished: set[Path] = set()
"""Temporary folders of writes under way in this process."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes the place of `path`.

    What is written there may be a file or a folder. On failure nothing is left behind; what a
    killed process left behind is swept away by the next one that writes the same path.

    Raises:
        InputError: the disk is full or the place cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        holder = Path(
            tempfile.mkdtemp(prefix=f".{path.name}.{os.getpid()}.", suffix=".tmp", dir=path.parent)
        )
    except OSError as error:
        reason = f"{path} cannot be written: {error.strerror}; choose another place"
        raise unwritable(path, error) or InputError(reason) from None
    _unfinished.add(holder)
    temporary = holder / path.name
    try:
        yield temporary
        _sync(temporary)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        temporary.replace(path)
    except OSError as error:
        if told := unwritable(path, error):
            raise told from error
        raise
    finally:
        shutil.rmtree(holder, ignore_errors=True)
        _unfinished.discard(holder)


@contextlib.contextmanager
def whole_or_gone(folder: Path) -> Iterator[None]:
    """Remove `folder`, which the body makes, if the body fails or the process is interrupted."""
    _unfinished.add(folder)
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        _unfinished.discard(folder)


def abandon() -> None:
    """Remove all this process has not finished writing; it must end right after.

    Other threads may still be writing, so a folder is removed until it is gone.
    """
    for holder in tuple(_unfinished):
        for _ in range(ATTEMPTS):
            shutil.rmtree(holder, ignore_errors=True)
            if not holder.exists():
                break


def sweep(path: Path) -> None:
    """Remove what processes that no longer live left beside `path` when they wrote it."""
    for stale in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        owner = stale.name.removeprefix(f".{path.name}.").split(".")[0]
        if owner.isdigit() and not _is_alive(int(owner)):
            shutil.rmtree(stale, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return not _is_zombie(process)


def _is_zombie(process: int) -> bool:
    """Tell whether a process has ended and its parent has not asked yet; known on Linux only."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[:1] in (["Z"], ["X"])


def unwritable(path: Path | str, error: OSError) -> InputError | None:
    """Return what a person can do about a full disk or a place that may not be written."""
    reason = REASONS.get(error.errno or 0)
    if reason is None:
        return None
    parts = Path(path).parts
    shown = Path(*(part for part in parts if not HOLDER.fullmatch(part)))
    return InputError(f"{shown} cannot be {reason}")


def _sync(path: Path) -> None:
    """Flush a file to the disk, so that a power cut cannot leave an empty one under its name."""
    if path.is_file():
        with path.open("rb") as file:
            os.fsync(file.fileno())


def write_json(path: Path, content: Any) -> None:
    """Write `content` as readable JSON; NaN and infinities become null, numpy scalars numbers."""
    with replacing(path) as temporary:
        text = json.dumps(jsonable(content), indent=2, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file this program wrote. Raises `InputError` when it is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} is missing: run `ninefold run` (or `dvc repro`) first") from None
    except ValueError as error:
        raise InputError(f"{path} must be JSON, however: {error}. Run again to remake it") from None


def numbers_csv(names: Sequence[str], rows: Iterable[Mapping[str, float]]) -> str:
    """Return rows of numbers as CSV, to nine digits."""
    lines = [",".join(f"{row[name]:.9g}" for name in names) for row in rows]
    return "\n".join([",".join(names), *lines]) + "\n"


def claim(file: IO[Any], refusal: str) -> None:
    """Lock an open file for this process alone; the kernel frees it when the process ends.

    Raises:
        InputError: another process has it; says `refusal`.
    """
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(refusal) from None


@contextlib.contextmanager
def lease(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock of a file, which is made if need be; the kernel frees it on kill -9.

    Args:
        waiting: called once when another process holds it, before this one waits.
    """
    import fcntl

    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let one process at a time write; where the system knows no such lock, go on without."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def jsonable(content: Any) -> Any:
    """Turn numpy scalars and arrays, tuples and dates into what JSON knows; NaN becomes None."""
    if isinstance(content, dict):
        return {str(key): jsonable(value) for key, value in content.items()}
    if isinstance(content, (list, tuple, set, frozenset)):
        return [jsonable(item) for item in content]
    if hasattr(content, "model_dump"):
        return jsonable(content.model_dump())
    if hasattr(content, "tolist"):
        return jsonable(content.tolist())
    if isinstance(content, float):
        return content if content - content == 0 else None
    if content is None or isinstance(content, (str, int, bool)):
        return content
    return str(content)
