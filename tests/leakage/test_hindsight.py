"""A feature that gives away what is declared as known only after the outcome."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninefold.columns import Column, Frame
from ninefold.leakage.case import Case
from ninefold.leakage.hindsight import HindsightCheck
from tests.leakage.test_audit_families import CLASSIFY, REGRESS, N, of_kind, report, table

KIND = "target.hindsight"


def trip(task="classification", seed=0, hhmm=False):
    """Scheduled and real times in minutes; the delay tells of the target."""
    rng = np.random.default_rng(seed)
    honest = table(task, seed=seed)
    tells = honest["the target"] == "yes" if task == "classification" else honest["the target"]
    delay = np.round(8 * tells.astype(float) + rng.normal(0, 6, N))
    planned = rng.integers(300, 1300, N).astype(float)
    left = planned + delay
    if hhmm:
        planned, left = (100 * (m // 60) + m % 60 for m in (planned, left))
    delay[rng.random(N) < 0.05] = np.nan
    return honest, delay, planned, left


def with_late(frame, **late):
    for name, values in late.items():
        frame = frame.with_column(Column(name, "number", frozenset({"after"})), values)
    return frame


@pytest.mark.parametrize("hhmm", [False, True])
@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.some(4)
def test_a_feature_that_adds_up_to_a_late_column_blocks_and_is_named(task, hhmm, sign):
    _, delay, planned, left = trip(task, hhmm=hhmm)
    extra = {"the delay": ("number", sign * delay), "planned": ("number", planned)}
    frame = with_late(table(task, **extra), left=left)
    content = report(frame, CLASSIFY if task == "classification" else REGRESS)
    (finding,) = of_kind(content, KIND)
    assert (finding["severity"], finding["columns"]) == ("block", ["the delay"])
    assert finding["evidence"]["gives_away"] == "left"
    assert finding["fix"] == [{"path": ["problem", "available_at", "the delay"], "value": "after"}]
    assert finding["code"] == "L2"


def test_a_shifted_copy_of_a_late_column_blocks():
    _, _, _, left = trip()
    frame = with_late(table(copied=("number", 17.5 - left)), left=left)
    (finding,) = of_kind(report(frame), KIND)
    assert finding["columns"] == ["copied"]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.some(3)
def test_features_that_only_go_along_with_a_late_column_are_no_relation(seed):
    rng = np.random.default_rng(seed)
    _, delay, planned, left = trip(seed=seed)
    columns = {
        "planned": ("number", planned),
        "forecast": ("number", np.nan_to_num(delay) + np.round(rng.normal(0, 3, N))),
        "few": ("number", rng.integers(0, 2, N).astype(float)),
        "constant": ("number", np.full(N, 3.0)),
        "hour": ("number", planned // 60),
    }
    frame = with_late(table(seed=seed, **columns), left=left, stars=rng.integers(0, 12, N) * 1.0)
    assert not of_kind(report(frame), KIND)


ODD = st.sampled_from([0.0, 1.0, -1.0, 1e-9, 1e300, -1e300, 7.25, np.inf, -np.inf, np.nan])


@given(st.lists(st.tuples(ODD, ODD, ODD), min_size=60, max_size=120), st.booleans())
def test_odd_numbers_break_nothing(rows, is_shifted):
    a, b, late = (np.array(column) for column in zip(*rows, strict=True))
    y = np.where(np.arange(len(rows)) % 3 == 0, "yes", "no").astype(object)
    columns = [Column(n, "number", frozenset({"input"})) for n in ("a", "b")]
    columns += [Column("late", "number", frozenset({"after"}))]
    columns += [Column("the target", "category", frozenset({"target"}))]
    data = {"a": a, "b": b, "late": late + is_shifted, "the target": y}
    frame = Frame(tuple(columns), data, np.arange(len(rows)))
    part = np.resize(["train", "test"], len(rows)).astype(object)
    case = Case(frame, part, CLASSIFY, "given")
    assert all(found.kind == KIND for found in HindsightCheck().findings(case))


def test_without_late_columns_nothing_is_said():
    _, delay, planned, _ = trip()
    frame = table(delay=("number", delay), planned=("number", planned))
    assert not of_kind(report(frame), KIND)
