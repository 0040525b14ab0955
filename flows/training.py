"""The training flow: one Prefect task per stage of dvc.yaml, run through DVC.

DVC alone knows what is unchanged; Prefect's own cache is off, since it hashes path strings and not
what the files hold. A task ends as Cached (nothing to do), Restored (outputs taken from the cache),
Executed, Gate stopped, Wrong input or Failed.
"""

import logging
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow, runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from flows import artifacts
from flows.session import REFUSALS, begin
from flows.states import REFUSED, refused
from ninefold.beside import cores
from ninefold.config import load_params, read_yaml
from ninefold.errors import InputError, NinefoldError
from tasks import engine, healing, remote, status
from tasks.engine import StageInfo
from tasks.repository import one_line

STATES = {"unchanged": "Cached", "restored": "Restored", "executed": "Executed"}
RETRY_DELAY_S = 2.0
REMOTE_RETRIES = 2
MOVES = {
    "push": "Push outputs and run-cache to the DVC remote",
    "pull": "Pull outputs and run-cache from the DVC remote",
}
THREADS = 64
NAME_WIDTH = 10
SEATS = threading.BoundedSemaphore(max(2, cores()))
"""As many stages are executed at once as there are cores, and two at least: one more would cost
its memory and win no time."""
log = logging.getLogger("ninefold.flow")


def _may_help(_task: Any, _run: Any, state: State[Any]) -> bool:
    """Retry what failed by accident, never what a gate or a check refused."""
    return state.name not in REFUSALS


@task(
    cache_policy=NO_CACHE,
    retry_delay_seconds=RETRY_DELAY_S,
    retry_condition_fn=_may_help,
    persist_result=False,
    log_prints=False,
)
def run_stage(
    workspace: str, stage: StageInfo, force: bool, is_unchanged: bool = False
) -> State[Any]:
    """Bring one stage up to date, if it is not, and publish its reports as artifacts."""
    folder = Path(workspace)

    def write(line: str) -> None:
        log.info(_line(stage.name, line))

    happened: engine.Happened = "unchanged"
    start = time.perf_counter()
    try:
        if not is_unchanged:
            with SEATS:
                start = time.perf_counter()
                happened = engine.run_stage(folder, stage.name, force, write)
    except REFUSED as error:
        state = refused(error)
        write(f"{str(state.name).lower()}; what depends on it is not run")
        artifacts.publish(stage)
        return state
    except Exception as error:
        write(f"failed after {time.perf_counter() - start:.1f} s: {one_line(error)}")
        raise
    took = time.perf_counter() - start
    write(f"{happened:<10} {took:6.1f} s" if happened == "executed" else happened)
    artifacts.publish(stage)
    return Completed(name=STATES[happened], message=f"{happened}, {took:.1f} s")


@task(
    cache_policy=NO_CACHE,
    retries=REMOTE_RETRIES,
    retry_delay_seconds=RETRY_DELAY_S,
    retry_condition_fn=_may_help,
    persist_result=False,
)
def move_outputs(workspace: str, action: str) -> State[Any]:
    """Push outputs to the default DVC remote, or pull from there what another machine pushed."""
    move = {"push": remote.push, "pull": remote.pull}[action]
    try:
        count = move(Path(workspace))
    except InputError as error:
        return Failed(name="Wrong input", message=str(error))
    log.info(_line(action, f"{count} files"))
    return Completed(name="Executed", message=f"{count} files")


def _moved(folder: Path, action: str) -> State[Any]:
    """Run `move_outputs` as a task that is called as what it does."""
    described = move_outputs.with_options(name=action, description=MOVES[action])
    return described(str(folder), action, return_state=True)


def _line(stage: str, text: str) -> str:
    return f"{stage:<{NAME_WIDTH}} {text}"


def _run_name() -> str:
    folder = Path(runtime.flow_run.parameters["workspace"]).resolve().name
    return f"{folder} {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


def threads() -> Any:
    """Return a runner with a thread for every stage: one that waits on another holds its thread."""
    return ThreadPoolTaskRunner[Any](max_workers=THREADS)


