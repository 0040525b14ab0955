"""Show the report of the last run, or make it from what the stages left."""

import argparse
import os
import sys
import webbrowser
from pathlib import Path

from ninefold.errors import InputError

GATE_REPORTS = ("reports/data_docs/index.html", "reports/leakage.json", "reports/receipt.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ninefold report`."""
    parser.add_argument("--open", action="store_true", help="open it in the browser")


def main(args: argparse.Namespace) -> int:
    """Print where the report lies; with --open show it.

    Raises:
        InputError: the pipeline has not come as far as a report.
    """
    workspace = Path.cwd()
    path = _report(workspace)
    print(path.relative_to(workspace) if path.is_relative_to(workspace) else path)
    if args.open and not _show(path):
        print("no browser was found here; open the file yourself", file=sys.stderr)
    return 0


def _report(workspace: Path) -> Path:
    """Return the report's path; render it if only that is missing."""
    from tasks.stage_io import StageIO

    io = StageIO(workspace, "report")
    path = io.out("report.html")
    if not path.is_file():
        needed = [workspace / str(dep) for dep in io.declared.get("deps", ())]
        missing = [str(dep.relative_to(workspace)) for dep in needed if not dep.exists()]
        if missing:
            raise InputError(_incomplete(workspace, missing))
        from tasks import engine

        engine.run_stages(workspace, ["report"], report=_tell)
    return path


def _incomplete(workspace: Path, missing: list[str]) -> str:
    found = [name for name in GATE_REPORTS if (workspace / name).is_file()]
    gates = f" What the gates of the last run found: {', '.join(found)}" if found else ""
    return (
        f"the report needs what every stage writes, however: {', '.join(missing[:3])}"
        f"{' …' if len(missing) > 3 else ''} missing. Run `ninefold run` first.{gates}"
    )


def _tell(name: str, happened: str, seconds: float) -> None:
    print(f"{name:<10} {happened:<10} {seconds:5.1f} s", file=sys.stderr)


def _show(path: Path) -> bool:
    """Open the browser where there is a screen (or $BROWSER names one)."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in names):
        return False
    return webbrowser.open(path.as_uri())
