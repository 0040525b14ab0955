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
    schedule = {"kind": "flat_cos", "warmup": 0}
    spec = TrainSpec.model_validate(
        {"schedule": schedule, "epochs": 6, "batch_size": 8, "weight_decay": 0.02, **fields}
    )
    return module, train(module, rows(), rows(), Watch(error, False), spec)


def test_not_a_number_brings_the_best_weights_back_with_half_the_learning_rate(capsys):
    module, outcome = run(lr=0.2)
    assert outcome.retries >= 1
    assert outcome.history[-1].lr <= 0.1
    assert module.network.w.item() == pytest.approx(0.04, abs=0.03)
    said = "not finite; going on from the best weights at half the learning rate, 0.1"
    assert said in capsys.readouterr().err


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


class Line(nn.Module):
    """Gives w x; asks for far more memory than there is when it gets more than `most` rows."""

    def __init__(self, most: int = 10_000) -> None:
        super().__init__()
        self.most = most
        self.linear = nn.Linear(1, 1)

    def forward(self, x: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        if self.training and len(x) > self.most:
            torch.empty(2**45)
        return self.linear(x).unsqueeze(1)


def fit_line(most: int = 10_000, **fields: object):
    torch.manual_seed(0)
    x = torch.linspace(-1, 1, 20).unsqueeze(1)
    codes = torch.zeros(20, 0, dtype=torch.int64)
    line = Rows(x, codes, 2 * x.squeeze(1) - 0.5, torch.ones(20))
    module = ScoringModule(Line(most), MSESpec())
    spec = TrainSpec.model_validate({"epochs": 30, "lr": 0.1, "batch_size": 20, **fields})
    watch = Watch(lambda scores: float(np.abs(scores[:, 0] - line.y.numpy()).mean()), False)
    return module, train(module, line, line, watch, spec)


def weights(module: nn.Module) -> np.ndarray:
    return np.concatenate([p.detach().numpy().reshape(-1) for p in module.parameters()])


def test_a_batch_worked_off_in_pieces_moves_the_weights_as_the_whole_does():
    whole, pieces = fit_line()[0], fit_line(micro_batch_size=7)[0]
    np.testing.assert_allclose(weights(pieces), weights(whole), rtol=1e-4)


def test_out_of_memory_goes_on_with_smaller_pieces_and_says_so(capsys):
    module, outcome = fit_line(most=6)
    np.testing.assert_allclose(weights(module), weights(fit_line()[0]), rtol=1e-4)
    assert outcome.micro_batch_size == 5
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "going on with 5 at a time and the gradient of all 20" in said[1]


def test_scores_that_do_not_fit_into_memory_are_those_of_fewer_rows_at_a_time(capsys, monkeypatch):
    module, x, codes = fit_line()[0], torch.rand(20, 1), torch.zeros(20, 0, dtype=torch.int64)
    whole, sizes = module.scores(x, codes), []
    linear = module.network.linear.forward

    def hungry(rows: torch.Tensor) -> torch.Tensor:
        sizes.append(len(rows))
        if len(rows) > 6:
            raise RuntimeError("could not create a primitive")
        return linear(rows)

    monkeypatch.setattr(module.network.linear, "forward", hungry)
    for _ in range(2):
        np.testing.assert_allclose(module.scores(x, codes), whole, rtol=1e-6)
    assert sizes == [20, 10, 5, 5, 5, 5, 5, 5, 5, 5]
    assert "scores of 20 rows do not fit into memory" in capsys.readouterr().err


def test_out_of_memory_with_one_row_is_an_error():
    with pytest.raises(RuntimeError, match="memory"):
        fit_line(most=0)


def test_averaged_weights_are_what_is_watched_and_kept():
    module, outcome = fit_line(ema=0.9)
    assert not np.allclose(weights(module), weights(fit_line()[0]), rtol=1e-4)
    with torch.no_grad():
        x = torch.linspace(-1, 1, 20).unsqueeze(1)
        values = module.network.linear(x).squeeze(1)
    error = float((values - 2 * x.squeeze(1) + 0.5).abs().mean())
    best = outcome.history[outcome.best_epoch - 1]
    assert best.metric == pytest.approx(error, rel=1e-5)


def test_lbfgs_takes_all_rows_at_once_and_fits_a_line_in_a_few_epochs():
    module, outcome = fit_line(optimizer={"kind": "lbfgs"}, lr=1.0, epochs=4, batch_size=5)
    np.testing.assert_allclose(weights(module), [2.0, -0.5], atol=1e-3)
    assert outcome.history[-1].valid_loss < 1e-6


def test_plateau_lowers_the_learning_rate_when_nothing_improves():
    schedule = {"kind": "plateau", "patience": 1, "gamma": 0.1, "warmup": 0}
    _, outcome = run(lr=0.01, schedule=schedule, min_delta=0, epochs=12)
    rates = [epoch.lr for epoch in outcome.history]
    assert rates[0] == 0.01
    assert rates[-1] < rates[0]
