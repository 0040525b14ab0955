from dataclasses import replace

import numpy as np
import pytest

from ninefold.evaluation.metrics import metric
from ninefold.verdict import Measured, Refitted, fold_evidence, verdict

AUC, RMSE = metric("roc_auc"), metric("rmse")


def draws(centre, spread, seed=0):
    return np.random.default_rng(seed).normal(centre, spread, 1000)


def measured(network, baseline, spread, rows=1000):
    other = draws(baseline, spread * 3)
    both = (other + draws(network - baseline, spread, 1), other)
    return Measured((network, baseline), both, rows, rows)


def folds(*gains, fit=800.0, new=200.0):
    return Refitted(np.array(gains), fit, new)


def decide(reported, network, baseline, spread, found=None):
    return verdict(reported, "linear", measured(network, baseline, spread), found, 0.95)


@pytest.mark.parametrize(
    ("reported", "network", "baseline", "spread", "answer"),
    [
        (AUC, 0.80, 0.75, 0.005, "needed"),
        (AUC, 0.75, 0.80, 0.005, "not needed"),
        (AUC, 0.751, 0.750, 0.001, "not needed"),
        (AUC, 0.77, 0.75, 0.02, "inconclusive"),
        (AUC, 0.806, 0.75, 0.03, "inconclusive"),  # the interval holds 0
        (RMSE, 90.0, 100.0, 1.0, "needed"),
        (RMSE, 100.0, 90.0, 1.0, "not needed"),
        (RMSE, 99.9, 100.0, 0.2, "not needed"),
        (RMSE, 97.0, 100.0, 5.0, "inconclusive"),
    ],
)
def test_answer_follows_the_test_part_where_there_are_no_folds(
    reported, network, baseline, spread, answer
):
    found = decide(reported, network, baseline, spread)
    assert found["answer"] == answer
    assert found["p_better"] + found["p_equivalent"] + found["p_worse"] == pytest.approx(1)
    assert found["low"] <= found["gain"] <= found["high"]
    assert "linear" in found["sentence"]
    assert reported.name in found["sentence"]


def test_two_models_without_an_error_to_speak_of_are_alike():
    loss = metric("log_loss")
    pair = replace(measured(1.2e-7, 1.1e-7, 4e-8), guess=0.69)
    assert verdict(loss, "linear", pair, None, 0.95)["answer"] == "not needed"
    assert (
        verdict(loss, "linear", replace(pair, guess=np.nan), None, 0.95)["answer"] != "not needed"
    )


def test_folds_settle_what_the_test_part_leaves_open():
    alone = decide(AUC, 0.77, 0.75, 0.02)
    better = decide(AUC, 0.77, 0.75, 0.02, folds(0.03, 0.034, 0.028, 0.031, 0.027))
    equal = decide(AUC, 0.755, 0.75, 0.02, folds(0.001, -0.001, 0.002, 0.0, -0.002))
    assert [found["answer"] for found in (alone, better, equal)] == [
        "inconclusive", "needed", "not needed"
    ]  # fmt: skip
    assert better["high"] - better["low"] < alone["high"] - alone["low"]
    assert set(better["evidence"]) == {"folds", "test"}
    assert better["evidence"]["folds"]["p_value"] < 0.01


def test_folds_that_scatter_make_the_test_part_less_sure():
    calm = decide(AUC, 0.78, 0.75, 0.008, folds(0.02, 0.021, 0.019, 0.02, 0.02))
    wild = decide(AUC, 0.78, 0.75, 0.008, folds(-0.1, 0.15, -0.06, 0.13, -0.02))
    assert calm["evidence"]["test"]["low"] > 0 > wild["evidence"]["test"]["low"]
    assert (calm["answer"], wild["answer"]) == ("needed", "inconclusive")


def test_folds_and_test_part_that_contradict_each_other_leave_it_open():
    found = decide(AUC, 0.72, 0.75, 0.004, folds(0.05, 0.051, 0.049, 0.05, 0.052))
    assert found["answer"] == "inconclusive"
    assert "differ (folds +0.0504, test -0.03)" in found["sentence"]
    agreed = decide(AUC, 0.85, 0.75, 0.004, folds(0.05, 0.051, 0.049, 0.05, 0.052))
    assert agreed["disagree"]
    assert agreed["answer"] == "needed"


