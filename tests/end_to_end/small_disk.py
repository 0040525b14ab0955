"""Stages on a full disk: `python small_disk.py WORKSPACE FOLDER MODE STAGE…`, as JSON on stdout.

MODE mount: FOLDER becomes a small disk of its own (`unshare --mount`). MODE limit, where no disk
may be mounted: no file may grow.
"""

import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

from tasks import engine
from tasks.__main__ import run_stage

SIZE = "size=24m"
SPARE = (16384, 4096, 262144)
"""Bytes left free when a stage runs through DVC: enough for some of what it and DVC write."""
ASKED = (["run"], ["init", "rows.csv", "--target", "y", "--into", "new", "--yes"], ["audit"],
         ["doctor"])  # fmt: skip
"""Commands in a workspace that is read-only."""
FEW = 4
"""Of fewer stages than these, the others are tried in part, too."""


def main(finished, folder, mode, names):
    if is_mounted := mode == "mount":
        mount(folder)
    shutil.copytree(finished, folder, dirs_exist_ok=True)
    full = filled if is_mounted else limited
    found = {"stages": stages(finished, folder, full, names)}
    if is_mounted:
        is_whole = len(names) >= FEW
        spares, asked = (SPARE, ASKED) if is_whole else (SPARE[:1], ASKED[:2])
        found["through_dvc"] = [through_dvc(folder, spare) for spare in spares]
        found["read_only"] = read_only(folder, asked)
    found["then"] = engine.run_stages(folder, force=True)
    print(json.dumps(found))
    for name in ("data", "models", "reports"):
        shutil.copytree(folder / name, folder.parent / "kept" / name)


def mount(folder):
    command = ["mount", "-t", "tmpfs", "-o", SIZE, "tmpfs", str(folder)]
    subprocess.run(command, check=True)


def stages(finished, folder, full, names):
    """Run each stage beside what the others made; a stage that fails may take its own back."""
    said = {}
    for name in names:
        for kept in ("data", "models", "reports"):
            shutil.copytree(finished / kept, folder / kept, dirs_exist_ok=True)
        with full(folder, 0):
            said[name] = outcome(lambda name=name: run_stage(folder, name))
        said[name]["left"] = [str(p) for p in folder.rglob("*.tmp") if ".dvc" not in p.parts]
    return said


def through_dvc(folder, spare):
    with filled(folder, spare):
        first = outcome(lambda: engine.run_stages(folder, ["split"], force=True))
    return [first, outcome(lambda: engine.run_stages(folder, ["split"]))]


def read_only(folder, asked):
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    said = [
        subprocess.run(
            [sys.executable, "-m", "ninefold", *command],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        for command in asked
    ]
    subprocess.run(["mount", "-o", f"remount,rw,{SIZE}", str(folder)], check=True)
    return [[done.returncode, done.stderr or done.stdout.splitlines()[-1]] for done in said]


def outcome(act):
    try:
        act()
    except Exception as error:
        return {"code": getattr(error, "exit_code", None), "text": f"{error}"}
    return {"code": 0, "text": ""}


@contextlib.contextmanager
def filled(folder, spare):
    """Fill the disk up to `spare` bytes."""
    filler = folder / "filler"
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - spare)
    try:
        yield
    finally:
        filler.unlink()


@contextlib.contextmanager
def limited(folder, spare):
    """Let no file grow beyond what every stage writes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
