"""A model's answers for rows it was fitted on are named; honest forecasts and measures are not."""

import numpy as np
import pytest

from ninefold.leakage.forecast import ForecastCheck
from tests.leakage.test_near_rows import case_of, parts

N = 900


def table(seed=0):
    rng = np.random.default_rng(seed)
    data = {f"x{i}": rng.normal(size=N) for i in range(6)}
    data["y"] = data["x0"] + data["x1"] * data["x2"] + rng.normal(size=N)
    return data


def answers(data, share):
    """What trees say of each row: of rows it was fitted on (`share` 1), or of others."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.model_selection import cross_val_predict

    x = np.column_stack([v for n, v in data.items() if n != "y"])
    trees = HistGradientBoostingRegressor(max_iter=60, random_state=0)
    if share:
        return trees.fit(x, data["y"]).predict(x)
    return cross_val_predict(trees, x, data["y"], cv=5)


def found(data, task="regression"):
    case = case_of(data, parts(N), "random", task=task)
    return [item.columns for item in ForecastCheck().findings(case)]


def test_answers_for_rows_a_model_was_fitted_on_warn():
    data = table()
    assert found(data | {"score": answers(data, 1)}) == [("score",)]


def test_answers_for_rows_a_model_has_not_seen_are_silent():
    data = table()
    assert found(data | {"score": answers(data, 0)}) == []


@pytest.mark.parametrize("noise", [0.1, 0.5, 1.0])
def test_a_second_measure_of_the_target_is_silent(noise):
    data = table()
    measure = data["y"] + noise * np.random.default_rng(1).normal(size=N)
    assert found(data | {"measure": measure}) == []


def test_a_strong_cause_and_a_curved_one_are_silent():
    data = table()
    rng = np.random.default_rng(2)
    data["cause"] = rng.normal(size=N)
    data["y"] = np.exp(data["cause"]) + 0.3 * data["y"]
    assert found(data) == []