def test_the_corrected_t_test_is_that_of_nadeau_and_bengio():
    gains = np.array([0.01, 0.03, -0.01, 0.02, 0.04])
    found = decide(AUC, 0.77, 0.75, 0.02, Refitted(gains, 800, 200))["evidence"]["folds"]
    scale = gains.std(ddof=1) * np.sqrt(1 / 5 + 200 / 800)
    from scipy.stats import t

    assert found["p_value"] == pytest.approx(2 * t.sf(gains.mean() / scale, 4))
    assert found["gain"] == pytest.approx(gains.mean(), abs=1e-6)
    assert found["high"] == pytest.approx(gains.mean() + t.ppf(0.975, 4) * scale, rel=1e-3)
    assert found["p_better"] == pytest.approx(t.sf((0.005 - gains.mean()) / scale, 4), abs=1e-3)


def test_equal_models_are_rarely_called_needed():
    """Folds share a training effect, as real ones do; the test part has its own."""
    random, wrong = np.random.default_rng(0), 0
    for _ in range(400):
        shared = random.normal(0, 0.01 * np.sqrt(0.2))
        apart = shared + random.normal(0, 0.01 * np.sqrt(0.8), 5)
        gain = random.normal(0, 0.01)
        other = np.full(1000, 0.8)
        both = (other + gain + random.normal(0, 0.01, 1000), other)
        test = Measured((0.8 + gain, 0.8), both, 200, 200)
        found = verdict(AUC, "linear", test, Refitted(apart, 800, 200), 0.95)
        wrong += found["answer"] == "needed"
    assert wrong <= 20


def test_no_baseline_or_no_value_is_inconclusive_with_a_reason():
    empty = Measured((0.8, 0.8), (np.empty(0), np.empty(0)), 0, 0)
    assert "no baseline" in verdict(AUC, None, empty, None, 0.95)["sentence"]
    empty = Measured((float("nan"), 0.8), (np.empty(0), np.empty(0)), 0, 0)
    found = verdict(AUC, "linear", empty, None, 0.95)
    assert found["answer"] == "inconclusive"
    assert "no value" in found["sentence"]


def test_models_that_never_differ_are_equivalent():
    same = np.full(1000, 0.8)
    test = Measured((0.8, 0.8), (same, same), 500, 500)
    found = verdict(AUC, "linear", test, folds(0, 0, 0, 0, 0), 0.95)
    assert found["answer"] == "not needed"
    assert found["p_equivalent"] == pytest.approx(1)
    test = Measured((0.8, 0.8 + 1e-15), (same, same + 1e-15), 500, 500)
    found = verdict(AUC, "linear", test, folds(0, 1e-16, 0, 0, -1e-16), 0.95)
    assert "(gain over folds and test part +0, 95% interval +0 to +0)" in found["sentence"]


def test_evidence_of_folds_leaves_out_what_has_no_score():
    rounds = [
        {"fit_rows": 80, "new_rows": 20, "scores": {"network": n, "linear": b}}
        for n, b in ((0.8, 0.7), (None, 0.7), (0.7, 0.75))
    ]
    report = {"higher_is_better": True, "rounds": rounds}
    found = fold_evidence(report, "linear")
    assert found.gains == pytest.approx([0.1, -0.05])
    assert fold_evidence(report, "dummy") is None
    assert fold_evidence({}, "linear") is None
    assert "folds" not in decide(AUC, 0.8, 0.75, 0.005, found)["evidence"]


def test_the_sentence_calls_the_baseline_as_people_do():
    found = verdict(
        AUC, "hist_gradient_boosting", measured(0.75, 0.80, 0.005), None, 0.95,
        title="histogram gradient boosting",
    )  # fmt: skip
    assert "for the best baseline (histogram gradient boosting)" in found["sentence"]
    assert (found["baseline"], found["baseline_title"]) == (
        "hist_gradient_boosting", "histogram gradient boosting",
    )  # fmt: skip
