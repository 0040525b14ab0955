"""No room, or no right to write: one line says so, nothing is left, the next run completes."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.commands import TRACEBACK
from tests.end_to_end.workspaces import digests, stages, temporary
from tests.pipelines import environment
from tests.rounds import quick

SCRIPT = Path(__file__).with_name("small_disk.py")
UNSHARE = ["unshare", "--mount", "--map-root-user"]


def may_mount():
    try:
        return subprocess.run([*UNSHARE, "true"], stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        return False


SOME = ["ingest", "train", "report"]


@pytest.fixture(scope="module", params=quick("some", of=["all"]))
def small(request, finished, tmp_path_factory):
    """What happened on a disk that filled up, and the folder of what the next run computed."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "disk").mkdir()
    mode = [*UNSHARE] if (is_mounted := may_mount()) else []
    command = [sys.executable, SCRIPT, finished, folder / "disk"]
    names = SOME if request.param == "some" else stages(finished)
    done = subprocess.run(
        [*mode, *command, "mount" if is_mounted else "limit", *names],
        env={**environment(), "DVC_SITE_CACHE_DIR": str(folder / "disk" / ".site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert TRACEBACK not in done.stderr
    return json.loads(done.stdout.splitlines()[-1]), folder / "kept"


def test_a_full_disk_is_one_line_in_the_stage(small):
    for name, found in small[0]["stages"].items():
        assert found["code"] == 2, (name, found)
        assert "cannot be written: " in found["text"]
        assert ".tmp" not in found["text"]
        assert "\n" not in found["text"]
        assert not found["left"], name


def test_the_next_run_completes_with_the_same_bytes(small, finished):
    found, kept = small
    assert set(found["then"].values()) == {"executed"}
    assert digests(kept) == digests(finished)


def test_a_disk_that_fills_up_under_dvc_is_one_line_and_heals(small):
    if "through_dvc" not in small[0]:
        pytest.skip("no disk may be mounted here")
    for first, then in small[0]["through_dvc"]:
        assert first["code"] in (0, 2), first
        assert "\n" not in first["text"]
        assert then["code"] == 0, then
    assert any(first["code"] == 2 for first, _ in small[0]["through_dvc"])


def test_a_read_only_workspace_says_so(small):
    if "read_only" not in small[0]:
        pytest.skip("no disk may be mounted here")
    for code, said in small[0]["read_only"]:
        assert code == 2, said
        assert len(said.strip().splitlines()) == 1, said
        assert "cannot be written: " in said


def test_a_stage_as_dvc_runs_it_says_so_too(finished, tmp_path):
    workspace = tmp_path / "w"
    subprocess.run(["cp", "-r", finished, workspace], check=True)
    limited = subprocess.run(
        [sys.executable, "-m", "tasks", "ingest"],
        cwd=workspace,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500)),
        check=False,
    )
    assert limited.returncode == 2, limited.stderr
    assert len(limited.stderr.strip().splitlines()) == 1
    assert not temporary(workspace)
