"""`ninefold run` as a process, against one server, and once with its own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http import HTTPStatus

import psutil
import pytest

from tests import forking
from tests.pipelines import DIAMOND, NAMES, Workspace, environment
from tests.rounds import quick


def ninefold(workspace, *arguments, **more):
    settings = {**environment(), **more}
    return forking.run("ninefold", *arguments, cwd=workspace.folder, env=settings, timeout_s=200)


BUSY_S = 60
"""How long a server is asked again that is too busy, as Prefect's own clients do."""


def ask(server, path, *, method="POST", **body):
    request = urllib.request.Request(
        f"{server}/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
        method=method,
    )
    ends = time.monotonic() + BUSY_S
    while True:
        try:
            with urllib.request.urlopen(request) as answer:
                return json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > ends:
                raise
        time.sleep(0.5)


def last_run(server, workspace):
    """Return the newest flow run in a workspace and the state name of each of its tasks."""
    runs = ask(server, "flow_runs/filter", sort="START_TIME_DESC", limit=50)
    run = next(r for r in runs if r["parameters"].get("workspace") == str(workspace.folder))
    tasks = ask(server, "task_runs/filter", flow_runs={"id": {"any_": [run["id"]]}})
    return run, {task["name"]: task["state"]["name"] for task in tasks}, tasks


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "w")


def test_states_tell_executed_cached_and_restored_apart(server, workspace):
    done = ninefold(workspace, "run")
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 executed" in done.stdout
    assert last_run(server, workspace)[1] == dict.fromkeys(NAMES, "Executed")
    assert workspace.is_clean()
    (workspace.folder / "left.txt").unlink()
    done = ninefold(workspace, "run")
    assert "3 cached, 1 restored" in done.stdout
    run, states, _ = last_run(server, workspace)
    assert states == {"source": "Cached", "left": "Restored", "right": "Cached", "join": "Cached"}
    assert run["state"]["name"] == "Completed"
    workspace.set_param("right", 9)
    assert "2 cached, 2 executed" in ninefold(workspace, "run").stdout
    workspace.dvc("repro")
    assert workspace.take_ran() == sorted([*NAMES, "join", "right"])


@pytest.mark.thorough
def test_no_more_stages_at_once_than_cores_or_two(server, workspace):
    step = "mkdir r{0}; ls -d r? | wc -l >> seen; sleep 1; rmdir r{0}; echo > o{0}"
    stages = [f"  s{n}:\n    cmd: {step.format(n)}\n    outs: [o{n}]\n" for n in range(4)]
    workspace.write("dvc.yaml", "stages:\n" + "".join(stages))
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        done = ninefold(workspace, "run")
    finally:
        os.sched_setaffinity(0, allowed)
    assert "4 executed" in done.stdout, done.stderr
    assert max(map(int, (workspace.folder / "seen").read_text().split())) == 2


def test_a_gate_ends_with_3_and_nothing_downstream_runs(server, workspace):
    gate = DIAMOND.replace(
        "cmd: sh step.sh left left.txt a.txt",
        "cmd: \"cp a.txt left.txt; echo 'row 7 is wrong' >&2; exit 3\"\n    meta: {retries: 2}",
    )
    workspace.write("dvc.yaml", gate)
    done = ninefold(workspace, "run")
    assert done.returncode == 3
    assert done.stderr == "ninefold: left: row 7 is wrong\n"
    assert workspace.take_ran() == ["right", "source"]
    run, states, tasks = last_run(server, workspace)
    assert run["state"]["name"] == "Gate stopped"
    assert states == {
        "source": "Executed",
        "left": "Gate stopped",
        "right": "Executed",
        "join": "NotReady",
    }
    assert {task["name"]: task["run_count"] for task in tasks}["left"] == 1


def test_a_failing_source_is_tried_again(server, workspace):
    flaky = DIAMOND.replace(
        "cmd: sh step.sh source a.txt input.txt",
        'cmd: "echo x >> tries; test $(wc -l < tries) -ge 3 && cp input.txt a.txt"\n'
        "    meta: {retries: 2}",
    )
    workspace.write("dvc.yaml", flaky)
    done = ninefold(workspace, "run")
    assert done.returncode == 0, done.stderr
    tasks = last_run(server, workspace)[2]
    assert {task["name"]: task["run_count"] for task in tasks}["source"] == 3
    assert workspace.is_clean()


def test_a_failure_that_stays_is_one_line(server, workspace):
    workspace.write("dvc.yaml", DIAMOND.replace("sh step.sh left", "exit 9; sh step.sh left"))
    done = ninefold(workspace, "run")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["ninefold: left: its command ended with code 9"]


def test_wrong_input_is_found_before_anything_runs(server, workspace):
    assert ninefold(workspace, "run", "lft").stderr.count("did you mean `left`") == 1
    workspace.write("params.yaml", "source: [\n")
    done = ninefold(workspace, "run")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert workspace.take_ran() == []


@pytest.mark.thorough
def test_a_damaged_dvc_lock_heals(server, workspace):
    ninefold(workspace, "run")
    lock = workspace.read("dvc.lock")
    workspace.write("dvc.lock", lock[:120])
    done = ninefold(workspace, "run")
    assert done.returncode == 0, done.stderr
    assert "dvc.lock was damaged" in done.stdout
    assert workspace.read("dvc.lock") == lock


