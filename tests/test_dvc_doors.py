"""DVC's own commands on a workspace under Git, as its users expect them."""

import json
import sys

import pytest

from tasks import engine, remote
from tests.pipelines import Workspace

PIPELINE = """\
stages:
  fit:
    cmd: sh fit.sh
    deps: [fit.sh, input.txt]
    params: [fit]
    outs: [model.txt]
    metrics:
      - metrics.json: {cache: false}
    plots:
      - curve.csv: {x: step, y: loss}
"""
FIT = """\
lr=$(sed -n 's/^  lr: //p' params.yaml)
echo "$lr" > model.txt
echo "{\\"score\\": $lr}" > metrics.json
printf 'step,loss\\n0,1\\n1,%s\\n' "$lr" > curve.csv
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("doors") / "w", PIPELINE, git=True)
    workspace.write("params.yaml", "fit:\n  lr: 0.1\n")
    workspace.write("fit.sh", FIT)
    engine.run_stages(workspace.folder)
    workspace.run("git", "add", "-A")
    workspace.run("git", "commit", "-q", "-m", "first")
    return workspace


def test_git_holds_no_outputs_and_is_clean_after_a_second_run(workspace):
    tracked = workspace.run("git", "ls-files").stdout.split()
    assert "dvc.lock" in tracked
    assert "metrics.json" in tracked
    assert not {"model.txt", "curve.csv"} & set(tracked)
    engine.run_stages(workspace.folder)
    assert workspace.run("git", "status", "--porcelain").stdout == ""


def test_differences_of_params_and_metrics_are_shown(workspace):
    workspace.write("params.yaml", "fit:\n  lr: 0.2\n")
    engine.run_stages(workspace.folder)
    params = json.loads(workspace.dvc("params", "diff", "--json"))
    assert params["params.yaml"]["fit.lr"]["new"] == 0.2
    metrics = json.loads(workspace.dvc("metrics", "diff", "--json"))
    assert metrics["metrics.json"]["score"]["diff"] == pytest.approx(0.1)
    workspace.write("params.yaml", "fit:\n  lr: 0.1\n")
    assert engine.run_stages(workspace.folder) == {"fit": "restored"}
    assert workspace.run("git", "status", "--porcelain").stdout == ""


def test_plots_are_written(workspace):
    workspace.dvc("plots", "show", "--out", "../plots")
    assert "curve.csv" in (workspace.folder.parent / "plots" / "index.html").read_text()


def test_an_experiment_runs_with_another_param_and_is_unchanged_here(workspace):
    workspace.dvc("exp", "run", "-S", "fit.lr=0.3")
    assert json.loads(workspace.read("metrics.json")) == {"score": 0.3}
    assert engine.run_stages(workspace.folder) == {"fit": "unchanged"}
    assert '"fit": {"lr": 0.3}' in workspace.dvc("exp", "show", "--json")
    workspace.run("git", "checkout", "-q", ".")
    assert engine.run_stages(workspace.folder) == {"fit": "restored"}


def test_a_fresh_clone_pulls_and_computes_nothing(workspace, tmp_path):
    workspace.dvc("remote", "add", "--local", "--default", "--force", "s", str(tmp_path / "store"))
    remote.push(workspace.folder)
    clone = object.__new__(Workspace)
    clone.folder = tmp_path / "clone"
    workspace.run("git", "clone", "-q", ".", str(clone.folder))
    clone.dvc("remote", "add", "--local", "--default", "s", str(tmp_path / "store"))
    clone.dvc("pull")
    assert engine.run_stages(clone.folder) == {"fit": "unchanged"}
    assert clone.read("model.txt") == workspace.read("model.txt")


def test_the_interpreter_of_the_tests_has_dvc(workspace):
    assert workspace.run(sys.executable, "-m", "dvc", "--version").stdout.startswith("3.67")
