"""Run the training flow: every stage of dvc.yaml that is not up to date."""

import argparse
import contextlib
import contextvars
import logging
import os
import sys
import threading
import time
import warnings
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ninefold import interruption
from ninefold.errors import NinefoldError

CANCEL_TIMEOUT_S = 3.0
DRAIN_TIMEOUT_S = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold run`."""
    parser.add_argument(
        "stages", nargs="*", metavar="STAGE", help="run these and what they depend on; default: all"
    )
    parser.add_argument(
        "--force", action="store_true", help="execute STAGE (or all stages) even if up to date"
    )
    parser.add_argument(
        "--push",
        action="store_true",
        help="push outputs and run-cache to the DVC remote at the end",
    )


def main(args: argparse.Namespace) -> int:
    """Check the workspace, run the flow, and print what came of it."""
    from flows import server, summary

    workspace, start = Path.cwd(), time.perf_counter()
    _quiet()
    with server.started() as own, _interruptible(own):
        stages = _check(workspace, args.stages)
        happened = _run(workspace, args, own)
    for line in summary.lines(workspace, stages):
        print(line)
    print(f"{happened} in {time.perf_counter() - start:.0f} s")
    return 0


def _check(workspace: Path, targets: list[str]) -> Any:
    """Mend, and find every mistake in dvc.yaml and params.yaml before any data is read."""
    from tasks import engine, healing

    mended = healing.heal(workspace)
    for sentence in mended:
        logging.getLogger("ninefold").warning("%s", sentence)
    stages = engine.graph(workspace)
    engine.plan(stages, targets)
    engine.check_params(workspace, stages.values())
    return stages


def _run(workspace: Path, args: argparse.Namespace, own: Any) -> str:
    """Run the flow against the server; raise what stopped it."""
    from prefect import tags
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        temporary_settings,
    )

    from flows import zombies
    from flows.training import REFUSALS, training
    from tasks.executors import StageError

    settings = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    if own is not None:
        own.wait()
        settings[PREFECT_API_URL] = own.url
    with temporary_settings(settings), tags(*zombies.tags()):
        zombies.bury()
        state = training(
            str(workspace), tuple(args.stages), args.force, args.push, return_state=True
        )
        _drain()
    if state.is_completed():
        return str(state.message)
    if isinstance(error := state.result(raise_on_failure=False), NinefoldError):
        raise error
    raise REFUSALS.get(str(state.name), StageError)(str(state.message))


def _drain() -> None:
    """Wait until the server has what is still on its way: logs, and the states of task runs."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    for worker in (EventsWorker, APILogWorker):
        worker.drain_all(timeout=DRAIN_TIMEOUT_S)


def _quiet() -> None:
    """Show our own lines on the terminal; Prefect's and Python's warnings go to the run's log."""
    from ninefold.cli import DEBUG

    if not os.environ.get(DEBUG):
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
        warnings.simplefilter("ignore")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.getLogger("ninefold")
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    log.propagate = False


def _interruptible(own: Any) -> AbstractContextManager[None]:
    """End at once on Ctrl-C or SIGTERM: stages in threads cannot be interrupted otherwise.

    Nothing half-written can stay, as with kill -9: DVC records a stage only when it is whole.
    """

    def end_run() -> None:
        context = contextvars.copy_context()
        teller = threading.Thread(target=context.run, args=[_tell_prefect], daemon=True)
        teller.start()
        teller.join(CANCEL_TIMEOUT_S)
        if own is not None:
            own.kill()

    said = "ninefold: interrupted; `ninefold run` goes on from here"
    return interruption.ending(said, end_run)


def _tell_prefect() -> None:
    """Mark the flow run as cancelled, if there is one yet and the server still answers."""
    training = sys.modules.get("flows.training")
    identity = getattr(training, "running", None)
    if identity is None:
        return
    from prefect.client.orchestration import get_client
    from prefect.states import Cancelled

    with contextlib.suppress(Exception), get_client(sync_client=True) as client:
        client.set_flow_run_state(identity, Cancelled(name="Interrupted"), force=True)