REPORTS = """\
stages:
  make:
    cmd: sh make.sh
    deps: [make.sh]
    outs: [reports/report.html, reports/docs, reports/leakage.json, reports/quality.json]
    metrics:
      - reports/metrics.json: {cache: false}
"""
MAKE = """\
mkdir -p reports/docs
echo '<p>' > reports/report.html; echo '<p>' > reports/docs/index.html
echo '{"test": {"auc": 0.75}}' > reports/metrics.json
echo '{"verdict": "warn", "findings": [{"kind": "rows.a", "severity": "warn",
 "columns": ["x"], "rows": [1], "message": "m", "remedy": "r"}]}' > reports/leakage.json
echo '{"broken": 1}' > reports/quality.json
"""


def test_reports_become_artifacts_and_a_summary(server, workspace):
    workspace.write("dvc.yaml", REPORTS)
    workspace.write("make.sh", MAKE)
    done = ninefold(workspace, "run")
    assert done.returncode == 0, done.stderr
    run = last_run(server, workspace)[0]
    found = ask(server, "artifacts/filter", flow_runs={"id": {"any_": [run["id"]]}})
    shown = {item["key"]: item["data"] for item in found}
    assert set(shown) == {"make-report", "make-docs", "make-metrics", "make-leakage"}
    assert (workspace.folder / "reports/docs/index.html").as_uri() in shown["make-docs"]
    assert json.loads(shown["make-metrics"]) == [{"metric": "auc", "test": 0.75}]
    assert "warn (1 warn)" in done.stdout
    assert "test.auc 0.75" in done.stdout
    assert "reports/report.html" in done.stdout


@pytest.mark.thorough
def test_push_lets_another_clone_restore(server, workspace, tmp_path):
    done = ninefold(workspace, "run", "--push")
    assert done.returncode == 2
    assert "dvc remote add" in done.stderr
    workspace.dvc("remote", "add", "--default", "store", str(tmp_path / "store"))
    assert ninefold(workspace, "run", "--push").returncode == 0
    other = Workspace(tmp_path / "other")
    done = ninefold(other, "run", "--pull")
    assert done.returncode == 2
    assert "must be set to pull" in done.stderr
    other.dvc("remote", "add", "--default", "store", str(tmp_path / "store"))
    other.write("dvc.lock", workspace.read("dvc.lock"))
    assert "4 cached" in ninefold(other, "run", "--pull").stdout
    (other.folder / "dvc.lock").unlink()
    assert "4 restored" in ninefold(other, "run", "--pull").stdout


def start(workspace, **more):
    return subprocess.Popen(
        [sys.executable, "-m", "ninefold", "run"],
        cwd=workspace.folder,
        env={**environment(), **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(path):
    limit = time.monotonic() + 100
    while not path.exists():
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.mark.thorough
def test_ctrl_c_is_one_line_and_the_next_run_goes_on(server, workspace):
    slow = DIAMOND.replace("cmd: sh step.sh left", "cmd: touch begun; sleep 77; sh step.sh left")
    workspace.write("dvc.yaml", slow)
    process = start(workspace)
    wait_for(workspace.folder / "begun")
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert [line for line in said.splitlines() if line] == [
        "ninefold: interrupted; `ninefold run` goes on from here"
    ]
    assert not [p for p in psutil.process_iter() if is_running(p, ["sleep", "77"])]
    assert last_run(server, workspace)[0]["state"]["name"] == "Interrupted"
    workspace.write("dvc.yaml", DIAMOND)
    assert ninefold(workspace, "run").returncode == 0
    assert workspace.is_clean()


def is_running(process, command):
    try:
        return process.cmdline() == command
    except psutil.Error:
        return False


def test_with_its_own_server_kill_9_leaves_no_orphan(server, workspace):
    process = start(workspace, PREFECT_API_URL="")
    wait_for(workspace.folder / "a.txt")
    children = psutil.Process(process.pid).children(recursive=True)
    assert any("flows.server" in child.cmdline() for child in children)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    psutil.wait_procs(children, timeout=5)
    assert not [child for child in children if child.is_running()]
    assert ninefold(workspace, "run").returncode == 0
    assert workspace.is_clean()


@pytest.mark.thorough
def test_a_killed_run_is_not_shown_as_running_for_ever(server, workspace):
    slow = DIAMOND.replace("cmd: sh step.sh left", "cmd: touch begun; sleep 66; sh step.sh left")
    workspace.write("dvc.yaml", slow)
    process = start(workspace)
    wait_for(workspace.folder / "begun")
    killed = last_run(server, workspace)[0]["id"]
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    for child in [p for p in psutil.process_iter() if is_running(p, ["sleep", "66"])]:
        child.kill()
    workspace.write("dvc.yaml", DIAMOND)
    assert ninefold(workspace, "run").returncode == 0
    runs = ask(server, "flow_runs/filter", flow_runs={"id": {"any_": [killed]}})
    assert runs[0]["state"]["type"] == "CRASHED"


@pytest.mark.parametrize("command", quick("run", of=["schedule"]))
def test_a_server_that_does_not_answer_is_one_line(workspace, command):
    workspace.write("params.yaml", "schedule:\n  training: {every: 1h}\n")
    url = "http://127.0.0.1:9/api"
    done = ninefold(workspace, command, PREFECT_API_URL=url)
    assert done.returncode == 1
    assert f"however: {url}: " in done.stderr
    assert "PREFECT_API_URL must name" in done.stderr
    assert len(done.stderr.splitlines()) == 1
