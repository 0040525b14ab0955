"""Noise that was picked by all rows is named; picked by train, or measured, columns pass."""

import numpy as np
import pytest

from tests.leakage.reports import at_random, loud, report

N, NOISE = 160, 1500


def noise(seed=0):
    rng = np.random.default_rng(seed)
    y = np.where(rng.random(N) < 0.5, "case", "control")
    return rng.normal(size=(N, NOISE)).round(3), y, at_random(N, seed + 1)


def picked(x, y, rows, count=20):
    tie = np.abs(np.corrcoef(x[rows].T, y[rows] == "case")[-1, :-1])
    best = np.argsort(-tie)[:count]
    return {f"gene {i}": x[:, i] for i in best} | {"y": y}


def found(table, part):
    return loud(report(table, "y", part), "preprocessing.selection")


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.some(1)
def test_the_best_columns_of_noise_by_all_rows_are_named(seed):
    x, y, part = noise(seed)
    table = picked(x, y, np.ones(N, dtype=bool))
    (item,) = found(table, part)
    assert set(item["columns"]) == set(table) - {"y"}
    assert item["code"] == "L1.3"
    assert found({"age": np.arange(N) % 50, **table}, None)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_best_columns_by_the_train_rows_pass(seed):
    x, y, part = noise(seed)
    assert found(picked(x, y, part == "train"), part) == []


@pytest.mark.parametrize("strength", [0.0, 0.15, 0.5])
def test_columns_that_measure_something_pass(strength):
    rng = np.random.default_rng(5)
    y = rng.random(N) < 0.5
    x = rng.normal(size=(N, 15)) + y[:, None] * rng.normal(size=15) * strength * 2
    table = {f"m{i}": x[:, i] for i in range(15)} | {"y": np.where(y, "a", "b")}
    assert found(table, at_random(N)) == []


@pytest.mark.parametrize("seed", [0, 1])
def test_measured_columns_beside_many_picked_ones_do_not_hide_them(seed):
    x, y, part = noise(seed)
    rng = np.random.default_rng(seed)
    measured = {
        f"m{i}": rng.normal(size=N) + shift * (y == "case") for i, shift in enumerate([0.35] * 4)
    }
    table = {**measured, **picked(x, y, np.ones(N, dtype=bool), 30)}
    (item,) = found(table, part)
    assert sum(name.startswith("gene") for name in item["columns"]) >= 28
