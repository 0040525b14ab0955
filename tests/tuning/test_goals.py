"""Which of the finished trials is chosen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninefold.config import validate
from ninefold.errors import ConfigError
from ninefold.tuning.goals import Row

numbers = st.floats(0.1, 10).map(lambda x: round(x, 2))
studies = st.lists(st.tuples(st.lists(numbers, min_size=3, max_size=3), numbers), min_size=1)


def rows(found):
    return [
        Row(n, "complete", {}, n == 0, tuple(folds), {"latency_ms": cost})
        for n, (folds, cost) in enumerate(found)
    ]


def goal(**content):
    return validate("tune", {"goal": content}).goal


@given(studies, st.booleans())
def test_the_metric_alone_takes_the_best_and_never_a_worse_one_than_the_default(found, higher):
    made = rows(found)
    chosen = made[goal(kind="metric").pick(made, higher).number]
    assert chosen.score == (max if higher else min)(row.score for row in made)


@given(studies, st.booleans(), numbers)
def test_a_limit_is_kept_or_nothing_is_chosen(found, higher, limit):
    made = rows(found)
    pick = goal(kind="constrained", max_latency_ms=limit).pick(made, higher)
    fitting = [row for row in made if row.cost["latency_ms"] <= limit]
    if not fitting:
        assert pick.number is None
        assert f"latency_ms <= {limit:g}" in pick.because
    else:
        assert made[pick.number].score == (max if higher else min)(row.score for row in fitting)


@given(studies, st.booleans())
def test_nobody_beats_the_front_and_the_cheapest_within_one_error_is_taken(found, higher):
    made, sign = rows(found), 1 if higher else -1
    front = goal(kind="front").front(made, higher)
    for number in front:
        for other in made:
            better = sign * (other.score - made[number].score)
            cheaper = made[number].cost["latency_ms"] - other.cost["latency_ms"]
            assert not (better >= 0 and cheaper >= 0 and better + cheaper > 0)
    chosen = made[goal(kind="front").pick(made, higher).number]
    top = max(made, key=lambda row: sign * row.score)
    errors = [row.standard_error for row in made if row.score == top.score]
    assert chosen.number in front
    assert sign * (top.score - chosen.score) <= max(errors) + 1e-12
    best = made[goal(kind="front", rule="best").pick(made, higher).number]
    assert best.score == top.score


def test_a_constraint_without_limit_is_refused():
    with pytest.raises(ConfigError, match=r"tune.goal must set max_latency_ms"):
        goal(kind="constrained")


def test_the_nearest_trial_is_the_one_that_is_fewest_times_over_a_limit():
    costs = [{"latency_ms": 4.0, "size_kb": 110.0}, {"latency_ms": 1.0, "size_kb": 150.0}]
    made = [Row(n, "complete", {}, n == 0, (0.5, 0.6), cost) for n, cost in enumerate(costs)]
    pick = goal(kind="constrained", max_latency_ms=1, max_size_kb=100).pick(made, True)
    assert pick.number is None
    assert "the nearest, 1: latency_ms 1, size_kb 150" in pick.because
