"""Rows, folds and trials on a Dask cluster of two workers, of which one is killed each time."""

import json
import operator
import os
import signal

import dask
import distributed
import pytest

from ninefold.cluster import connected
from ninefold.errors import ConfigError
from ninefold.files import jsonable
from ninefold.scoring.job import JobSpec, score_files
from tests.crossvalidation.test_crossvalidate import compared
from tests.serving.models import build, table
from tests.test_scoring import written
from tests.tuning.studies import study
from tests.tuning.test_running import check


@pytest.fixture(scope="module")
def cluster():
    patience = {"distributed.deploy.lost-worker-timeout": "1h"}  # on a busy machine one starts late
    size = {"n_workers": 2, "threads_per_worker": 1}
    with (
        dask.config.set(patience),
        distributed.LocalCluster(**size, dashboard_address=":0", silence_logs=50) as made,
    ):
        yield made


def _doom(owner, name):
    """In a worker: let it be killed by the next call of something."""
    import importlib

    module, _, inner = owner.partition(":")
    held = importlib.import_module(module)
    held = getattr(held, inner) if inner else held

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(held, name, die)


@pytest.fixture
def address(request, cluster):
    """The scheduler's address, one of the workers doomed; both are there again in the end."""
    with distributed.Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        first = sorted(client.scheduler_info(n_workers=-1)["workers"])[0]
        client.run(_doom, *request.param, workers=[first])
        yield cluster.scheduler_address
        client.wait_for_workers(2, timeout=60)
        assert first not in client.scheduler_info(n_workers=-1)["workers"]


def rows(owner, name):
    return pytest.mark.parametrize("address", [(owner, name)], indirect=True, ids=[name])


@rows("ninefold.scoring.chunks:Chunker", "__call__")
def test_rows_are_scored_to_the_same_bytes(address, tmp_path, monkeypatch):
    monkeypatch.setattr("ninefold.scoring.scorer.READ_ROWS", 512)
    model = build(tmp_path / "model.onnx")
    source = written(table(3000, 1), tmp_path / "a.csv")
    more = {"rows_per_part": 1024, "rows_per_chunk": 512, "with_input": True}
    outputs = []
    for place in (None, address):
        outputs.append(tmp_path / f"{place is None}.parquet")
        done = score_files(model, [source], outputs[-1], JobSpec(scheduler=place, **more))
        assert (done.rows, done.failed) == (3000, 0)
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


@rows("ninefold.tuning.work", "work")
def test_trials_are_neither_lost_nor_doubled(address, tmp_path):
    default = study(tmp_path / "here.log", trials=1)["trials"][0]
    check(study(tmp_path / "there.log", trials=4, scheduler=address), default)


@rows("ninefold.crossvalidation.contest:Contest", "run")
def test_folds_give_the_same_report(address):
    here, there = (compared("binary", scheduler=place).report for place in (None, address))
    assert json.dumps(jsonable(here)) == json.dumps(jsonable(there))


def test_where_no_worker_is_left_the_rest_is_done_here(monkeypatch, capfd):
    monkeypatch.setattr("ninefold.beside.CONNECT_TIMEOUT_S", 0.5)
    options = {"threads_per_worker": 1, "processes": False, "dashboard_address": ":0"}
    with distributed.LocalCluster(n_workers=1, silence_logs=50, **options) as made:
        found, other = (connected(3, made.scheduler_address, "here") for _ in range(2))
        assert found.result(found.submit(operator.add, 4), operator.add, 4) == 7
        other.close()  # as when the scheduler has gone
        assert other.submit(operator.add, 6).result() == 9
        made.sync(made.workers[0].close)
        assert found.result(found.submit(operator.add, 5), operator.add, 5) == 8
        assert (found.workers, found.threads) == (1, 1)
        assert found.submit(operator.add, 6).result() == 9
        said = capfd.readouterr().err
        assert said.count("no Dask worker is left: the rest is done in this process") == 2
        with pytest.raises(ConfigError, match=r"here must be the address .* has none"):
            connected(3, made.scheduler_address, "here")
        found.close()


def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("ninefold.beside.CONNECT_TIMEOUT_S", 0.5)
    with pytest.raises(ConfigError, match=r"tune\.scheduler must be the address of a Dask sched"):
        study(tmp_path / "j.log", scheduler="dsk")
    wrong = "tcp://127.0.0.1:9"
    with pytest.raises(ConfigError, match=r"tune\.scheduler must be the address"):
        study(tmp_path / "j.log", scheduler=wrong)
    source = written(table(30, 1), tmp_path / "a.csv")
    model = build(tmp_path / "model.onnx")
    with pytest.raises(ConfigError, match=r"^scheduler must be the address"):
        score_files(model, [source], tmp_path / "b.csv", JobSpec(scheduler=wrong))
