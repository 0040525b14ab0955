"""`ninefold schedule`: a run that nobody started but the clock; what is wrong is said at once."""

import inspect
import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from urllib.error import URLError

import psutil
import pytest

from flows.commands.schedule import SERVER_GONE
from ninefold.config import validate
from ninefold.errors import ConfigError
from tests.flows.test_run import ask, ninefold
from tests.pipelines import Workspace, environment

ONE_STAGE = """\
stages:
  make:
    cmd: "test -f quick || sleep 600; cp input.txt out.txt"
    deps: [input.txt]
    outs: [out.txt]
"""
LIMIT_S = 150


@pytest.fixture
def workspace(tmp_path):
    made = Workspace(tmp_path / "clockwork", ONE_STAGE)
    made.write("params.yaml", "schedule:\n  training: {every: 10s}\n")
    return made


def home(request, tmp_path):
    """Return a folder for Prefect, its database as an earlier test left it migrated."""
    kept = request.config.cache.mkdir(f"prefect-{version('prefect')}") / "prefect.db"
    if kept.is_file():
        shutil.copy(kept, tmp_path / "prefect.db")
    return {"PREFECT_HOME": str(tmp_path), "PREFECT_RUNNER_POLL_FREQUENCY": "1"}


def until(condition, limit_s=LIMIT_S):
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.5)
    raise AssertionError("nothing happened in time")


def serve(workspace, settings, errors=None):
    """Start `ninefold schedule`; return its process and the address of its server."""
    command = [sys.executable, "-m", "ninefold", "schedule"]
    serving = subprocess.Popen(
        command,
        cwd=workspace.folder,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    )
    lines = [serving.stdout.readline() for _ in range(2)]
    assert lines[0].split() == ["training", "every", "10s"]
    return serving, lines[1].split()[1]


def interrupt(serving, server):
    serving.send_signal(signal.SIGINT)
    assert serving.wait(30) == 130
    serving.stdout.close()
    with pytest.raises((URLError, ConnectionError)):
        ask(server, "flow_runs/filter")


def runs(server, state):
    states = {"state": {"type": {"any_": [state]}}}
    return ask(server, "flow_runs/filter", flow_runs=states, limit=1)


def started_by(serving):
    return psutil.Process(serving.pid).children(recursive=True)


