"""Search params in the folds of the train part; with --apply, write the winner into params.yaml."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

INTERRUPTED = "ninefold: interrupted; `ninefold tune` goes on with the trials there are"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold tune`."""
    add = parser.add_argument
    add(
        "--trials",
        type=int,
        metavar="N",
        help="try N configurations in all (written to tune.trials); more later go on from there",
    )
    add("--apply", action="store_true", help="write the winner into params.yaml and show the diff")
    add("--json", action="store_true", help="print reports/tuning.json only")


def main(args: argparse.Namespace) -> int:
    """Run the tuning flow, print what won and what it is worth.

    Raises:
        InputError: the space names what cannot be searched, or no trial completes.
    """
    from flows import server, session
    from ninefold.files import read_json
    from tasks import tuning

    workspace, start = Path.cwd(), time.perf_counter()
    out = sys.stderr if args.json else sys.stdout
    session.quiet(out)
    with server.started() as own, session.interruptible(own, INTERRUPTED):
        if diff := tuning.prepare(workspace, args.trials):
            print(diff, file=out)
        happened = session.run(own, lambda: _load(workspace))
    found = read_json(workspace / tuning.REPORT)
    if args.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    print(f"{found['sentence']}\nLook at {tuning.PAGE.as_posix()}", file=out)
    print(f"{happened} in {time.perf_counter() - start:.0f} s", file=out)
    if args.apply:
        diff = tuning.apply(workspace)
        said = f"{diff.rstrip()}\nnext: `ninefold run` trains it" if diff else "nothing to apply"
        print(said, file=out)
    elif found["changes"]:
        print("next: `ninefold tune --apply` writes the winner into params.yaml", file=out)
    return 0


def _load(workspace: Path) -> Callable[[], Any]:
    from flows.tuning import tuning

    return lambda: tuning(str(workspace), return_state=True)
