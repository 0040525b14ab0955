"""Runs stages through DVC, which alone decides what is unchanged, restored or to be executed.

With `tasks.repository`, `tasks.remote` and `tasks.healing` all that touches DVC's undocumented
surface; DVC is pinned to one minor version and `tests/tasks/test_engine_contract.py` fails when it
moves.
`dvc repro` and this engine share dvc.yaml, dvc.lock, cache and run-cache: each sees the other's
work as its own.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ninefold.config import load_params, nearest
from ninefold.errors import ConfigError, InputError
from tasks import executors, healing, pipelines
from tasks.repository import BusyError, readable, repository

Happened = Literal["unchanged", "restored", "executed"]
"""What became of a stage: nothing to do, outputs taken from the cache, or its command ran."""
Report = Callable[[str, Happened, float], None]
POLL_S = 0.5
STARTED = time.time()
log = logging.getLogger("ninefold.engine")
_run = threading.local()


@dataclass(frozen=True)
class StageInfo:
    """One stage of dvc.yaml, as much of it as an orchestrator needs."""

    name: str
    description: str
    command: str
    upstream: tuple[str, ...]
    """Stages of the same dvc.yaml whose outputs this one reads."""
    outs: tuple[Path, ...]
    """Outputs, metrics and plots, absolute."""
    retries: int
    """`meta.retries`: how often a failure that is neither a gate nor wrong input is tried again."""
    is_frozen: bool
    is_optional: bool = False
    """Declared apart from dvc.yaml: runs only when asked for."""
    journal: Path | None = None
    """`meta.journal`: a file the stage adds to, kept by git."""


def graph(workspace: Path) -> dict[str, StageInfo]:
    """Return the stages of the workspace, each after those it depends on.

    They are those of dvc.yaml, and optional ones that are declared already.

    Raises:
        ConfigError: no dvc.yaml, no DVC repository, or what dvc.yaml says cannot be.
    """
    with repository(workspace) as repo, readable(workspace, None):
        import networkx

        found = repo.index.graph
        own = pipelines.stages(repo, workspace)
        upstream = {
            name: [other for other in own if own[other] in found.successors(stage)]
            for name, stage in own.items()
        }
        order = networkx.DiGraph()
        order.add_nodes_from(own)
        order.add_edges_from((up, name) for name in own for up in upstream[name])
        place = {name: position for position, name in enumerate(own)}
        names = networkx.lexicographical_topological_sort(order, key=place.__getitem__)
        return {name: _info(own[name], upstream[name]) for name in names}


def _info(stage: Any, upstream: Sequence[str]) -> StageInfo:
    meta = stage.meta if isinstance(stage.meta, dict) else {}
    retries = meta.get("retries", 0)
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise ConfigError(
            f"dvc.yaml: stage `{stage.name}`: meta.retries must be a whole number >= 0, "
            f"however: {retries!r}"
        )
    if meta.get("exec", "process") not in ("process", "subprocess"):
        raise ConfigError(
            f"dvc.yaml: stage `{stage.name}`: meta.exec must be process or subprocess, "
            f"however: {meta['exec']!r}"
        )
    command = stage.cmd if isinstance(stage.cmd, str) else "\n".join(stage.cmd or ())
    return StageInfo(
        name=stage.name,
        description=" ".join(str(stage.desc or "").split()),
        command=command,
        upstream=tuple(upstream),
        outs=tuple(Path(out.fs_path) for out in stage.outs),
        retries=retries,
        is_frozen=bool(stage.frozen),
        is_optional=stage.name in pipelines.OPTIONAL,
        journal=Path(stage.wdir) / str(meta["journal"]) if meta.get("journal") else None,
    )


def check_params(workspace: Path, stages: Iterable[StageInfo]) -> None:
    """Check all of params.yaml before any data is read, if one of our stages reads it.

    Raises:
        ConfigError: one line per mistake.
    """
    if any(executors.own_stage(stage.command) for stage in stages):
        load_params(workspace)


def plan(stages: dict[str, StageInfo], targets: Sequence[str]) -> list[str]:
    """Return `targets` and everything upstream of them, in order.

    Without targets it is all stages but optional ones.

    Raises:
        ConfigError: a target is no stage of dvc.yaml.
    """
    wanted: set[str] = set()
    waiting = list(targets or (name for name in stages if not stages[name].is_optional))
    while waiting:
        name = waiting.pop()
        if name not in stages:
            raise ConfigError(f"dvc.yaml: no stage `{name}`{nearest(name, stages)}")
        if name not in wanted:
            wanted.add(name)
            waiting.extend(stages[name].upstream)
    return [name for name in stages if name in wanted]


def run_stages(
    workspace: Path,
    targets: Sequence[str] = (),
    *,
    force: bool = False,
    report: Report | None = None,
) -> dict[str, Happened]:
    """Run `targets` and what they depend on one after the other, without Prefect.

    Takes the flow lease and heals first, as the flow does.

    Raises:
        NinefoldError: from the first stage that fails; later ones are not run.
    """
    happened: dict[str, Happened] = {}
    with healing.flow_lease(workspace):
        healing.heal(workspace)
        stages = graph(workspace)
        names = plan(stages, targets)
        check_params(workspace, stages.values())
        try:
            for name in names:
                start = time.perf_counter()
                is_forced = force and (not targets or name in targets)
                happened[name] = run_stage(workspace, name, force=is_forced)
                if report:
                    report(name, happened[name], time.perf_counter() - start)
        finally:
            healing.settle(workspace)
    return happened


def run_stage(
    workspace: Path, name: str, force: bool = False, write: executors.Write | None = None
) -> Happened:
    """Bring one stage up to date through DVC; its dependencies must be there already.

    Args:
        write: takes the lines the stage prints; default: the log `ninefold.engine`.

    Raises:
        GateError, InputError: from the stage itself, or a file it reads changed meanwhile.
        executors.StageError: its command failed.
        Exception: whatever a stage run in this process raised.
    """
    _patch()
    _run.executed, _run.write = False, write or (lambda line: log.info("%s: %s", name, line))
    told = None
    while True:
        try:
            with repository(workspace) as repo, readable(workspace, name):
                return _reproduce(repo, workspace.resolve(), name, force)
        except BusyError as busy:
            if str(busy) != told:
                told = str(busy)
                _run.write(f"waiting, {told}")
            time.sleep(POLL_S)


def _reproduce(repo: Any, workspace: Path, name: str, force: bool) -> Happened:
    """Do what `Repo.reproduce(name, single_item=True)` does, for any workspace and folder."""
    from dvc.repo import lock_repo

    with lock_repo(repo), repo.scm_context():
        stage = repo.stage.load_one(str(pipelines.declaring(workspace, name)), name)
        if missing := [str(dep.def_path) for dep in stage.deps if not dep.exists]:
            raise InputError(
                f"stage `{name}` needs {', '.join(missing)}, however: missing. "
                "Put it there, or run the stage that makes it"
            )
        if stage.reproduce(force=force, interactive=False) is None:
            return "unchanged"
        stage.dump(update_pipeline=False)
        return "executed" if _run.executed else "restored"


def _patch() -> None:
    """Put our executor where DVC calls its own; other users of DVC in this process keep theirs."""
    import dvc.stage.run as module

    original = module.cmd_run
    if getattr(original, "is_ninefold", False):
        return

    def cmd_run(stage: Any, dry: bool = False, run_env: dict[str, str] | None = None) -> None:
        if dry or not hasattr(_run, "write"):
            original(stage, dry=dry, run_env=run_env)
        else:
            _execute(stage, run_env)

    cmd_run.is_ninefold = True  # type: ignore[attr-defined]
    module.cmd_run = cmd_run


def _execute(stage: Any, run_env: dict[str, str] | None) -> None:
    """Carry out a stage's command; DVC has released its repo lock meanwhile."""
    _run.executed = True
    before = [(dep, dep.get_hash()) for dep in stage.deps]
    workspace = Path(stage.wdir)
    own = executors.own_stage(stage.cmd)
    meta = stage.meta if isinstance(stage.meta, dict) else {}
    if (
        own is not None
        and own == stage.name
        and meta.get("exec") != "subprocess"
        and Path(stage.path) == pipelines.declaring(workspace, own)
        and executors.is_own_code(workspace)
        and not _is_code_newer(stage)
    ):
        executors.run_here(workspace, own, _run.write)
    else:
        _run_child(stage, meta.get("timeout_s"), run_env)
    stage.save = _Checked(stage, before)


