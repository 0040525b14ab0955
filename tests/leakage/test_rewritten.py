"""Copies that are written otherwise than the rest are named in dense tables; other hands pass."""

import numpy as np
import pytest

from ninefold.leakage.near_rows import NearRowsCheck
from tests.leakage.reports import asked, at_random

N = 1500


def counts(rng):
    """Return two whole numbers, which many rows have alike, and what another pair of them costs."""
    data = {name: np.floor(rng.lognormal(4, 0.8, N)) for name in "ab"}
    return {**data, "cost": np.round(data["a"] + data["b"] + rng.normal(0, 60, N), 1)}


def again(rng, data, part, moved_by, is_same):
    """Append rows with noise in every number: those drawn, with their cost or that of like rows."""
    drawn = rng.choice(N, 400, replace=False)
    beside = np.argsort(data["a"] + data["b"], kind="stable")
    place = np.argsort(beside)[drawn]
    cost = drawn if is_same else beside[np.clip(place + rng.integers(1, 5, 400), 0, N - 1)]
    made = {name: data[name][drawn if name != "cost" else cost] for name in data}
    for name, values in made.items():
        made[name] = values + moved_by * data[name].std() * rng.normal(size=400)
    rows = {name: np.concatenate([data[name], made[name]]) for name in data}
    both = np.concatenate([part, at_random(400, 2)])
    return rows, both, drawn


@pytest.mark.parametrize("moved_by", [0.005, 0.02])
def test_noisy_copies_of_whole_numbers_in_a_dense_table_are_named(moved_by):
    rng = np.random.default_rng(0)
    table, part, drawn = again(rng, counts(rng), at_random(N), moved_by, True)
    (finding,) = asked(NearRowsCheck(), table, "cost", part)
    assert finding.severity == "warn"
    apart = part[N:] != part[drawn]
    pairs = np.concatenate([np.arange(N, N + 400)[apart], drawn[apart]])
    planted = {*pairs[part[pairs] == "test"].tolist()}
    assert len(planted & {*finding.rows}) >= 0.5 * max(len(planted), len(finding.rows))


def test_rows_of_another_hand_that_writes_more_decimals_pass():
    rng = np.random.default_rng(0)
    table, part, _ = again(rng, counts(rng), at_random(N), 0.02, False)
    assert not asked(NearRowsCheck(), table, "cost", part)
