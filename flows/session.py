"""What commands that run a flow share: a quiet terminal, a server, one line for what stopped it."""

import contextlib
import contextvars
import gc
import logging
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TextIO

from ninefold import interruption
from ninefold.errors import GateError, InputError, NinefoldError

CANCEL_TIMEOUT_S = 3.0
DRAIN_TIMEOUT_S = 10.0
COLLECT_AFTER = 50_000
"""Objects after which Python looks for garbage: at its own 700, importing Prefect and DVC costs a
tenth more."""
REFUSALS: dict[str, type[NinefoldError]] = {"Gate stopped": GateError, "Wrong input": InputError}
"""Name of a failed state that no retry can help -> the error that means the same."""
SERVED_BY = "NINEFOLD_SERVED_BY"
"""Variable that holds the number of the process that serves schedules with a server of its own."""
LOOK_S = 2.0
running: str | None = None
"""Identity of the flow run that goes on in this process."""


def begin() -> None:
    """Note the flow run that calls this, so that an interruption can end it in the server too.

    A run that schedules started ends with their server: it would wait for answers for ever.
    """
    from prefect import runtime

    global running
    running = str(runtime.flow_run.id)
    if number := os.environ.get(SERVED_BY):
        threading.Thread(target=_end_with, args=[int(number)], daemon=True).start()


def _end_with(number: int) -> None:
    """End this process, and all it started, once the process `number` is gone."""
    import psutil

    while psutil.pid_exists(number):
        time.sleep(LOOK_S)
    end_children()
    os._exit(128 + signal.SIGTERM)


def end_children() -> None:
    """Kill all that this process started: with kill -9 nothing half-written can stay."""
    import psutil

    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def run(own: Any, load: Callable[[], Callable[[], Any]]) -> str:
    """Run a flow against the server and return its message; raise what stopped it.

    Args:
        own: the server started for this command, None if one is configured.
        load: imports the flow, while the server starts, and returns what calls it for its state.
    """
    from prefect import tags
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        temporary_settings,
    )

    from flows import server, zombies
    from tasks.executors import StageError

    call = load()
    settings = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    if own is not None:
        own.wait()
        settings[PREFECT_API_URL] = own.url
    with server.answering(own), temporary_settings(settings), tags(*zombies.tags()):
        zombies.bury()
        state = call()
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


def quiet(stream: TextIO) -> None:
    """Show our own lines on `stream`; Prefect's and Python's warnings go to the run's log."""
    from ninefold.cli import DEBUG

    gc.set_threshold(COLLECT_AFTER)
    if not os.environ.get(DEBUG):
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
        os.environ.setdefault("PREFECT_INTERNAL_LOGGING_LEVEL", "CRITICAL")
        logging.raiseExceptions = False
        warnings.simplefilter("ignore")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.getLogger("ninefold")
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    log.propagate = False


def interruptible(
    own: Any, said: str, *steps: Callable[[], object]
) -> AbstractContextManager[None]:
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

    first = () if own is None else (own.expect_end,)
    return interruption.ending(said, *first, *steps, end_run)


def _tell_prefect() -> None:
    """Mark the flow run as cancelled, if there is one yet and the server still answers."""
    if running is None:
        return
    from prefect.client.orchestration import get_client
    from prefect.states import Cancelled

    with contextlib.suppress(Exception), get_client(sync_client=True) as client:
        client.set_flow_run_state(running, Cancelled(name="Interrupted"), force=True)
