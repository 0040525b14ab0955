"""`ninefold diagnose`: findings in words, and their changes tried as DVC experiments."""

import json
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import pytest

from ninefold.columns import write_frame
from ninefold.errors import InputError
from tasks.commands import diagnose
from tests.pipelines import Workspace, environment
from tests.training.samples import parts

STAGE = f"""\
stages:
  ingest:
    cmd: cp ../source.txt raw.txt
    deps: [../source.txt]
    outs: [raw.txt]
  train:
    cmd: {sys.executable} -m tasks train
    deps: [raw.txt, train.parquet, valid.parquet]
    params: [problem, sampling, preprocess, train]
    outs: [models/network, reports/diagnosis.json]
"""
PARAMS = """\
problem: {target: y, task: classification}
sampling: {kind: none}
preprocess: {}
train:
  epochs: 12
  lr: 0.5          # far too much
  network: {kind: mlp, hidden_size: 16, num_layers: 2, ensemble_size: 2}
"""

FIX = [{"path": ["train", "lr"], "value": 0.1}]
FINDING = {"kind": "a.b", "message": "m", "remedy": "r", "fix": FIX}
REPORT = {"findings": [FINDING], "looked_for": ["a.b"], "metric": "roc_auc", "valid": 0.5}


def said(capsys, *, tries=False, as_json=False):
    assert diagnose.main(Namespace(json=as_json, tries=tries)) == 0
    return capsys.readouterr().out


def diagnosed(workspace):
    (workspace.folder / "reports").mkdir()
    workspace.write("reports/diagnosis.json", json.dumps(REPORT))


def wait_for(condition, limit_s=120):
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    made = Workspace(tmp_path / "w", STAGE, git=True)
    made.write("params.yaml", PARAMS)
    (tmp_path / "source.txt").write_text("beside the workspace, as where init reads a table")
    for name, frame in zip(("train", "valid"), parts("binary", 400, 300), strict=True):
        write_frame(made.folder / f"{name}.parquet", frame)
    monkeypatch.chdir(made.folder)
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    return made


def test_a_change_that_helps_is_tried_as_an_experiment_and_held(workspace, capsys):
    workspace.dvc("repro", "-q")
    before = workspace.read("params.yaml")
    workspace.run("git", "add", "-A")
    workspace.run("git", "commit", "-qm", "trained")
    assert "learning_rate.too_high: With train.lr 0.5" in said(capsys)
    told = said(capsys, tries=True)
    assert "learning_rate.too_high: the change held: the finding is gone, roc_auc on valid" in told
    assert "`dvc exp apply diagnose-learning-rate-too-high` takes it over" in told
    assert workspace.read("params.yaml") == before
    listed = json.loads(workspace.dvc("exp", "show", "--json"))
    assert "diagnose-learning-rate-too-high" in json.dumps(listed)


@pytest.mark.thorough
def test_an_experiment_ends_with_the_command_that_is_killed(workspace, tmp_path):
    told = tmp_path / "parent"
    program = f"import os, time; open('{told}', 'w').write(str(os.getppid())); time.sleep(60)"
    workspace.write("wait.py", program)
    command = f"{sys.executable} -m tasks train"
    waits = STAGE.replace(command, f"exec {sys.executable} wait.py")
    workspace.write("dvc.yaml", waits.replace("raw.txt, train", "train"))
    diagnosed(workspace)
    workspace.run("git", "add", "-A")
    workspace.run("git", "commit", "-qm", "trained")
    trying = subprocess.Popen([sys.executable, "-m", "ninefold", "diagnose", "--try"])
    wait_for(lambda: told.is_file() and told.read_text())
    trying.kill()
    trying.wait()
    wait_for(lambda: not Path("/proc", told.read_text()).exists(), limit_s=20)


def test_without_a_commit_one_line_says_what_to_do(workspace, capsys):
    diagnosed(workspace)
    assert "  do: r" in said(capsys)
    assert json.loads(said(capsys, as_json=True)) == REPORT
    with pytest.raises(InputError, match="must have a Git commit"):
        said(capsys, tries=True)
    workspace.run("git", "commit", "-q", "--allow-empty", "-m", "some")
    config = workspace.read(".dvc/config")
    workspace.write(".dvc/config", config.replace("[core]", "[core]\n    no_scm = true"))
    with pytest.raises(InputError, match="config --unset"):
        said(capsys, tries=True)


@pytest.mark.parametrize(
    ("findings", "valid", "expected"),
    [
        ([], 0.9, "the change held: the finding is gone, roc_auc on valid 0.8 -> 0.9"),
        ([], 0.7, "the change did not hold: the finding is gone"),
        ([{"kind": "a.b"}], 0.9, "the change did not hold: the finding is still there"),
        ([], None, "the change held: the finding is gone, roc_auc on valid is not known"),
    ],
)
def test_a_change_holds_if_the_finding_is_gone_and_the_metric_no_worse(findings, valid, expected):
    before = {"valid": 0.8, "metric": "roc_auc", "higher_is_better": True}
    assert expected in diagnose.verdict("a.b", before, {"findings": findings, "valid": valid})


def test_a_diagnosis_of_other_params_says_so(tmp_path):
    (tmp_path / "params.yaml").write_text("problem: {target: y}\ntrain: {lr: 0.5}\n")
    assert diagnose.changed_since(tmp_path) == []
    lock = {"problem": {"target": "y"}, "train": {"lr": 0.4}}
    train = {"params": {"params.yaml": lock}, "outs": [{"path": "reports/diagnosis.json"}]}
    (tmp_path / "dvc.lock").write_text(json.dumps({"stages": {"train": train}}))
    assert diagnose.changed_since(tmp_path) == ["train"]
