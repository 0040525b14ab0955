import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from ninefold.errors import ConfigError
from tasks import engine, healing
from tests.pipelines import DVC, NAMES, Workspace, environment
from tests.rounds import quick

RUN = "import sys, pathlib; from tasks import engine; engine.run_stages(pathlib.Path(sys.argv[1]))"
SLOW = """\
stages:
  one:
    cmd: sleep 0.15; echo one >> ran.log; cat input.txt > one.txt
    deps: [input.txt]
    outs: [one.txt]
  two:
    cmd: sleep 0.15; echo two >> ran.log; cat one.txt > two.txt
    deps: [one.txt]
    outs: [two.txt]
  three:
    cmd: sleep 0.15; echo three >> ran.log; cat two.txt > three.txt
    deps: [two.txt]
    outs: [three.txt]
"""


def test_dvc_lock_cut_at_any_length_heals_without_computing(workspace):
    whole = (workspace.folder / "dvc.lock").read_bytes()
    for length in (0, 13, 60, 120, 140, 151, 200, len(whole) // 2, len(whole) - 30, len(whole) - 3):
        (workspace.folder / "dvc.lock").write_bytes(whole[:length])
        engine.run_stages(workspace.folder)
        assert workspace.take_ran() == [], length
        assert (workspace.folder / "dvc.lock").read_bytes() == whole, length


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"schema: '1'",
        *(
            pytest.param(said, marks=pytest.mark.thorough)
            for said in (b"", b"<<<<<<< HEAD\n", b"[1, 2]")
        ),
    ],
)
def test_a_damaged_dvc_lock_without_a_copy_comes_back_from_the_run_cache(workspace, content):
    shutil.rmtree(workspace.folder / ".dvc" / "tmp" / "ninefold")
    (workspace.folder / "dvc.lock").write_bytes(content)
    said = healing.heal(workspace.folder)
    assert len(said) == 1
    assert "dvc.lock was damaged" in said[0]
    assert set(engine.run_stages(workspace.folder).values()) == {"restored"}
    assert workspace.take_ran() == []
    assert workspace.is_clean()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"read": 1}'])
def test_a_damaged_rwlock_is_removed(workspace, content):
    (workspace.folder / ".dvc" / "tmp" / "rwlock").write_text(content)
    assert len(healing.heal(workspace.folder)) == 1
    assert set(engine.run_stages(workspace.folder).values()) == {"unchanged"}


def test_a_dvc_lock_with_conflict_markers_heals(workspace):
    whole = workspace.read("dvc.lock")
    head, _, rest = whole.partition("  left:\n")
    workspace.write("dvc.lock", f"{head}<<<<<<< HEAD\n  left:\n{rest}=======\n>>>>>>> other\n")
    assert set(engine.run_stages(workspace.folder).values()) == {"unchanged"}
    assert workspace.read("dvc.lock") == whole


def cached(workspace, name):
    """Return the cache object that holds an output's content."""
    digest = hashlib.md5((workspace.folder / name).read_bytes()).hexdigest()
    return workspace.folder / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]


@pytest.mark.parametrize("content", [None, b"", b"something else"])
@pytest.mark.some(1)
def test_a_damaged_cache_object_is_computed_again(workspace, content):
    before, path = workspace.read("left.txt"), cached(workspace, "left.txt")
    path.chmod(0o644)
    path.unlink() if content is None else path.write_bytes(content)
    (workspace.folder / "left.txt").unlink()
    assert engine.run_stages(workspace.folder)["left"] == "executed"
    assert workspace.read("left.txt") == before
    assert workspace.is_clean()


def test_a_damaged_run_cache_is_computed_again(workspace):
    for path in (workspace.folder / ".dvc" / "cache" / "runs").glob("*/*/*"):
        path.write_text("<<<<<<< HEAD")
    (workspace.folder / "dvc.lock").unlink()
    assert set(engine.run_stages(workspace.folder).values()) == {"executed"}
    assert workspace.is_clean()


