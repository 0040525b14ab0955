"""Killed at any moment, or out of room: the next run completes and gives the same bytes."""

import hashlib
import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from tests.end_to_end.commands import TRACEBACK, ninefold
from tests.end_to_end.tables import messy, write


def md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def drafted(tmp_path_factory):
    """Return a function that makes the same workspace again in another folder."""
    folder = tmp_path_factory.mktemp("interruption")
    data = write(messy(300, "binary"), folder / "data.csv")

    def draft(name):
        ninefold("init", data, "--target", "y", "--into", folder / name, "--yes", cwd=folder)
        return folder / name

    return draft


@pytest.fixture(scope="module")
def reference(drafted):
    workspace = drafted("reference")
    ninefold("run", cwd=workspace)
    return md5(workspace / "models" / "model.onnx")


def leftovers(workspace):
    return [p for p in workspace.rglob("*.tmp") if ".dvc" not in p.parts]


@pytest.mark.parametrize("moment", ["reports/profile.json", "reports/leakage.json"])
def test_kill_9_loses_nothing(drafted, reference, moment):
    workspace = drafted(moment.replace("/", "-"))
    process = subprocess.Popen(
        [sys.executable, "-m", "ninefold", "run"],
        cwd=workspace,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 200
    while not (workspace / moment).exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    ninefold("run", cwd=workspace)
    assert md5(workspace / "models" / "model.onnx") == reference
    assert not leftovers(workspace)


def test_no_room_is_one_line_and_the_next_run_completes(drafted, reference):
    workspace = drafted("small-disk")
    limited = subprocess.run(
        [sys.executable, "-m", "tasks", "ingest"],
        cwd=workspace,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500)),
        check=False,
    )
    assert limited.returncode == 2, limited.stderr
    assert TRACEBACK not in limited.stderr
    assert len(limited.stderr.strip().splitlines()) == 1
    assert not leftovers(workspace)
    ninefold("run", cwd=workspace)
    assert md5(workspace / "models" / "model.onnx") == reference