def _run_child(stage: Any, timeout_s: float | None, run_env: dict[str, str] | None) -> None:
    from dvc.stage.run import _enforce_cmd_list, _make_cmd, get_executable, prepare_kwargs

    settings = prepare_kwargs(stage, run_env=run_env)
    for command in _enforce_cmd_list(stage.cmd):
        executors.run_child(
            _make_cmd(get_executable(), command),
            shell=settings["shell"],
            cwd=Path(settings["cwd"]),
            env=executors.environment(settings["env"]),
            timeout_s=timeout_s,
            write=_run.write,
        )


def _is_code_newer(stage: Any) -> bool:
    """Tell whether Python code the stage depends on changed after this process imported it."""
    files = (
        file
        for dep in stage.deps
        for path in [Path(dep.fs_path)]
        for file in (path.rglob("*.py") if path.is_dir() else [path])
        if file.suffix == ".py"
    )
    return any(file.stat().st_mtime > STARTED for file in files)


class _Checked:
    """A stage's `save` that refuses when a dependency changed since the command began.

    DVC would record the new content as what the outputs were made from.
    """

    def __init__(self, stage: Any, before: list[tuple[Any, Any]]) -> None:
        self._save, self._before, self._stage = stage.save, before, stage

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        for dep, old in self._before:
            if dep.get_hash() != old:
                raise InputError(
                    f"{dep} changed while stage `{self._stage.name}` ran, so nothing was recorded; "
                    "run again to compute from the new content"
                )
        self._save(*args, **kwargs)