@pytest.mark.parametrize("content", ["[core\n", "\x00\x01", "[remote 'x']\n    nonsense = 1\n"])
def test_a_damaged_dvc_config_says_so(workspace, content):
    workspace.write(".dvc/config", content)
    with pytest.raises(ConfigError, match=r"\.dvc/config") as caught:
        engine.run_stages(workspace.folder)
    assert "\n" not in str(caught.value)


def test_a_workspace_without_its_dvc_folder_says_so(workspace):
    shutil.rmtree(workspace.folder / ".dvc")
    with pytest.raises(ConfigError, match="dvc init"):
        engine.run_stages(workspace.folder)


def test_a_workspace_taken_out_of_its_git_repository_says_so(workspace):
    workspace.dvc("config", "core.no_scm", "false")
    with pytest.raises(ConfigError, match=r"git init.*no_scm") as caught:
        engine.run_stages(workspace.folder)
    assert "\n" not in str(caught.value)


def test_a_dvc_folder_cut_short_is_mended_or_told(workspace):
    for name in ("cache", "tmp"):
        shutil.rmtree(workspace.folder / ".dvc" / name)
    assert set(engine.run_stages(workspace.folder).values()) == {"executed"}
    assert workspace.is_clean()
    (workspace.folder / ".dvc" / "config").unlink()
    with pytest.raises(ConfigError) as caught:
        engine.run_stages(workspace.folder)
    assert "\n" not in str(caught.value)


def test_locks_of_dead_processes_go_and_those_of_living_ones_stay(workspace):
    path = workspace.folder / ".dvc" / "tmp" / "rwlock"
    alive = subprocess.Popen(["sleep", "60"])
    dead = subprocess.Popen(["true"])
    dead.wait()
    time.sleep(0.05)
    try:
        holders = {"/a": {"pid": dead.pid, "cmd": "dvc"}, "/b": {"pid": alive.pid, "cmd": "dvc"}}
        path.write_text(json.dumps({"write": holders, "read": {}}))
        healing.heal(workspace.folder)
        assert list(json.loads(path.read_text())["write"]) == ["/b"]
        assert healing.heal(workspace.folder) == []
    finally:
        alive.kill()
        alive.wait()


def test_healing_a_healthy_workspace_changes_nothing(workspace):
    before = (workspace.folder / "dvc.lock").stat().st_mtime_ns
    assert healing.heal(workspace.folder) == []
    assert (workspace.folder / "dvc.lock").stat().st_mtime_ns == before


def start(workspace):
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(workspace.folder)],
        env=environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_two_runs_at_once_execute_each_stage_once(tmp_path):
    workspace = Workspace(tmp_path / "w", SLOW)
    processes = [start(workspace), start(workspace)]
    assert [process.wait() for process in processes] == [0, 0]
    assert workspace.take_ran() == ["one", "three", "two"]


def test_a_run_beside_dvc_repro_corrupts_nothing(tmp_path):
    workspace = Workspace(tmp_path / "w", SLOW)
    other = subprocess.Popen(
        [*DVC, "repro"],
        cwd=workspace.folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert start(workspace).wait() == 0
    other.wait()
    assert workspace.is_clean()


@pytest.mark.parametrize("delay", quick(1.3, of=(1.0, 1.6)))
def test_kill_9_at_any_time_loses_nothing(tmp_path, delay):
    workspace = Workspace(tmp_path / "w", SLOW)
    process = start(workspace)
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    engine.run_stages(workspace.folder)
    assert workspace.read("three.txt") == "data\n"
    assert workspace.is_clean()
    assert list(engine.graph(workspace.folder)) == ["one", "two", "three"]


def test_lock_entries_are_sorted_as_the_pipeline_is(workspace):
    text = workspace.read("dvc.lock")
    first, _, rest = text.partition("  source:\n")
    block, _, others = rest.partition("  left:\n")
    workspace.write("dvc.lock", f"{first}  left:\n{others}  source:\n{block}")
    healing.settle(workspace.folder)
    assert workspace.read("dvc.lock") == text
    assert [line.strip(" :") for line in text.splitlines() if line in {f"  {n}:" for n in NAMES}]
