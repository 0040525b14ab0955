import numpy as np
import pytest

from ninefold.evaluation.metrics import metric
from ninefold.verdict import best_baseline, verdict

AUC, RMSE = metric("roc_auc"), metric("rmse")


def draws(centre, spread, seed=0):
    return np.random.default_rng(seed).normal(centre, spread, 1000)


def decide(reported, network, baseline, spread):
    other = draws(baseline, spread * 3)
    gains = draws(network - baseline, spread, 1)
    return verdict(reported, "linear", (network, baseline), (other + gains, other), 0.95)


@pytest.mark.parametrize(
    ("reported", "network", "baseline", "spread", "answer"),
    [
        (AUC, 0.80, 0.75, 0.005, "needed"),
        (AUC, 0.75, 0.80, 0.005, "not needed"),
        (AUC, 0.751, 0.750, 0.001, "not needed"),
        (AUC, 0.77, 0.75, 0.02, "inconclusive"),
        (RMSE, 90.0, 100.0, 1.0, "needed"),
        (RMSE, 100.0, 90.0, 1.0, "not needed"),
        (RMSE, 99.9, 100.0, 0.2, "not needed"),
        (RMSE, 97.0, 100.0, 5.0, "inconclusive"),
    ],
)
def test_answer_follows_the_evidence(reported, network, baseline, spread, answer):
    found = decide(reported, network, baseline, spread)
    assert found["answer"] == answer
    assert found["p_better"] + found["p_equivalent"] + found["p_worse"] == pytest.approx(1)
    assert found["low"] <= found["gain"] <= found["high"]
    assert "linear" in found["sentence"]
    assert reported.name in found["sentence"]


def test_equal_models_are_rarely_called_needed():
    random, wrong = np.random.default_rng(0), 0
    for _ in range(200):
        gain = random.normal(0, 0.01)
        other = np.full(1000, 0.8)
        both = (other + gain + random.normal(0, 0.01, 1000), other)
        wrong += verdict(AUC, "linear", (0.8 + gain, 0.8), both, 0.95)["answer"] == "needed"
    assert wrong <= 10


def test_no_baseline_or_no_value_is_inconclusive_with_a_reason():
    empty = np.empty(0)
    assert "no baseline" in verdict(AUC, None, (0.8, 0.8), (empty, empty), 0.95)["sentence"]
    found = verdict(AUC, "linear", (float("nan"), 0.8), (empty, empty), 0.95)
    assert found["answer"] == "inconclusive"
    assert "no value" in found["sentence"]


def test_best_baseline_is_chosen_by_the_metrics_direction():
    assert best_baseline({"a": 1.0, "b": 2.0, "c": float("nan")}, RMSE) == "a"
    assert best_baseline({"a": 1.0, "b": 2.0}, AUC) == "b"
    assert best_baseline({}, AUC) is None
