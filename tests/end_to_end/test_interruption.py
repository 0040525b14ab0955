"""Interrupted or killed in any stage, through either door: the next run gives the same bytes."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests import forking
from tests.end_to_end.commands import TRACEBACK, ninefold
from tests.end_to_end.tables import messy, write
from tests.end_to_end.workspaces import digests, stages, temporary
from tests.pipelines import DVC, environment

HOLDING = Path(__file__).with_name("holding")
LAST = {
    "report": "report.html",
    "export": "model.onnx",
    "evaluate": "plots",
    "crossvalidate": "training_cost.json",
    "train": "diagnosis.json",
    "baselines": "baselines.json",
    "explore": "reference.json",
    "audit": "leakage.json",
    "split": "manifest.json",
    "featurize": "featurize.onnx",
    "validate": "quality.json",
    "ingest": "profile.json",
}
"""Stage -> what it writes last; the last stage first, so that each finds what it reads."""
DOORS = {
    ("ninefold", "run", "--force"): "goes on from here",
    ("dvc", "repro", "--force", "--single-item"): "nothing half-written was left",
}
"""Door -> what it says; the process in it that is killed is `tasks` (a flow's is in test_run)."""
RUN, REPRO = DOORS
STAGES = list(LAST)
BARE = ("tasks",)
SOME = {
    RUN: ["evaluate", "validate"],
    REPRO: ["export", "ingest"],
    BARE: ["report", "evaluate", "train", "audit", "split", "ingest"],
}
"""Door -> stages interrupted in it, and killed without one; a thorough round has all in each."""
BY_DVC = 4
"""How many stages DVC computes after that, before `ninefold run` computes the others."""


def in_place(workspace, name):
    return [p for p in workspace.rglob(name) if not p.parent.name.endswith(".tmp")]


def take_away(paths):
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def interrupt(command, cwd, at, number):
    """Signal a command and its children when it is about to put `at` in place."""
    mark = cwd.parent / f"{cwd.name}.held"
    mark.unlink(missing_ok=True)
    settings = {
        **environment(),
        "PYTHONPATH": os.pathsep.join([str(HOLDING), os.environ.get("PYTHONPATH", "")]),
        "HOLD_AT": at,
        "HELD": str(mark),
    }
    process = forking.Process(*command, cwd=cwd, env=settings)
    limit = time.monotonic() + 240
    while not mark.exists() and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.02)
    process.end(number)
    out, error = process.communicate(60)
    assert mark.exists(), f"{command} never wrote {at}: {out}{error}"
    return process.returncode, error


def test_no_stage_is_left_out(finished):
    assert list(LAST)[::-1] == stages(finished)


def own(workspace, at):
    """Return the temporary folders of one output."""
    return [path for path in temporary(workspace) if path.name.startswith(f".{at}.")]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "interrupted",
    [SOME, pytest.param(dict.fromkeys((*DOORS, BARE), STAGES), marks=pytest.mark.thorough)],
    ids=["some", "all"],
)
def test_every_stage_may_be_killed_and_interrupted(interrupted, server, finished, tmp_path):
    workspace = tmp_path / "w"
    shutil.copytree(finished, workspace)
    for stage, at in LAST.items():
        take_away(in_place(workspace, at))
        for door in [door for door in DOORS if stage in interrupted[door]]:
            code, error = interrupt([*door, stage], workspace, at, signal.SIGINT)
            assert code != 0
            assert TRACEBACK not in error
            said = [DOORS[door] in line for line in error.splitlines()]
            assert said.count(True) == 1, error
            assert not own(workspace, at)
        if stage in interrupted[BARE]:
            interrupt([*BARE, stage], workspace, at, signal.SIGKILL)
        assert not in_place(workspace, at), stage
    shutil.rmtree(workspace / ".dvc" / "cache")
    first = STAGES[-BY_DVC]
    subprocess.run([*DVC, "repro", "-q", first], cwd=workspace, env=environment(), check=True)
    said = ninefold("run", cwd=workspace).stdout
    assert f"{BY_DVC} cached, {len(LAST) - BY_DVC} executed" in said
    assert digests(workspace) == digests(finished)
    assert not temporary(workspace)


def test_what_a_killed_stage_left_goes_even_if_nothing_is_to_do(finished, tmp_path):
    workspace = tmp_path / "w"
    shutil.copytree(finished, workspace)
    interrupt([*REPRO, "report"], workspace, "report.html", signal.SIGKILL)
    assert temporary(workspace)
    ninefold("report", cwd=workspace)
    assert not temporary(workspace)
    assert digests(workspace) == digests(finished)


@pytest.mark.parametrize(
    ("at", "number"),
    [
        ("config", signal.SIGKILL),
        ("params.yaml", signal.SIGINT),
        pytest.param("config", signal.SIGINT, marks=pytest.mark.thorough),
        pytest.param("params.yaml", signal.SIGKILL, marks=pytest.mark.thorough),
    ],
)
def test_init_may_be_interrupted(tmp_path, at, number):
    write(messy(160, "binary"), tmp_path / "rows.csv")
    given = ["init", tmp_path / "rows.csv", "--target", "y", "--into", tmp_path / "w", "--yes"]
    code, error = interrupt(["ninefold", *given], tmp_path, at, number)
    assert code != 0
    if number == signal.SIGINT:
        assert error.splitlines() == ["ninefold: interrupted; nothing half-written was left"]
        assert not (tmp_path / "w").exists()
    ninefold(*given, cwd=tmp_path)
    assert subprocess.run([*DVC, "status"], cwd=tmp_path / "w", env=environment()).returncode == 0
    assert {p.name for p in (tmp_path / "w").iterdir()} == {
        ".dvc", ".dvcignore", ".gitattributes", ".gitignore", "dvc.yaml", "expectations",
        "params.yaml", "test_ledger.jsonl",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("command", "at"),
    [
        (["predict", "models/model.onnx", "rows.csv", "scored.csv"], "scored.csv"),
        pytest.param(["audit"], "leakage.json", marks=pytest.mark.thorough),
    ],
    ids=["predict", "audit"],
)
def test_other_commands_may_be_interrupted(finished, tmp_path, command, at):
    workspace = tmp_path / "w"
    shutil.copytree(finished, workspace)
    (workspace / "dvc.lock").unlink()
    shutil.rmtree(workspace / ".dvc" / "cache")
    code, error = interrupt(["ninefold", *command], workspace, at, signal.SIGINT)
    assert code == 130
    assert TRACEBACK not in error
    assert error.splitlines()[-1] == "ninefold: interrupted; nothing half-written was left"
    assert not in_place(workspace, at)
    assert not temporary(workspace)
    ninefold(*command, cwd=workspace)
    assert in_place(workspace, at)
