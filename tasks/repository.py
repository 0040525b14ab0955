"""Opens DVC's repository of a workspace, and words what DVC has to say."""

import contextlib
import functools
import getpass
import hashlib
import importlib
import logging
import os
import re
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ninefold.config import invalid_yaml
from ninefold.errors import ConfigError, InputError, NinefoldError
from ninefold.files import unwritable
from tasks import parsing
from tasks.executors import StageError

HOLDER = re.compile(r"(?=\(PID \d+\): )")
_first_in_process: dict[str, threading.RLock] = {}


@contextlib.contextmanager
def repository(workspace: Path) -> Iterator[Any]:
    """Yield a DVC `Repo` of this thread's own, with a mutex in front of DVC's lock.

    Raises:
        ConfigError: the workspace has no dvc.yaml or is not under DVC.
        InputError: the body found the disk full or read-only, or DVC's state unusable.
    """
    folder = workspace.resolve()
    if not (folder / "dvc.yaml").is_file():
        raise ConfigError(
            f"dvc.yaml must stand in the workspace, however: {folder / 'dvc.yaml'} is missing. "
            "Make one with `ninefold init DATA --target COLUMN`, or name the folder with -C"
        )
    with _readable_disk(folder):
        repo = _open(folder)
        try:
            yield repo
        finally:
            repo.close()


def keep(workspace: Path, content: bytes) -> str:
    """Put bytes into DVC's cache, as `dvc add` does with a file, and return their MD5.

    Raises:
        ConfigError: the workspace is not under DVC.
    """
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    with repository(workspace) as repo, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / md5
        path.write_bytes(content)
        repo.cache.local.add(str(path), repo.fs, md5)
    return md5


def _open(folder: Path) -> Any:
    Repo, NotDvcRepoError, SCMError, DvcException = _dvc()
    try:
        repo = Repo(str(folder), _wait_for_lock=True)
    except NotDvcRepoError:
        raise ConfigError(
            f"{folder} is not under DVC yet: run `dvc init` there "
            "(`dvc init --no-scm` without Git, `dvc init --subdir` below a Git root)"
        ) from None
    except SCMError as error:
        raise ConfigError(
            f"{folder} must be in a Git repository, as its .dvc/config says, however: "
            f"{one_line(error)}. Run `git init` there, or `dvc config core.no_scm true` "
            "to do without Git"
        ) from None
    except DvcException as error:
        raise ConfigError(
            f"{folder / '.dvc' / 'config'} must be DVC's configuration, however: "
            f"{one_line(error)}. Correct it, or take it from Git"
        ) from None
    mutex = _first_in_process.setdefault(repo.root_dir, threading.RLock())
    repo.lock._friendly = False
    repo.lock = _ThreadFirst(repo.lock, mutex)
    repo.stage_cache._create_stage = functools.partial(_stage_of_run, repo)
    return repo


@contextlib.contextmanager
def _readable_disk(folder: Path) -> Iterator[None]:
    """Turn what a full or read-only disk raises into one line a person can act on."""
    try:
        yield
    except OSError as error:
        if told := unwritable(error.filename or folder, error):
            raise told from None
        raise
    except sqlite3.OperationalError as error:
        raise InputError(
            f"DVC's state, of {folder}, cannot be written: {error}. Free some space and run again, "
            "or keep it elsewhere: `dvc config core.site_cache_dir DIR`"
        ) from None


def _dvc() -> tuple[Any, Any, Any, Any]:
    """Import DVC quietly; its import resets the level of its own log."""
    _name_user()
    repo = importlib.import_module("dvc.repo")
    logging.getLogger("dvc").setLevel(logging.ERROR)
    parsing.remember()
    exceptions = importlib.import_module("dvc.exceptions")
    scm = importlib.import_module("dvc.scm")
    return repo.Repo, exceptions.NotDvcRepoError, scm.SCMError, exceptions.DvcException


def _name_user() -> None:
    """Name a user whom the system does not know (`docker run --user`): DVC asks for the name."""
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ["USER"] = str(os.getuid())


def _stage_of_run(repo: Any, cache: Any, wdir: str | None = None) -> Any:
    """Make the stage of a run-cache entry, as DVC does, but from any current folder."""
    from dvc.stage import PipelineStage, create_stage
    from dvc.stage.loader import StageLoader

    stage = create_stage(
        PipelineStage,
        repo=repo,
        path=str(Path(repo.root_dir) / "dvc.yaml"),
        cmd=cache["cmd"],
        wdir=wdir,
        outs=[out["path"] for out in cache["outs"]],
    )
    StageLoader.fill_from_lock(stage, cache)
    return stage


class _ThreadFirst:
    """DVC's repo lock, which polls twice a second, behind a mutex that wakes at once."""

    def __init__(self, lock: Any, mutex: threading.RLock) -> None:
        self._lock, self._mutex = lock, mutex

    def lock(self) -> None:
        self._mutex.acquire()
        try:
            self._lock.lock()
        except BaseException:
            self._mutex.release()
            raise

    def unlock(self) -> None:
        try:
            self._lock.unlock()
        finally:
            self._mutex.release()

    @property
    def is_locked(self) -> bool:
        return bool(self._lock.is_locked)

    def __enter__(self) -> "_ThreadFirst":
        self.lock()
        return self

    def __exit__(self, *_: object) -> None:
        self.unlock()


class BusyError(Exception):
    """Another DVC process holds what a stage needs."""


@contextlib.contextmanager
def readable(workspace: Path, stage: str | None) -> Iterator[None]:
    """Turn DVC's errors into one line a person can act on."""
    from dvc.exceptions import DvcException
    from dvc.lock import LockError

    place = f"stage `{stage}`" if stage else "dvc.yaml"
    try:
        yield
    except (NinefoldError, BusyError):
        raise
    except LockError as error:
        raise BusyError(_holders(one_line(error))) from None
    except DvcException as error:
        raise _worded(error, place, workspace) from None


def _holders(text: str) -> str:
    """Return what DVC says of a lock, each process that holds it once and without its advice."""
    said, *holders = HOLDER.split(text.partition(" If there are no processes")[0])
    return said + ", ".join(dict.fromkeys(holder.strip() for holder in holders))


def _worded(error: Exception, place: str, workspace: Path) -> NinefoldError:
    from dvc.dependency.base import DependencyDoesNotExistError
    from dvc.dependency.param import BadParamFileError, MissingParamsError
    from dvc.output import OutputDoesNotExistError
    from dvc.utils.serialize import YAMLFileCorruptedError

    text = one_line(error)
    if isinstance(error, DependencyDoesNotExistError):
        return InputError(f"{place} needs a file that is missing: {text}")
    if isinstance(error, OutputDoesNotExistError):
        return StageError(f"{place} did not write what dvc.yaml declares: {text}")
    if isinstance(error, (MissingParamsError, BadParamFileError)):
        return ConfigError(f"params.yaml: {text}")
    if isinstance(error, YAMLFileCorruptedError):
        path = workspace / Path(error.path).name
        content = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        return invalid_yaml(path.name, error.__cause__ or error, content)
    return ConfigError(f"{place}: {text}")


def one_line(error: BaseException) -> str:
    """Return what an error and its causes say, as one line."""
    parts: list[str] = []
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen and len(parts) < 3:
        seen.add(id(link))
        text = " ".join(str(link).split())
        if text and not any(text in part for part in parts):
            parts.append(text)
        link = link.__cause__
    return ": ".join(parts) or type(error).__name__
