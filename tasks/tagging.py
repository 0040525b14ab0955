"""Git tags that say which version is in production, in GTO's form, which DVC reads.

A promoted version is tagged `model@v0.0.3`, the one in production `model#production#7`. A tag
points at a commit of its own, a child of HEAD that holds dvc.yaml, dvc.lock, params.yaml and the
registry as they were (`tasks.artifact`); branch and index stay as they are. `dvc artifacts get .
model --stage production` fetches the file; `git show
'model#production#7:registry/production.json'` says what it is.
"""

import configparser
import contextlib
import glob
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ninefold.errors import ConfigError
from ninefold.promotion.registry import Registry
from tasks import artifact
from tasks.repository import one_line

STAGE = "production"
WITH_GIT = "`dvc config --unset core.no_scm`, then commit .dvc/config"
LOCKED_S = 2.0
"""Git holds the lock of a tag for milliseconds: one that is older was left by a kill."""
NOBODY = {"NAME": "ninefold", "EMAIL": "ninefold@localhost"}


def tag(workspace: Path, registry: Registry, content: bytes) -> list[str]:
    """Tag what is in production, unless that is done; return what a person is told.

    Production has moved by then, so whatever Git refuses is told and holds up nothing.

    Args:
        workspace: where dvc.yaml stands.
        registry: says what is in production.
        content: the bytes of that model.
    """
    try:
        return _tag(workspace, registry, content)
    except Exception as error:
        told = f"no tag: {one_line(error)}; the next `ninefold promote` tries again"
        return [told + _stale(workspace)]


def tagged(workspace: Path, name: str) -> str | None:
    """Return the SHA-256 that a tag stands for, named as `v0.0.3` or in full; None: no such tag."""
    prefix = _git(workspace, "rev-parse", "--show-prefix", check=False)
    if prefix is None:
        return None
    for tag in (name, f"{_in_tag(_artifact(prefix))}@{name}"):
        found = _git(workspace, "for-each-ref", "--format=%(contents:subject)", f"refs/tags/{tag}")
        if found:
            return found
    return None


def _stale(workspace: Path) -> str:
    """Say which tag Git goes on taking for production, if there is one."""
    with contextlib.suppress(Exception):
        prefix = _git(workspace, "rev-parse", "--show-prefix")
        if newest := _newest(workspace, _artifact(str(prefix))):
            return f". For Git, in production is still what {newest} names"
    return ""


def _artifact(prefix: str) -> str:
    """Return the artifact's name in GTO's tongue for a workspace at `prefix` in its repository."""
    folder = prefix.rstrip("/")
    return f"{folder}:{artifact.ARTIFACT}" if folder else artifact.ARTIFACT


def _tag(workspace: Path, registry: Registry, content: bytes) -> list[str]:
    entry = registry.production()
    assert entry is not None
    prefix = _git(workspace, "rev-parse", "--show-prefix", check=False)
    head = _git(workspace, "rev-parse", "--verify", "-q", "HEAD", check=False)
    if prefix is None or not head:
        return ["no tag: this is no Git repository with a commit"]
    name = _artifact(prefix)
    _unlock(workspace, name)
    root = str(_git(workspace, "rev-parse", "--show-toplevel"))
    version = _tags(workspace, f"{_in_tag(name)}@v*").get(entry.sha256)
    author = {} if _git(workspace, "config", "user.email", check=False) else _author()
    if version is None:
        from gto import api

        message = f"Version {entry.version} in production"
        commit = _snapshot(workspace, prefix, str(head), content, message)
        made = api.register(root, name, commit, message=entry.sha256, **author)
        version = str(made.tag)
    commit = str(_git(workspace, "rev-list", "-1", version))
    newest = _newest(workspace, name)
    if newest is None or _git(workspace, "rev-list", "-1", newest) != commit:
        from gto import api

        made = api.assign(
            root, name, STAGE, ref=commit, force=True, skip_registration=True,
            message=entry.sha256, **author,
        )  # fmt: skip
        newest = str(made.tag)
    told = [f"tags {version} and {newest}"]
    if is_without_git(workspace):
        told.append(f"DVC was set up before Git and cannot read them: {WITH_GIT}")
    return told


def _unlock(workspace: Path, name: str) -> None:
    """Remove the locks of our tags that a process left which was killed while it wrote one."""
    folder = workspace / str(_git(workspace, "rev-parse", "--git-path", "refs/tags"))

    def locks() -> set[tuple[Path, int]]:
        found = set()
        for path in folder.glob(f"{glob.escape(_in_tag(name))}[@#]*.lock"):
            with contextlib.suppress(FileNotFoundError):
                found.add((path, path.stat().st_mtime_ns))
        return found

    if held := locks():
        time.sleep(LOCKED_S)
        for path, _ in held & locks():
            path.unlink(missing_ok=True)


def is_without_git(workspace: Path) -> bool:
    """Tell whether DVC was told that there is no Git, as where `git init` came after it."""
    config = configparser.ConfigParser()
    config.read(workspace / ".dvc" / "config", encoding="utf-8")
    return config.getboolean("core", "no_scm", fallback=False)


def _snapshot(workspace: Path, prefix: str, head: str, content: bytes, message: str) -> str:
    """Make a commit of the workspace's small files on top of HEAD, and return its hash."""
    with tempfile.TemporaryDirectory(prefix="ninefold-index-") as folder:
        own, blob = {"GIT_INDEX_FILE": str(Path(folder) / "index")}, Path(folder) / "blob"
        _git(workspace, "read-tree", head, more=own)
        for name, held in artifact.files(workspace, content).items():
            blob.write_bytes(held)
            written = _git(workspace, "hash-object", "-w", "--no-filters", "--", str(blob))
            entry = f"100644,{written},{prefix}{name}"
            _git(workspace, "update-index", "--add", "--cacheinfo", entry, more=own)
        tree = str(_git(workspace, "write-tree", more=own))
    who = {}
    if not _git(workspace, "config", "user.email", check=False):
        who = {f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in NOBODY.items()}
    return str(_git(workspace, "commit-tree", tree, "-p", head, "-m", message, more=who))


def _tags(workspace: Path, pattern: str) -> dict[str, str]:
    """Return the first line of each tag's message -> its name."""
    listed = _git(
        workspace, "tag", "--list", pattern, "--format=%(contents:subject) %(refname:short)"
    )
    return dict(line.split(" ", 1) for line in (listed or "").splitlines() if " " in line)


def _newest(workspace: Path, name: str) -> str | None:
    """Return the last tag that put a version in production."""
    listed = _git(workspace, "tag", "--list", f"{_in_tag(name)}#{STAGE}#*") or ""
    numbered = [line for line in listed.splitlines() if line.rpartition("#")[2].isdigit()]
    return max(numbered, key=lambda line: int(line.rpartition("#")[2]), default=None)


def _in_tag(name: str) -> str:
    from gto.constants import name_to_tag

    return str(name_to_tag(name))  # type: ignore[no-untyped-call]


def _author() -> dict[str, Any]:
    return {"author": NOBODY["NAME"], "author_email": NOBODY["EMAIL"]}


def _git(
    workspace: Path, *arguments: str, check: bool = True, more: Mapping[str, str] | None = None
) -> str | None:
    """Run git and return what it printed; None if it failed and need not succeed."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=workspace,
        env={**os.environ, **(more or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        if check:
            raise ConfigError(f"git {arguments[0]} must succeed, however: {done.stderr.strip()}")
        return None
    return done.stdout.strip()
