"""Run the training flow: every stage of dvc.yaml that is not up to date."""

import argparse
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

INTERRUPTED = "ninefold: interrupted; `ninefold run` goes on from here"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold run`."""
    parser.add_argument(
        "stages", nargs="*", metavar="STAGE", help="run these and what they depend on; default: all"
    )
    parser.add_argument(
        "--force", action="store_true", help="execute STAGE (or all stages) even if up to date"
    )
    parser.add_argument(
        "--pull",
        action="store_true",
        help="first pull what another machine pushed, to restore instead of computing",
    )
    parser.add_argument(
        "--push",
        action="store_true",
        help="push outputs and run-cache to the DVC remote at the end",
    )


def main(args: argparse.Namespace) -> int:
    """Check the workspace, run the flow, and print what came of it."""
    from flows import server, session, summary

    workspace, start = Path.cwd(), time.perf_counter()
    session.quiet(sys.stdout)
    with server.started() as own, session.interruptible(own, INTERRUPTED):
        stages = _check(workspace, args.stages)
        happened = session.run(own, lambda: _load(workspace, args))
    for line in summary.lines(workspace, stages):
        print(line)
    print(f"{happened.splitlines()[0]} in {time.perf_counter() - start:.0f} s")
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


def _load(workspace: Path, args: argparse.Namespace) -> Callable[[], Any]:
    from flows.training import training

    given = (str(workspace), tuple(args.stages), args.force, args.push, args.pull)
    return lambda: training(*given, return_state=True)
