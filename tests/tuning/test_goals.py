"""Which of the finished trials is chosen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninefold.config import validate
from ninefold.errors import ConfigError
from ninefold.tuning.goals import Row
from ninefold.tuning.held_back import sentence
from ninefold.tuning.tune import in_folds

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


def test_a_pick_for_its_cost_is_told_by_its_cost_and_not_as_the_best_of_many():
    made = rows([([0.8, 0.9, 0.7], 4.0), ([0.79, 0.89, 0.69], 1.0), ([0.1, 0.2, 0.3], 0.5)])
    for rule, number, is_by_metric in (("cheapest_within_one_se", 1, False), ("best", 0, True)):
        pick = goal(kind="front", rule=rule).pick(made, True)
        assert (pick.number, pick.is_by_metric) == (number, is_by_metric)
        found = {
            "metric": {"name": "auc"},
            "trials": [{"number": r.number, "value": r.score, "cost": r.cost} for r in made],
            "default": 2, "winner": number, "because": pick.because,
            "is_by_metric": pick.is_by_metric,
        }  # fmt: skip
        said = in_folds(found, goal(kind="front").costs())
        cost = made[number].cost["latency_ms"]
        assert f"latency_ms {cost:.3g}, 0.5 as it was" in said
        assert ("best of many" in said) == is_by_metric


@pytest.mark.parametrize(
    ("low", "high", "is_for_metric", "said"),
    [
        (0.1, 0.2, True, "a real gain"),
        (-0.1, 0.2, True, "no gain that can be told from chance"),
        (-0.1, 0.2, False, "no difference that can be told from chance"),
        (-0.2, -0.1, True, "a real loss, params.yaml is better as it is"),
        (-0.2, -0.1, False, "a real loss, the price of what it costs less"),
    ],
)
def test_what_held_back_rows_say_is_worded_by_the_whole_interval(low, high, is_for_metric, said):
    gain = (low + high) / 2
    found = {
        "rows": 200, "default": 0.8, "winner": 0.8 + gain, "gain": gain, "low": low, "high": high,
        "confidence": 0.95, "is_better": low > 0,
    }  # fmt: skip
    assert sentence(found, "auc", is_for_metric=is_for_metric).endswith(f": {said}.")
