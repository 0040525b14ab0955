"""One network trained by several processes: the same bytes each time, near those of one alone."""

import os
import signal

import distributed
import numpy as np
import psutil
import pytest
import torch

from ninefold.errors import ConfigError
from ninefold.preprocessing import PreprocessSpec
from ninefold.sampling import NoSamplingSpec
from ninefold.training import TrainSpec, fit
from ninefold.training.ranks.leading import Team
from tests.training.samples import parts, problem

PLAIN = {"kind": "mlp", "hidden_size": 16, "num_layers": 1, "dropout": 0.0}


def trained(network=PLAIN, **fields):
    spec = TrainSpec.model_validate({"epochs": 3, "network": network, **fields})
    settings = problem("binary"), NoSamplingSpec(), PreprocessSpec(), spec
    model = fit(*parts("binary", 300, 100), *settings)
    values = [parameter.detach().reshape(-1) for parameter in model.module.parameters()]
    return torch.cat(values).numpy(), model


@pytest.fixture(scope="module")
def two():
    """Two ranks with dropout, undisturbed."""
    return trained(PLAIN | {"dropout": 0.2}, ranks=2)[0]


@pytest.mark.thorough
def test_two_ranks_come_to_what_one_does_but_for_rounding():
    alone, model = trained()
    together, other = trained(ranks=2)
    assert np.abs(alone - together).max() < 1e-4
    assert not np.array_equal(alone, trained(seed=1)[0])
    losses = [[epoch.train_loss for epoch in found.history] for found in (model, other)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_a_rank_that_is_killed_changes_no_bit(two, others, monkeypatch, capfd):
    batches, take = [], Team.take

    def disturbed(team, *given):
        batches.append(None)
        if len(batches) == 12:
            (other,) = others()
            os.kill(other.pid, signal.SIGKILL)
        return take(team, *given)

    monkeypatch.setattr(Team, "take", disturbed)
    assert np.array_equal(trained(PLAIN | {"dropout": 0.2}, ranks=2)[0], two)
    assert len(batches) > 12
    assert "one of 2 ranks has gone; starting them again" in capfd.readouterr().err


def spawned():
    return [c for c in psutil.Process().children() if "spawn_main" in " ".join(c.cmdline())]


@pytest.fixture
def others():
    """What tells which ranks there are; other tests may have left processes of the server's."""
    before = set(spawned())
    return lambda: [child for child in spawned() if child not in before]


@pytest.mark.thorough
def test_ranks_may_be_workers_of_a_dask_cluster(two):
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as cluster:
        fields = {"ranks": 2, "scheduler": cluster.scheduler_address}
        assert np.array_equal(trained(PLAIN | {"dropout": 0.2}, **fields)[0], two)
        with pytest.raises(ConfigError, match=r"train\.ranks must be at most 2 with the workers"):
            trained(ranks=3, scheduler=cluster.scheduler_address)


def test_folds_are_trained_by_one_each(others):
    spec = TrainSpec.model_validate({"epochs": 1, "network": PLAIN, "ranks": 2})
    train, valid = parts("binary", 300, 100)
    fit(train, valid, problem("binary"), NoSamplingSpec(), PreprocessSpec(), spec, fold=0)
    assert not others()
