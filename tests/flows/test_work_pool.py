"""`prefect.yaml` deploys every flow to a work pool; a worker of the pool runs them."""

import importlib
import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from prefect.utilities.templating import apply_values

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


WORKERS = {
    "process": ("prefect.workers.process", "ProcessWorker"),
    "docker": ("prefect_docker.worker", "DockerWorker"),
    "kubernetes": ("prefect_kubernetes.worker", "KubernetesWorker"),
}
POOLS = read_yaml(ROOT / "docs" / "work_pools.yaml")


def joined(mine, theirs):
    """Return a template with what is said of it, nested keys put beside one another."""
    both = {**mine, **theirs}
    nested = [key for key in theirs if isinstance(mine.get(key), dict)]
    return both | {key: joined(mine[key], theirs[key]) for key in nested}


@pytest.mark.parametrize("pool", POOLS)
def test_what_is_said_of_a_pool_fits_its_job_template(pool):
    module, name = WORKERS[pool.removesuffix("_gpu")]
    worker = getattr(pytest.importorskip(module), name)
    template, said = worker.get_default_base_job_template(), POOLS[pool]
    values, known = said["job_variables"], template["variables"]
    assert not set(values) - set(known["properties"])
    jsonschema.validate(values, known)
    job = template["job_configuration"]
    if "pod" in said:
        pod = job["job_manifest"]["spec"]["template"]["spec"]
        [container] = pod["containers"]
        pod |= joined(pod, said["pod"]) | {"containers": [joined(container, said["container"])]}
    defaults = {k: v["default"] for k, v in known["properties"].items() if v.get("default")}
    made = worker.job_configuration(**apply_values(job, defaults | values))
    assert made.env == values.get("env", {})
    if pool == "docker_gpu":
        from docker.models.containers import _create_container_args

        given = _create_container_args({"version": "1.43", **made.container_create_kwargs})
        assert given["host_config"]["DeviceRequests"][0]["Capabilities"] == [["gpu"]]
    if pool == "kubernetes_gpu":
        [container] = made.job_manifest["spec"]["template"]["spec"]["containers"]
        limits = {"memory": "32Gi", "nvidia.com/gpu": "1"}
        assert container["resources"]["limits"] == limits
        assert container["image"] == values["image"]


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


@pytest.mark.thorough
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
    (automation,) = ask(server, "automations/filter", automations={"tags": None}, limit=200)
    assert automation["trigger"]["match"]["ninefold.retrain"] == "training/ninefold"
    assert training["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    run = ask(server, f"deployments/{training['id']}/create_flow_run", state={"type": "SCHEDULED"})
    prefect(workspace.folder, "worker", "start", "--pool", POOL, "--run-once")

    def ended():
        found = ask(server, "flow_runs/filter", flow_runs={"id": {"any_": [run["id"]]}})[0]
        return found if found["end_time"] else None

    state = until(ended)["state"]
    assert state["name"] == "Completed", state["message"]
    assert workspace.read("out.txt") == "data\n"
