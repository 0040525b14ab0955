"""`prefect.yaml` deploys every flow to a work pool; a worker of the pool runs them."""

import importlib
import inspect
import shutil
import subprocess
import sys
from pathlib import Path

from flows.zombies import FLOWS
from ninefold.config import read_yaml
from tests.flows.test_run import ask
from tests.flows.test_schedule import until
from tests.pipelines import Workspace, environment

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = """\
stages:
  make:
    cmd: cp input.txt out.txt
    deps: [input.txt]
    outs: [out.txt]
"""
POOL = "ninefold"


def test_every_flow_is_deployed_with_parameters_it_takes():
    declared = read_yaml(ROOT / "prefect.yaml")["deployments"]
    found = {}
    for item in declared:
        module, _, name = item["entrypoint"].rpartition(".")
        flow = getattr(importlib.import_module(module), name)
        found[flow.name] = item["parameters"]
        inspect.signature(flow.fn).bind(**item["parameters"])
    assert sorted(found) == sorted(FLOWS)
    assert {item["work_pool"]["name"] for item in declared} == {POOL}


def prefect(folder, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
        cwd=folder,
        env=environment() | {"PREFECT_WORKER_QUERY_SECONDS": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_worker_of_the_pool_runs_what_was_deployed(server, tmp_path):
    workspace = Workspace(tmp_path / "pooled", PIPELINE)
    workspace.write("params.yaml", "validate: {}\n")
    shutil.copy(ROOT / "prefect.yaml", workspace.folder)
    ask(server, "work_pools/", name=POOL, type="process")
    prefect(workspace.folder, "deploy", "--all")
    pooled = {"work_pools": {"name": {"any_": [POOL]}}}
    made = {item["entrypoint"]: item for item in ask(server, "deployments/filter", **pooled)}
    assert len(made) == len(FLOWS)
    assert not any(schedule["active"] for item in made.values() for schedule in item["schedules"])
    training = made["flows.training.training"]
    assert training["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    run = ask(server, f"deployments/{training['id']}/create_flow_run", state={"type": "SCHEDULED"})
    prefect(workspace.folder, "worker", "start", "--pool", POOL, "--run-once")

    def ended():
        found = ask(server, "flow_runs/filter", flow_runs={"id": {"any_": [run["id"]]}})[0]
        return found if found["end_time"] else None

    state = until(ended)["state"]
    assert state["name"] == "Completed", state["message"]
    assert workspace.read("out.txt") == "data\n"
