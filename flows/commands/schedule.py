"""Serve the flows of this workspace on their schedules, until Ctrl-C."""

import argparse
import contextlib
import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

SERVER_GONE = "ninefold: Prefect's server ended; `ninefold schedule` starts it and serves again"
INTERRUPTED = "ninefold: schedules end; `ninefold schedule` serves them again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`ninefold schedule` has no options: the section `schedule` of params.yaml says when."""


def main(args: argparse.Namespace) -> int:
    """Serve until interrupted.

    Raises:
        ConfigError: nothing is scheduled, or a schedule cannot be read.
        InputError: another process serves them.
    """
    from flows import server, session
    from ninefold.config import load_params
    from ninefold.errors import ConfigError

    workspace = Path.cwd()
    params = load_params(workspace, ["schedule", "monitor"])
    spec, retrains = params["schedule"], params["monitor"].retrain.on != "never"
    if spec.is_empty:
        raise ConfigError(
            "params.yaml: schedule must say when something runs, however: it is empty. For "
            "example `schedule: {training: {cron: 0 3 * * *}, quality: {every: 1h, data: new.csv}}`"
        )
    session.quiet(sys.stdout)
    with (
        _lease(workspace),
        server.started(server.SCHEDULING) as own,
        session.interruptible(own, INTERRUPTED, session.end_children),
    ):
        from prefect.settings import PREFECT_API_URL, temporary_settings

        from flows import schedules, telling

        made = schedules.deployments(workspace, spec, retrains)
        if own is not None:
            os.environ[session.SERVED_BY] = str(os.getpid())
            own.wait()
            own.when_gone(_end)
        settings = {} if own is None else {PREFECT_API_URL: own.url}
        with server.answering(own), temporary_settings(settings):
            for flow in made:
                when = getattr(spec, str(flow.flow_name))
                print(f"{flow.flow_name:<10} {schedules.said(when)}")
            print(f"server     {own.url if own else server.configured_url()}", flush=True)
            names = [str(flow.name) for flow in made]
            telling.follow(workspace, names, functools.partial(print, flush=True))
            schedules.serve_forever(made)
    return 0


def _end() -> None:
    """End at once, with all that was started: without its server Prefect tries for minutes."""
    from flows import session

    print(SERVER_GONE, file=sys.stderr, flush=True)
    session.end_children()
    os._exit(1)


@contextlib.contextmanager
def _lease(workspace: Path) -> Iterator[None]:
    """Let one process serve the schedules of a workspace; the kernel frees the lease on kill -9.

    Raises:
        InputError: another one does.
    """
    from ninefold.files import claim

    path = workspace / ".ninefold" / "schedule.lease"
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        claim(
            file,
            f"one process may serve the schedules of {workspace}, however: another one does. "
            "End it first",
        )
        yield
