"""Jobs on a Ray cluster give what they give here; a worker that is killed costs none."""

import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from ninefold import ray_cluster
from ninefold.cluster import connected, mapped
from ninefold.errors import ConfigError
from ninefold.files import jsonable
from ninefold.scoring.job import JobSpec, score_files
from tests.crossvalidation.test_crossvalidate import compared
from tests.serving.models import build, table
from tests.test_scoring import written
from tests.tuning.studies import study

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module", autouse=True)
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def doubled(shared, job):
    return shared + 2 * job


def killed_once(shared, job):
    """Take the worker away the first time."""
    mark = Path(shared) / str(job)
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def stuck_there(shared, job):
    """Take for ever anywhere but in the process `shared`."""
    if os.getpid() != shared:
        time.sleep(600)
    return job


def refused(shared, job):
    raise ConfigError(f"{shared} {job}")


def test_jobs_come_back_in_order_and_a_killed_worker_costs_none(tmp_path):
    assert list(mapped(doubled, 5, [1, 2, 3], "ray:auto", "here")) == [7, 9, 11]
    assert list(mapped(killed_once, str(tmp_path), [1, 2], "ray:auto", "here")) == [1, 2]


def test_where_no_worker_is_left_the_rest_is_done_here(monkeypatch):
    monkeypatch.setattr(ray_cluster, "GONE_S", 0.1)
    monkeypatch.setattr(ray, "cluster_resources", dict)  # Ray knows of none: it waits for one
    assert list(mapped(stuck_there, os.getpid(), [1, 2, 3], "ray:auto", "here")) == [1, 2, 3]


def test_folds_give_the_same_report():
    here, there = (compared("binary", scheduler=place).report for place in (None, "ray:auto"))
    assert json.dumps(jsonable(here)) == json.dumps(jsonable(there))


def test_rows_are_scored_to_the_same_bytes(tmp_path):
    model = build(tmp_path / "model.onnx")
    source = written(table(2000, 1), tmp_path / "a.csv")
    outputs = []
    for place in (None, "ray:auto"):
        outputs.append(tmp_path / f"{place is None}.parquet")
        score_files(model, [source], outputs[-1], JobSpec(scheduler=place, rows_per_chunk=512))
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


def test_an_address_at_which_nobody_listens_is_told_at_once():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    begun = time.monotonic()
    ray.shutdown()
    with pytest.raises(ConfigError, match=r"that answers, however: 'ray://127.*refused"):
        connected(None, f"ray://127.0.0.1:{port}", "tune.scheduler")
    assert time.monotonic() - begun < 10


def test_errors_of_a_job_are_raised_as_they_are():
    with pytest.raises(ConfigError, match="here 1"):
        list(mapped(refused, "here", [1], "ray:auto", "here"))


def test_trials_give_the_same_values_as_here(tmp_path):
    here = study(tmp_path / "a.log", trials=2)
    there = study(tmp_path / "b.log", trials=2, scheduler="ray:auto")
    assert there["trials"][0]["folds"] == here["trials"][0]["folds"]
    assert [trial["state"] for trial in there["trials"]] == ["complete"] * 2
    with connected(None, "ray:auto", "here") as cluster:
        assert cluster.workers == 2
