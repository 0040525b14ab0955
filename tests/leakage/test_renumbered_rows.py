"""Copies with a moment or number of their own are found; honest rows that have one are not."""

import numpy as np
import pytest

from tests.leakage.reports import at_random, loud, report

N, COPIES = 600, 90


def table(rng, name):
    n = N + COPIES
    out = {
        "name": name,
        "size": rng.normal(100, 20, n).round(3),
        "weight": rng.normal(70, 9, n).round(3),
        "kind": rng.choice(["a", "b", "c"], n).astype(object),
    }
    out["price"] = (out["size"] * 3 + rng.normal(0, 9, n)).round(1)
    return out


def moments(rng, n):
    return (np.datetime64("2024-01-01") + rng.permutation(10**6)[:n]).astype("datetime64[us]")


def codes(rng, n):
    return np.array([f"R{number:06x}" for number in rng.permutation(10**6)[:n]], dtype=object)


@pytest.mark.parametrize("named", [moments, codes])
@pytest.mark.parametrize("given", [True, False])
def test_copies_with_a_name_of_their_own_warn(named, given):
    rng = np.random.default_rng(1)
    data = table(rng, named(rng, N + COPIES))
    origin = rng.choice(N, COPIES, replace=False)
    for column in ("size", "weight", "kind", "price"):
        data[column][N:] = data[column][origin]
    part = at_random(N + COPIES) if given else None
    found = loud(report(data, "price", part), "rows.duplicate")
    assert len(found) == 1
    assert found[0]["evidence"]["not_compared"] == ["name"]
    if given:
        new = np.arange(N, N + COPIES)
        apart = part[new] != part[origin]
        pairs = np.concatenate([new[apart], origin[apart]])
        assert set(found[0]["rows"]) == set(pairs[part[pairs] == "test"])


@pytest.mark.parametrize("named", [moments, codes])
def test_records_of_few_values_may_coincide(named):
    rng = np.random.default_rng(2)
    n = N + COPIES
    data = {
        "name": named(rng, n),
        **{f"answer {i}": rng.integers(1, 4, n).astype(float) for i in range(4)},
        "happy": rng.choice(["yes", "no"], n).astype(object),
    }
    assert loud(report(data, "happy", at_random(n)), "rows.duplicate") == []


def test_oversampled_rows_of_one_fine_column_warn():
    rng = np.random.default_rng(3)
    data = {
        "distance": rng.gamma(2, 30, N).round(4),
        "school": rng.integers(0, 15, N).astype(float),
        "member": rng.choice(["yes", "no"], N).astype(object),
        "moves": rng.choice(["yes", "no"], N).astype(object),
    }
    twice = np.concatenate([np.arange(N), rng.choice(N, COPIES, replace=False)])
    more = {name: values[twice] for name, values in data.items()}
    assert len(loud(report(more, "moves", at_random(len(twice))), "rows.duplicate")) == 1
    assert loud(report(data, "moves", at_random(N)), "rows.duplicate") == []
