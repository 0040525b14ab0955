"""A finding, the automation that starts a retrain, and what is left where the finder is killed."""

import contextlib
import shutil
import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from ninefold import journal
from ninefold.config import validate
from ninefold.errors import GateError
from tests.flows.test_monitor import PIPELINE, run
from tests.flows.test_run import ask
from tests.monitoring.models import watched
from tests.monitoring.test_watch import larger
from tests.pipelines import Workspace, environment
from tests.serving.models import table
from tests.test_scoring import written

RETRAIN = "monitor: {{retrain: {{on: block, cooldown: {cooldown}, most: {most}}}}}\n"
SCHEDULE = {"monitor": {"every": "1d", "data": ["bad.csv"]}}
KILLED = """\
import os, signal, sys
from importlib import import_module

folder, training, module, name = sys.argv[1:]
setattr(import_module(module), name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
from flows.monitoring import monitor

monitor(folder, ["bad.csv"], training=training)
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return watched(tmp_path_factory.mktemp("model") / "model.onnx")


@pytest.fixture
def workspace(tmp_path, model):
    made = Workspace(tmp_path / "drifting", PIPELINE)
    made.write("params.yaml", RETRAIN.format(cooldown="1h", most=3))
    (made.folder / "models").mkdir()
    shutil.copy(model, made.folder / "models")
    written(larger(table(600, 2)), made.folder / "bad.csv")
    return made


@pytest.fixture
def training(server, workspace):
    """The training deployment as `ninefold schedule` makes it: nobody works on its runs."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.schedules import deployments

    made = deployments(workspace.folder, validate("schedule", SCHEDULE), retrains=True)[0]
    with temporary_settings({PREFECT_API_URL: server}):
        made.apply()
        yield f"training/{made.name}"
    for one in automations(server, f"training/{made.name}"):
        ask(server, f"automations/{one['id']}", method="DELETE")


def automations(server, training):
    made = ask(server, "automations/filter", limit=200)
    return [one for one in made if one["name"].endswith(training)]


def runs(server, training):
    wanted = {"name": {"any_": [training.removeprefix("training/")]}}
    return ask(server, "flow_runs/filter", deployments=wanted)


def found(workspace, training):
    """Let the monitor flow find drift; return what it says."""
    from flows.monitoring import monitor

    with pytest.raises(GateError) as raised:
        run(monitor, str(workspace.folder), ["bad.csv"], training=training)
    return str(raised.value)


def told(workspace):
    return [line["what"] for line in journal.read(workspace.folder / ".ninefold/retrains.jsonl")]


def test_the_automation_starts_one_retrain_in_a_cool_down(server, workspace, training):
    from flows.retraining import keep_paused, trigger

    (automation,) = automations(server, training)
    path = f"automations/{automation['id']}"
    ask(server, path, method="PATCH", enabled=False)
    assert "is paused" in found(workspace, training)
    assert (runs(server, training), told(workspace)) == ([], [])
    anew = trigger(training)
    keep_paused(training, [anew])
    assert not anew.enabled

    ask(server, path, method="PATCH", enabled=True)
    assert f"retrain started: {training}, by the automation" in found(workspace, training)
    assert "no retrain: the last retrain began" in found(workspace, training)
    (begun,) = runs(server, training)
    assert begun["created_by"]["type"] == "AUTOMATION"
    assert begun["created_by"]["id"] == automation["id"]

    ask(server, path, method="DELETE")
    workspace.write("params.yaml", RETRAIN.format(cooldown="0s", most=3))
    assert f"retrain started: {training}" in found(workspace, training)
    assert [run["tags"] for run in runs(server, training)].count(["because-of-drift"]) == 1
    assert len(runs(server, training)) == 2
    assert told(workspace) == ["start", "run", "put off", "start", "run"]