@flow(
    name="training",
    flow_run_name=_run_name,
    task_runner=threads(),
    validate_parameters=False,
    persist_result=False,
)
def training(
    workspace: str,
    targets: Sequence[str] = (),
    force: bool = False,
    push: bool = False,
    pull: bool = False,
) -> State[Any]:
    """Run the stages of a workspace's dvc.yaml, independent ones side by side.

    Args:
        workspace: folder of dvc.yaml and params.yaml.
        targets: stages to run, with all they depend on; default: every stage.
        force: execute `targets` even where nothing changed.
        push: push outputs and run-cache to the DVC remote once every stage is done.
        pull: first take from there what another machine pushed.

    Returns:
        Completed with how many stages were executed, restored and cached; or Failed, named and
        worded as the first stage that failed.
    """
    begin()
    return carry_out(Path(workspace).resolve(), targets, force, push, pull)


def carry_out(
    folder: Path,
    targets: Sequence[str] = (),
    force: bool = False,
    push: bool = False,
    pull: bool = False,
) -> State[Any]:
    """Do, inside a flow run, what `training` says."""
    with healing.flow_lease(folder, lambda: log.info("waiting for another flow in %s", folder)):
        for sentence in healing.heal(folder):
            log.warning("%s", sentence)
        if pull:
            pulled = _moved(folder, "pull")
            if not pulled.is_completed():
                return _outcome({"pull": pulled})
        stages = engine.graph(folder)
        names = engine.plan(stages, targets)
        engine.check_params(folder, stages.values())
        same = set() if force else status.unchanged(folder, stages, names)
        futures: dict[str, PrefectFuture[Any]] = {}
        try:
            for name in names:
                upstream = [futures[up] for up in stages[name].upstream]
                is_forced = force and (not targets or name in targets)
                futures[name] = _task(stages[name]).submit(
                    str(folder), stages[name], is_forced, name in same, wait_for=upstream
                )
            for future in futures.values():
                future.wait()
        finally:
            healing.settle(folder)
        states = {name: future.state for name, future in futures.items()}
        if push and all(state.is_completed() for state in states.values()):
            states["push"] = _moved(folder, "push")
        if not targets and all(state.is_completed() for state in states.values()):
            states |= _promoted(folder)
        return _outcome(states)


def _promoted(folder: Path) -> dict[str, State[Any]]:
    """Promote what was made, where params.yaml says so; it need not be one of ours."""
    params = folder / "params.yaml"
    if not params.is_file() or "promote" not in read_yaml(params):
        return {}
    if not load_params(folder, ["promote"])["promote"].after_training:
        return {}
    from flows.promotion import promote

    return {"promote": promote(str(folder), return_state=True)}


def _task(stage: StageInfo) -> Any:
    return run_stage.with_options(
        name=stage.name,
        task_run_name=stage.name,
        description=stage.description or stage.command,
        retries=stage.retries,
    )


def _outcome(states: dict[str, State[Any]]) -> State[Any]:
    """Sum up the final states of the stages as the state of the flow run."""
    for name, state in states.items():
        if state.is_failed() or state.is_crashed():
            if state.name in REFUSALS:
                return Failed(name=state.name, message=f"{name}: {state.message}")
            error = state.result(raise_on_failure=False)
            text = one_line(error) if isinstance(error, BaseException) else state.message
            if not isinstance(error, NinefoldError):
                text = f"{type(error).__name__}: {text}"
            return Failed(message=f"{name}: {text}")
    if late := [name for name, state in states.items() if not state.is_completed()]:
        return Failed(message=f"{', '.join(late)}: not run")
    stages = [state for name, state in states.items() if name != "promote"]
    counts = {kind: sum(s.name == kind for s in stages) for kind in STATES.values()}
    told = [f"{n} {kind.lower()}" for kind, n in counts.items() if n]
    if "promote" in states:
        told.append(str(states["promote"].message))
    return Completed(message=", ".join(told))
