"""Numbers that one class has for itself warn; numbers given out by lot or by entity do not."""

import numpy as np
import pytest

from tests.leakage.reports import at_random, loud, report

N = 1200


def found(number, ill):
    rng = np.random.default_rng(1)
    arrays = {"x": rng.normal(size=N), "case_no": number.astype(np.float64), "ill": ill}
    return loud(report(arrays, "ill"), "id.predictive")


def ill(rng):
    return np.where(rng.random(N) < 0.15, "yes", "no").astype(object)


@pytest.mark.parametrize("apart", [0, 9_000_000])
def test_a_range_of_numbers_that_one_class_has_for_itself_warns(apart):
    rng = np.random.default_rng(0)
    y = ill(rng)
    late = (y == "yes") & (rng.random(N) < 0.5)
    number = np.lexsort((rng.random(N), late)).argsort() + np.where(late, apart, 0)
    (finding,) = found(number, y)
    assert finding["columns"] == ["case_no"]
    assert finding["evidence"]["told_by"] == "range"


def test_a_range_that_holds_most_of_a_rare_class_warns():
    rng = np.random.default_rng(3)
    y = np.where(np.arange(5 * N) < 84, "yes", "no").astype(object)
    number = rng.permutation(5 * N) + np.where(np.arange(5 * N) < 61, 900_000, 100_000.0)
    arrays = {"x": rng.normal(size=5 * N), "case_no": number, "fraud": y}
    assert len(loud(report(arrays, "fraud"), "id.predictive")) == 1


def test_numbers_by_lot_and_entities_of_one_class_each_are_silent():
    rng = np.random.default_rng(0)
    assert not found(rng.permutation(N), ill(rng))
    of_entity = np.repeat(ill(rng)[: N // 60], 60)
    of_entity[:60] = "yes"
    assert not found(np.arange(N), of_entity)


def test_two_batches_that_outcomes_chose_warn_and_drift_along_the_numbers_does_not():
    rng = np.random.default_rng(3)
    y = ill(rng)
    batch = (y == "yes") ^ (rng.random(N) < 0.11)
    number = np.lexsort((rng.random(N), batch)).argsort() + 500.0
    assert [f["columns"] for f in found(number, y)] == [["case_no"]]
    drifting = np.where(rng.random(N) < np.linspace(0.1, 0.7, N), "yes", "no").astype(object)
    assert not found(np.arange(N), drifting)


def test_a_letter_that_mostly_stands_for_the_outcome_warns():
    rng = np.random.default_rng(4)
    y = ill(rng)
    letter = np.where((y == "yes") ^ (rng.random(N) < 0.12), "X", "A")
    code = np.array([f"{a}-{n:05d}" for a, n in zip(letter, rng.permutation(N), strict=True)])
    arrays = {"x": rng.normal(size=N), "record": code.astype(object), "ill": y}
    (finding,) = loud(report(arrays, "ill"), "id.predictive")
    assert finding["columns"] == ["record"]


def addresses(odd, raised, seed=5):
    """Mail addresses, of which those in the rows `odd` are of another kind, with larger targets."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=600)
    rows = np.argsort(y)[-odd:] if odd == 1 else rng.permutation(600)[:odd]
    y[rows] += raised
    names = np.array([f"kunde{k}@haus.de" for k in range(600)], dtype=object)
    names[rows] = [f"otto{k}@hof.de" for k in rows]
    return report({"mail": names, "x": rng.normal(size=600), "y": y}, "y", at_random(600))


@pytest.mark.parametrize(("odd", "raised"), [(1, 0), (60, 0.8)])
def test_a_name_that_begins_otherwise_and_sites_a_bit_apart_are_silent(odd, raised):
    assert not loud(addresses(odd, raised))


def test_a_letter_that_parts_the_large_numbers_warns_by_its_roc_area():
    (item,) = loud(addresses(60, 5), "id.predictive")
    assert item["evidence"]["roc_auc"] > 0.95