def test_what_is_found_in_the_cool_down_starts_a_retrain_after_it(server, workspace, training):
    from flows.monitoring import monitor

    def look():
        return run(monitor, str(workspace.folder), ["in"], training=training)

    (workspace.folder / "in").mkdir()
    (workspace.folder / "bad.csv").rename(workspace.folder / "in" / "one.csv")
    with pytest.raises(GateError, match="retrain started"):
        look()
    written(larger(table(600, 3)), workspace.folder / "in" / "two.csv")
    with pytest.raises(GateError, match="no retrain: the last retrain began"):
        look()
    assert look().endswith("in is new")
    workspace.write("params.yaml", RETRAIN.format(cooldown="0s", most=3))
    assert f"retrain started: {training}" in look()
    assert look().endswith("in is new")
    assert told(workspace) == ["start", "run", "put off", "start", "run"]
    assert len(runs(server, training)) == 2


@pytest.mark.thorough
def test_a_monitor_that_is_killed_costs_at_most_a_start_and_never_makes_two(
    server, workspace, training
):
    workspace.write("params.yaml", RETRAIN.format(cooldown="0s", most=3))

    def killed(module, name):
        command = [sys.executable, "-c", KILLED, str(workspace.folder), training, module, name]
        assert subprocess.run(command, env=environment()).returncode == -signal.SIGKILL
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(workspace.folder / "reports")
        return len(runs(server, training)), told(workspace)

    # before the page is written: nothing was asked for
    assert killed("tasks.watching", "render") == (0, [])
    # the start is written down, its event not raised
    assert killed("flows.reacting", "emit_event") == (0, ["start"])
    # the automation began the run, which is not written down
    assert killed("ninefold.monitoring.budget", "note") == (1, ["start", "start"])
    assert "retrain started" in found(workspace, training)
    assert told(workspace) == ["start", "start", "start", "run"]
    assert "the budget is 3" in found(workspace, training)
    begun = [run["created_by"]["type"] for run in runs(server, training)]
    assert begun == ["AUTOMATION", "AUTOMATION"]
    assert (workspace.folder / "reports" / "monitor" / "monitor.json").is_file()


def test_a_start_whose_event_was_lost_is_given_back_once_none_can_come_of_it(
    server, workspace, training, monkeypatch
):
    from flows import reacting, retraining

    with monkeypatch.context() as lossy:
        lossy.setattr(reacting, "emit_event", lambda *_, **__: None)
        lossy.setattr(retraining, "START_TIMEOUT_S", 0.5)
        assert "has not begun one yet" in found(workspace, training)
    assert "no retrain: the last retrain began" in found(workspace, training)
    monkeypatch.setattr(retraining, "LOST_AFTER", timedelta(0))
    assert "retrain started" in found(workspace, training)
    assert told(workspace) == ["start", "event", "put off", "none", "start", "run"]
    assert "no retrain: the last retrain began" in found(workspace, training)
    # a run that began, and that nobody wrote down, is not given back
    path = workspace.folder / ".ninefold/retrains.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-2]))
    assert "no retrain: the last retrain began" in found(workspace, training)
    assert told(workspace) == ["start", "event", "put off", "none", "start", "run", "put off"]
    assert len(runs(server, training)) == 1


def test_a_retrain_waits_for_another_training(server, workspace, training):
    from flows.monitoring import monitor

    def enter(run, type_):
        return ask(server, f"flow_runs/{run['id']}/set_state", state={"type": type_})["status"]

    def begun():
        deployment = ask(server, f"deployments/name/{training}", method="GET")
        run = ask(server, f"deployments/{deployment['id']}/create_flow_run")
        assert enter(run, "PENDING") == "ACCEPT"
        return run

    def look():
        return run(monitor, str(workspace.folder), ["in"], training=training)

    (workspace.folder / "in").mkdir()
    (workspace.folder / "bad.csv").rename(workspace.folder / "in" / "one.csv")
    other = begun()
    with pytest.raises(GateError, match="no retrain: another training goes on; it is put off"):
        look()
    assert look().endswith("in is new")
    enter(other, "COMPLETED")
    assert f"retrain started: {training}" in look()
    # another one begins before it
    (asked,) = [run for run in runs(server, training) if run["id"] != other["id"]]
    other = begun()
    assert enter(asked, "PENDING") == "REJECT"
    assert look().endswith("in is new")
    enter(other, "COMPLETED")
    assert f"retrain started: {training}" in look()
    assert told(workspace) == ["put off", "start", "run", "none", "start", "run"]
    assert look().endswith("in is new")
