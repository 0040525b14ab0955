"""Check fresh data against the suite and the training data, without training."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

INTERRUPTED = "ninefold: interrupted; nothing half-written was left"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold quality`."""
    parser.add_argument("data", metavar="DATA", type=Path, help="csv, tsv (also .gz) or parquet; "
        "or what ingest reads, such as a folder of images")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the report as JSON only")
    parser.add_argument("--strict", action="store_true", help="end with 3 on warnings as well")


def main(args: argparse.Namespace) -> int:
    """Run the quality flow and print what it found.

    Raises:
        GateError: a rule or a comparison blocks (or warns, with --strict).
        InputError: the file cannot be read, or the workspace has not been run.
    """
    from flows import server, session
    from ninefold.errors import GateError

    workspace = Path.cwd()
    session.quiet(sys.stderr if args.json else sys.stdout)
    with server.started() as own, session.interruptible(own, INTERRUPTED):
        try:
            said = session.run(own, lambda: _load(workspace, args))
        except GateError:
            if args.json:
                print(_report(workspace))
            raise
    print(_report(workspace) if args.json else said)
    return 0


def _load(workspace: Path, args: argparse.Namespace) -> Callable[[], Any]:
    from flows.quality import quality

    data = str(args.data.expanduser().resolve())
    return lambda: quality(str(workspace), data, args.strict, return_state=True)


def _report(workspace: Path) -> str:
    from ninefold.files import read_json
    from tasks.fresh import FOLDER

    return json.dumps(read_json(workspace / FOLDER / "quality.json"), ensure_ascii=False, indent=2)
