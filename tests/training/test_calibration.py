import numpy as np
import pytest

from ninefold.evaluation.metrics import metric
from ninefold.head import Head
from ninefold.target import Target
from ninefold.training.calibration import conformal, fit_temperature, tune_threshold

BINARY = Target("y", "classification", ("no", "yes"))


def scored(n: int = 4000, sharpen: float = 1.0, rate: float = 0.0):
    """Rows whose honest log-odds are known; their scores are `sharpen` times as sure."""
    rng = np.random.default_rng(0)
    logit = rng.normal(rate, 1.5, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(np.int64)
    scores = np.stack([-logit * sharpen / 2, logit * sharpen / 2], axis=1).astype(np.float32)
    return scores, y


@pytest.mark.parametrize("sharpen", [0.5, 1.0, 2.5])
def test_temperature_undoes_over_and_underconfidence(sharpen):
    scores, y = scored(sharpen=sharpen)
    temperature = fit_temperature(scores, y, BINARY)
    assert temperature == pytest.approx(sharpen, rel=0.1)
    before = metric("log_loss").compute(y, Head(BINARY).predict(scores))
    after = metric("log_loss").compute(y, Head(BINARY, temperature).predict(scores))
    assert after <= before


def test_temperature_stays_1_when_rows_cannot_tell():
    scores, y = scored(20)
    assert fit_temperature(scores, y, BINARY) == 1.0
    scores, _ = scored(100)
    assert fit_temperature(scores, np.zeros(100, dtype=np.int64), BINARY) == 1.0


@pytest.mark.parametrize("rows", [30, 100, 1000])
def test_rows_all_answered_right_make_no_surer_than_so_many_can(rows):
    scores = np.array([[0, -2.0], [-2.0, 0]] * (rows // 2), dtype=np.float32)
    y = np.array([0, 1] * (rows // 2))
    temperature = fit_temperature(scores, y, BINARY)
    assert 0.2 <= temperature < 1
    sureness = Head(BINARY, temperature).predict(scores)[np.arange(rows), y]
    np.testing.assert_allclose(1 - sureness, 0.5 / (rows + 1), rtol=0.01)


@pytest.mark.parametrize("name", ["f1", "accuracy", "balanced_accuracy"])
def test_tuned_threshold_is_at_least_as_good_as_a_half(name):
    scores, y = scored(rate=-2.0)
    head, judge = Head(BINARY), metric(name)
    probabilities = head.predict(scores)
    threshold = tune_threshold(head, scores, y, judge)
    assert judge.compute(y, probabilities, None, threshold) >= judge.compute(y, probabilities)


def test_threshold_for_a_metric_blind_to_labels_serves_balanced_accuracy():
    scores, y = scored(rate=-2.0)
    by_auc = tune_threshold(Head(BINARY), scores, y, metric("roc_auc"))
    assert by_auc == tune_threshold(Head(BINARY), scores, y, metric("balanced_accuracy"))
    assert by_auc < 0.4


def test_threshold_stays_a_half_when_all_rows_look_alike():
    scores = np.zeros((50, 2), dtype=np.float32)
    assert tune_threshold(Head(BINARY), scores, np.array([0, 1] * 25), metric("f1")) == 0.5


@pytest.mark.parametrize("wrong", [0.3, 3.0])
def test_quantiles_hold_on_new_rows_however_sure_the_network_was(wrong):
    rng = np.random.default_rng(0)
    head = Head(Target("y", "regression", (), 50.0, 10.0), quantiles=(0.1, 0.5, 0.9))

    def rows(count):
        centre, noise = rng.normal(size=count), rng.normal(size=count)
        scores = centre[:, None] + wrong * np.array([-1.28, 0.0, 1.28])
        return scores.astype(np.float32), 50 + 10 * (centre + noise)

    found = conformal(head, *rows(400))
    assert found.shifts[1] == 0.0
    scores, y = rows(20_000)
    below = (y[:, None] <= found.spread(scores)).mean(axis=0)
    np.testing.assert_allclose(below, [0.1, 0.5, 0.9], atol=0.04)
    before = (y[:, None] <= head.spread(scores)).mean(axis=0)
    assert abs(before[0] - 0.1) > 0.09


def test_one_quantile_holds_on_new_rows_too():
    rng = np.random.default_rng(0)
    head = Head(Target("y", "regression", (), 50.0, 10.0), quantile=0.9)

    def rows(count):
        centre, noise = rng.normal(size=count), rng.normal(size=count)
        return centre[:, None].astype(np.float32), 50 + 10 * (centre + noise)

    found = conformal(head, *rows(400))
    scores, y = rows(20_000)
    assert (y <= found.predict(scores)).mean() == pytest.approx(0.9, abs=0.03)
    assert (y <= head.predict(scores)).mean() < 0.6


def test_each_of_several_targets_moves_by_its_own_and_few_rows_move_nothing():
    targets = (Target("a", "regression", (), 0.0, 1.0), Target("b", "regression", (), 0.0, 1.0))
    head = Head(Target("a, b", "regression", each=targets), quantiles=(0.1, 0.9))
    rng = np.random.default_rng(1)
    y = rng.normal(size=(300, 2)) * [1.0, 5.0]
    scores = np.zeros((300, 4), dtype=np.float32)
    low, high = (conformal(head, scores, y).each[number].shifts for number in (0, 1))
    assert 3 < high[1] / low[1] < 8
    assert conformal(head, scores[:29], y[:29]).each[0].shifts == (0.0, 0.0)
