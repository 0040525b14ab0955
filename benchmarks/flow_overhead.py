"""What orchestration costs: the Prefect flow over the same stages called as plain functions.

    python benchmarks/flow_overhead.py [WORKSPACE] [--rounds N]

Each round runs both in fresh processes on fresh copies of the workspace, so that nothing is cached
and every import is paid by the one that needs it; Prefect's server is started beforehand. Wanted:
a ratio of at most 1.25 on the demo.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CODE = ("tasks", "ninefold", "expectations", "flows")
LEFT_OUT = (".*", "data", "models", "reports", "dvc.lock", "*.egg-info", "docs", "tests")
WANTED = 1.25


def copy(workspace: Path, target: Path) -> Path:
    """Copy a workspace without its outputs; the code packages are linked, not copied."""
    shutil.copytree(
        workspace,
        target,
        ignore=lambda folder, names: {
            *shutil.ignore_patterns(*LEFT_OUT)(folder, names),
            *(CODE if Path(folder) == workspace else ()),
        },
    )
    for name in CODE:
        if (workspace / name).is_dir():
            (target / name).symlink_to(workspace / name)
    subprocess.run(
        [sys.executable, "-m", "dvc", "init", "-q", "--no-scm"],
        cwd=target,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return target


def bare(workspace: Path) -> None:
    """Call the stages one after the other."""
    from ninefold.config import read_yaml
    from tasks.__main__ import run_stage

    for stage in read_yaml(workspace / "dvc.yaml")["stages"]:
        run_stage(workspace, stage)


def flow(workspace: Path) -> None:
    """Run the training flow, without the terminal around it."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    from flows.training import training

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        state = training(str(workspace), return_state=True)
    if not state.is_completed():
        raise SystemExit(state.message)


def timed(kind: str, workspace: Path) -> dict[str, float]:
    """Run `bare` or `flow` in a process of its own; return its wall and CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        target = copy(workspace, Path(folder) / "workspace")
        done = subprocess.run(
            [sys.executable, __file__, str(target), "--only", kind],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print a line per round and the ratio of the best rounds."""
    from flows import server

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", nargs="?", type=Path, default=Path.cwd())
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", choices=["bare", "flow"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        start, cpu = time.perf_counter(), time.process_time()
        {"bare": bare, "flow": flow}[args.only](args.workspace.resolve())
        wall = time.perf_counter() - start
        print("\n" + json.dumps({"wall_s": wall, "cpu_s": time.process_time() - cpu}))
        return
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    best = {"bare": float("inf"), "flow": float("inf")}
    with server.started() as own:
        if own is not None:
            own.wait()
        for number in range(args.rounds):
            for kind in best:
                took = timed(kind, args.workspace.resolve())
                best[kind] = min(best[kind], took["wall_s"])
                print(
                    f"round {number + 1} {kind}: {took['wall_s']:.1f} s, {took['cpu_s']:.1f} s CPU",
                    flush=True,
                )
    print(f"flow / bare = {best['flow'] / best['bare']:.2f} (wanted: at most {WANTED})")


if __name__ == "__main__":
    main()