def test_scheduled_runs_fire_also_after_one_was_killed(request, workspace, tmp_path):
    settings = {k: v for k, v in environment().items() if k != "PREFECT_API_URL"}
    settings |= home(request, tmp_path)
    serving, server = serve(workspace, settings)
    until(lambda: runs(server, "RUNNING"))
    refused = subprocess.run(
        serving.args, cwd=workspace.folder, env=settings, capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert "another one does" in refused.stderr
    left = started_by(serving)
    serving.kill()
    serving.wait()
    serving.stdout.close()
    assert not psutil.wait_procs(left, timeout=30)[1]

    workspace.write("quick", "")
    serving, server = serve(workspace, settings)
    (run,) = until(lambda: runs(server, "COMPLETED"))
    said = next(line for line in serving.stdout if "completed after" in line)
    assert "training   completed after" in said
    assert said.endswith("s: 1 executed\n")
    assert run["auto_scheduled"]
    assert run["created_by"]["type"] == "SCHEDULE"
    assert run["deployment_id"]
    assert workspace.read("out.txt") == "data\n"
    assert runs(server, "CRASHED")
    (workspace.folder / "quick").unlink()
    workspace.write("input.txt", "other data\n")
    until(lambda: runs(server, "RUNNING"))
    left = started_by(serving)
    interrupt(serving, server)
    assert not psutil.wait_procs(left, timeout=10)[1]


@pytest.mark.thorough
def test_a_server_that_is_killed_ends_the_command_with_one_line(request, workspace, tmp_path):
    settings = {k: v for k, v in environment().items() if k != "PREFECT_API_URL"}
    with (tmp_path / "said").open("w") as errors:
        serving, server = serve(workspace, settings | home(request, tmp_path), errors)
    until(lambda: runs(server, "RUNNING"))
    left = started_by(serving)
    next(process for process in left if "flows.server" in process.cmdline()).kill()
    with serving.stdout:
        assert serving.wait(30) == 1
    assert (tmp_path / "said").read_text() == f"{SERVER_GONE}\n"
    assert not psutil.wait_procs(left, timeout=10)[1]


WRONG = {
    "": "schedule must say when something runs",
    "training: {every: soon}": "training.every must be a duration",
    "training: {cron: 99 * * * *}": "training.cron must be a cron expression",
    "training: {cron: daily}": "training.cron must have 5 fields",
    "training: {}": "training must hold either cron or every",
    "quality: {every: 1h}": "quality.data` must be given",
    "tuning: {every: 1h, timezone: Mars}": "tuning.timezone must be a time zone",
    "score: {every: 1h, inputs: [a]}": "score.output` must be given",
    "monitor: {every: 1h, data: []}": "monitor.data",
}


@pytest.mark.parametrize("content", [c for c in WRONG if c and "99" not in c])
def test_a_wrong_schedule_is_named(content):
    from ruamel.yaml import YAML

    with pytest.raises(ConfigError, match=WRONG[content]):
        validate("schedule", YAML(typ="safe").load(content))


@pytest.mark.parametrize("content", ["", "training: {cron: 99 * * * *}"])
def test_the_command_refuses_what_cannot_be_served(workspace, content, tmp_path):
    workspace.write("params.yaml", f"schedule: {{{content}}}\n")
    done = ninefold(workspace, "schedule", PREFECT_API_URL="http://127.0.0.1:9/api")
    assert done.returncode == 2
    assert WRONG[content] in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_day_that_never_comes_is_refused(tmp_path):
    from flows.schedules import deployments

    for days, comes in (("31 2", False), ("29 2", True), ("31 4,6,9,11", False)):
        when = validate("schedule", {"training": {"cron": f"0 3 {days} *"}})
        if comes:
            assert deployments(tmp_path, when)
        else:
            with pytest.raises(ConfigError, match="must name a day that comes"):
                deployments(tmp_path, when)


def test_every_flow_of_a_workspace_can_be_deployed(tmp_path):
    from flows.monitoring import monitor
    from flows.quality import quality
    from flows.schedules import deployments
    from flows.scoring import score
    from flows.training import training
    from flows.tuning import tuning

    content = {
        "training": {"cron": "0 3 * * *", "timezone": "Europe/Berlin", "push": True},
        "quality": {"every": "1h", "data": "new.csv", "strict": True},
        "tuning": {"cron": "0 1 * * 0"},
        "score": {"every": "1d", "inputs": ["in"], "output": "out", "keep": ["id"]},
        "monitor": {"every": "2h", "data": ["in"], "labels": "late.csv", "key": "id"},
    }
    made = {d.flow_name: d for d in deployments(tmp_path, validate("schedule", content))}
    assert list(made) == ["training", "quality", "tuning", "score", "monitor"]
    for flow in (training, quality, tuning, score, monitor):
        inspect.signature(flow.fn).bind(**made[flow.name].parameters)
    assert made["score"].parameters["options"] == {"keep": ["id"]}
    assert made["monitor"].parameters["training"] is None
    asked = deployments(tmp_path, validate("schedule", {"monitor": content["monitor"]}), True)
    assert [d.flow_name for d in asked] == ["training", "monitor"]
    assert not asked[0].schedules
    assert [trigger.expect for trigger in asked[0].triggers] == [{"ninefold.drift"}]
    assert not made["training"].triggers
    assert asked[1].parameters["training"] == f"training/{asked[0].name}"
    assert made["quality"].parameters["data"] == os.fspath(tmp_path.resolve() / "new.csv")
    assert made["training"].parameters["push"]
    assert all(deployment.entrypoint.startswith("flows.") for deployment in made.values())
