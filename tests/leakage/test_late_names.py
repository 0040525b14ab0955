"""A column that sounds as if known too late, and tells the target best, is asked about once."""

import numpy as np
import pytest

from ninefold.leakage import AuditSpec
from ninefold.leakage.audit import audit
from ninefold.problem import ProblemSpec
from tests.leakage.reports import at_random, frame_of

N = 1200


def flights(seed, strength, is_number=False):
    """Return flights: a cause that is known, and a delay that tells as much as `strength`."""
    rng = np.random.default_rng(seed)
    load, delay = rng.normal(size=(2, N))
    level = 0.5 * load + strength * delay + rng.normal(size=N)
    late = level.round(3) if is_number else np.where(level > 0.5, "yes", "no")
    # What both go with keeps the delay from looking as if made from the target.
    wind = 0.7 * delay + rng.normal(size=N)
    return {"load": load, "wind": wind, "dep_delay": delay, "arr_late": late}


def asked(table, **declared):
    is_number = table["arr_late"].dtype.kind == "f"
    task = "regression" if is_number else "classification"
    problem = ProblemSpec(target="arr_late", task=task, available_at=declared)
    found = audit(frame_of(table, "arr_late"), at_random(N), problem, AuditSpec(), "given")
    return [item for item in found["findings"] if item["kind"] == "target.undeclared"]


@pytest.mark.parametrize("is_number", [False, True])
def test_one_that_decides_is_asked_about_with_what_it_adds(is_number):
    (item,) = asked(flights(0, 1.5, is_number))
    assert (item["severity"], item["columns"]) == ("warn", ["dep_delay"])
    assert item["evidence"]["next_column"] == "wind"
    assert item["fix"] == [{"path": ["problem", "available_at", "dep_delay"], "value": "after"}]
    assert item["inflation"]["without_interval"][1] < item["inflation"]["with"]


def test_one_that_is_declared_or_leads_by_chance_or_sounds_timely_is_not_asked_about():
    table = flights(1, 1.5)
    assert asked(table, dep_delay="before") == []
    assert asked(flights(2, 0.3)) == []
    assert asked(flights(3, 0.0)) == []
    table["sched_dep_delay"] = table.pop("dep_delay")
    assert asked(table) == []


def test_the_answer_of_another_column_does_not_hide_it():
    table = flights(4, 1.5)
    table["air_time"] = np.random.default_rng(5).normal(size=N)
    assert [item["columns"] for item in asked(table, air_time="before")] == [["dep_delay"]]
