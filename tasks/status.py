"""Looks at all stages at once: what is as dvc.lock says it is, and what is not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ninefold.errors import NinefoldError
from tasks import pipelines
from tasks.engine import StageInfo, graph
from tasks.repository import BusyError, readable, repository


def outdated(workspace: Path) -> list[str]:
    """Return the stages of dvc.yaml whose deps, params or outputs are not as dvc.lock says."""
    stages = {name: stage for name, stage in graph(workspace).items() if not stage.is_optional}
    with repository(workspace) as repo, readable(workspace, None):
        from dvc.repo import lock_repo

        path = str(workspace.resolve() / "dvc.yaml")
        with lock_repo(repo):
            loaded = {name: repo.stage.load_one(path, name) for name in stages}
            return [name for name, stage in loaded.items() if stage.status()]


def unchanged(workspace: Path, stages: dict[str, StageInfo], names: Sequence[str]) -> set[str]:
    """Return which of `names`, in order, are as dvc.lock says, with all that is upstream of them.

    One look at all of them, where `run_stage` reads dvc.yaml and dvc.lock anew for each; none where
    that fails, so that `run_stage` says why.
    """
    try:
        with repository(workspace) as repo, readable(workspace, None):
            return _unchanged(repo, workspace, stages, names)
    except (NinefoldError, BusyError):
        return set()


def _unchanged(
    repo: Any, workspace: Path, stages: dict[str, StageInfo], names: Sequence[str]
) -> set[str]:
    from dvc.repo import lock_repo

    found: set[str] = set()
    with lock_repo(repo):
        own = pipelines.stages(repo, workspace)
        for name in names:
            if found >= {*stages[name].upstream} and not own[name].changed():
                found.add(name)
    return found
