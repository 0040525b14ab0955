"""Mends what a killed process left: DVC rewrites dvc.lock and its lock file in place.

Cut off in the middle of a write, either makes every later DVC command fail. Run before each flow
and by `ninefold doctor`, always under DVC's own locks, so that a living process is never disturbed.
"""

import contextlib
import functools
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ninefold.errors import InputError
from ninefold.files import lease, replacing, sweep
from tasks import openings, parsing, pipelines
from tasks.repository import repository

HASH = re.compile(r"[0-9a-f]{32}(\.dir)?")
HASH_NAMES = ("md5", "md5-dos2unix")
DVC_TEMPORARY = re.compile(r"\.[\w-]{22}\.tmp")


@contextlib.contextmanager
def flow_lease(workspace: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Let one flow at a time work in a DVC repository; the kernel frees the lease on kill -9.

    Args:
        waiting: called once when another flow holds the lease.
    """
    with repository(workspace) as repo:
        path = Path(repo.tmp_dir) / "flow.lease"
    with lease(path, waiting):
        yield


def heal(workspace: Path) -> list[str]:
    """Mend DVC's lock file and dvc.lock; return a sentence for each thing that was mended.

    Temporary files beside outputs go without a word.

    A damaged dvc.lock is replaced by the last good copy, or removed: its stages then come back
    from the run-cache. The damaged file is kept in DVC's tmp folder.
    """
    with repository(workspace) as repo, repo.lock:
        for file in pipelines.present(workspace.resolve()):
            _sweep(file)
        places = [file.parent for file in pipelines.present(workspace.resolve())]
        return [
            *_heal_rwlock(repo),
            *(
                said
                for place in places
                for said in _heal_dvc_lock(place / "dvc.lock", _copy_place(repo, place))
            ),
            *openings.recover(repo, workspace.resolve()),
        ]


def settle(workspace: Path) -> None:
    """Sort dvc.lock as dvc.yaml is, so that parallel runs leave no diff, and keep a good copy.

    Where there is no room for it, it is left for the next run.
    """
    with contextlib.suppress(InputError):
        for file in pipelines.present(workspace):
            _settle(file.parent)


def _settle(workspace: Path) -> None:
    from dvc.utils.serialize import dumps_yaml

    folder = workspace.resolve()
    path = folder / "dvc.lock"
    with repository(workspace) as repo, repo.lock:
        if not path.is_file() or not is_good(path):
            return
        text = path.read_text(encoding="utf-8")
        content = parsing.parse(text, str(path))
        pipeline = folder / "dvc.yaml"
        declared = parsing.parse(pipeline.read_text(encoding="utf-8"), str(pipeline))
        order = {name: n for n, name in enumerate(declared.get("stages", {}))}
        stages = content.get("stages", {})
        names = sorted(
            stages, key=lambda name: (order.get(str(name).split("@")[0], len(order)), str(name))
        )
        if names != list(stages):
            content["stages"] = {name: stages[name] for name in names}
            text = dumps_yaml(content)
            _write(path, text)
        copy = _copy_place(repo, workspace)
        if not copy.is_file() or copy.read_text(encoding="utf-8") != text:
            _write(copy, text)


def is_good(path: Path) -> bool:
    """Tell whether DVC can read a dvc.lock and every hash in it is whole."""
    try:
        return _is_good(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


@functools.lru_cache(maxsize=8)
def _is_good(text: str) -> bool:
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from dvc.utils.serialize import ParseError
    from voluptuous import Invalid

    try:
        content = COMPILED_LOCKFILE_SCHEMA(parsing.parse(text, "dvc.lock"))
    except (ParseError, Invalid, ValueError, TypeError):
        return False
    entries = [
        entry
        for stage in content.get("stages", {}).values()
        for entry in [*stage.get("deps", []), *stage.get("outs", [])]
    ]
    return all(_is_whole(entry) for entry in entries)


def _is_whole(entry: dict[str, Any]) -> bool:
    """Tell whether an entry names its content: one that was cut off does not, or only in part."""
    if "md5" in entry:
        return entry.get("hash", "md5") in HASH_NAMES and bool(HASH.fullmatch(str(entry["md5"])))
    return bool(entry.keys() - {"path", "hash", "size", "nfiles", "isexec"})


def _sweep(file: Path) -> None:
    """Remove temporary files that killed processes left beside the outputs a file declares."""
    from dvc.utils.serialize import ParseError

    try:
        text = file.read_text(encoding="utf-8")
        stages = parsing.parse(text, str(file)).get("stages", {}).values()
        entries = [
            (file.parent / stage.get("wdir", "."), entry)
            for stage in stages
            for kind in ("outs", "metrics", "plots")
            for entry in stage.get(kind) or ()
        ]
    except (ParseError, OSError, ValueError, AttributeError, TypeError):
        return
    for folder, entry in entries:
        path = folder / str(next(iter(entry), "") if isinstance(entry, dict) else entry)
        sweep(path)
        for stale in path.parent.glob(".*.tmp"):
            if DVC_TEMPORARY.fullmatch(stale.name) and stale.is_file():
                stale.unlink(missing_ok=True)


def _heal_dvc_lock(path: Path, copy: Path) -> list[str]:
    if not path.exists() or is_good(path):
        return []
    copy.parent.mkdir(parents=True, exist_ok=True)
    path.replace(copy.with_suffix(".damaged"))
    if copy.is_file() and is_good(copy):
        _write(path, copy.read_text(encoding="utf-8"))
        return ["dvc.lock was damaged and is replaced by its last good copy"]
    return ["dvc.lock was damaged and is removed; outputs come back from the run-cache"]


def _copy_place(repo: Any, workspace: Path) -> Path:
    """Return where the last good dvc.lock of a workspace is kept."""
    name = os.path.relpath(workspace.resolve(), repo.root_dir)
    key = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return Path(repo.tmp_dir) / "ninefold" / f"{key}.lock"


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _heal_rwlock(repo: Any) -> list[str]:
    """Remove a damaged rwlock file, and entries of processes that are gone."""
    from dvc.lock import make_lock
    from dvc.rwlock import RWLOCK_FILE, RWLOCK_LOCK, SCHEMA
    from voluptuous import Invalid

    folder = Path(repo.tmp_dir)
    path = folder / RWLOCK_FILE
    hardlink = repo.config["core"].get("hardlink_lock", False)
    with make_lock(str(folder / RWLOCK_LOCK), tmp_dir=str(folder), hardlink_lock=hardlink):
        if not path.is_file():
            return []
        try:
            content = SCHEMA(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, Invalid):
            path.unlink()
            return ["DVC's lock file was damaged and is removed"]
        written = path.stat().st_mtime
        kept = {
            "read": {
                name: alive
                for name, holders in content["read"].items()
                if (alive := [holder for holder in holders if _holds(holder, written)])
            },
            "write": {
                name: holder for name, holder in content["write"].items() if _holds(holder, written)
            },
        }
        if kept == {"read": dict(content["read"]), "write": dict(content["write"])}:
            return []
        _write(path, json.dumps(kept))
        return ["locks of killed DVC processes are released"]


def _holds(holder: dict[str, Any], written: float) -> bool:
    """Tell whether the process behind a lock entry lives; its number may have been used again."""
    import psutil

    try:
        process = psutil.Process(int(holder["pid"]))
        return process.pid != os.getpid() and bool(process.create_time() <= written)
    except (psutil.NoSuchProcess, ValueError):
        return False
    except psutil.AccessDenied:
        return True
