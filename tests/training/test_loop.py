import math

import numpy as np
import pytest
import torch
from torch import nn

from ninefold.errors import InputError
from ninefold.objectives.mse import MSESpec
from ninefold.training import TrainSpec
from ninefold.training.loop import Rows, Watch, train
from ninefold.training.scoring_module import ScoringModule


class Root(nn.Module):
    """Gives sqrt(w), which is not a number once a step too long makes w negative."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor([[0.1]]))

    def forward(self, x: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        return self.w.sqrt().expand(len(x), 1, 1)


def rows(n: int = 32, y: float = 0.2) -> Rows:
    return Rows(
        torch.zeros(n, 1),
        torch.zeros(n, 0, dtype=torch.int64),
        torch.full((n,), y),
        torch.ones(n),
    )


def error(scores: np.ndarray) -> float:
    return float(np.abs(scores - 0.2).mean())


def run(**fields: object):
    torch.manual_seed(0)
    module = ScoringModule(Root(), MSESpec())
    spec = TrainSpec.model_validate({"warmup": 0, "epochs": 6, "batch_size": 8, **fields})
    return module, train(module, rows(), rows(), Watch(error, False), spec)


def test_not_a_number_brings_the_best_weights_back_with_half_the_learning_rate():
    module, outcome = run(lr=0.2)
    assert outcome.retries >= 1
    assert outcome.history[-1].lr <= 0.1
    assert module.network.w.item() == pytest.approx(0.04, abs=0.03)


def test_it_gives_up_after_two_retries_in_one_line():
    with pytest.raises(InputError, match=r"Lower train\.lr") as caught:
        run(lr=1.0)
    assert "\n" not in str(caught.value)


def test_values_that_should_fall_are_watched_the_right_way_round():
    _, outcome = run(lr=0.001)
    metrics = [epoch.metric for epoch in outcome.history]
    assert metrics == sorted(metrics, reverse=True)
    assert outcome.best_epoch == len(metrics)


def test_min_delta_ignores_small_improvements():
    _, outcome = run(lr=1e-5, min_delta=0.01, patience=2)
    assert outcome.best_epoch == 1
    assert len(outcome.history) == 3


def test_rest_smaller_than_a_batch_is_left_out_unless_it_is_all():
    assert [len(batch) for batch in rows(10).batches(4)] == [4, 4]
    assert [len(batch) for batch in rows(3).batches(4)] == [3]


@pytest.mark.parametrize(("value", "expected"), [(0.5, -0.5), (math.nan, -2.0)])
def test_undefined_metric_leaves_the_loss_to_watch(value, expected):
    assert Watch(error, False).goal(value, 2.0) == expected
