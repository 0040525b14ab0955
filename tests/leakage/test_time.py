"""Rows whose outcome came too late are found in train and valid; a gap ends it."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.config import validate
from ninefold.leakage import AuditSpec
from ninefold.leakage.audit import audit
from ninefold.problem import ProblemSpec
from ninefold.splitting import split
from tests.leakage.reports import report

N, DAY = 400, 86_400_000_000
PROBLEM = ProblemSpec(target="y", task="regression", time="when", horizon="7d")


def table():
    rng = np.random.default_rng(0)
    columns = (
        Column("when", "datetime", frozenset({"time"})),
        Column("x", "number", frozenset({"input"})),
        Column("y", "number", frozenset({"target"})),
    )
    data = {"when": np.arange(N) * DAY, "x": rng.normal(size=N), "y": rng.normal(size=N)}
    return Frame(columns, data, np.arange(N))


def horizon(part, kind="given"):
    report = audit(table(), part, PROBLEM, AuditSpec(), kind)
    return [f for f in report["findings"] if f["kind"] == "time.horizon"]


def parts(last_train, last_valid, gap):
    day = np.arange(N)
    part = np.where(day < last_train, "train", np.where(day < last_valid, "valid", "test"))
    part = part.astype(object)
    part[(day >= last_valid - gap) & (day < last_valid)] = ""
    return part


@pytest.mark.parametrize("last_train", [240, 300])
def test_a_given_split_without_a_gap_warns_with_or_without_a_valid_part(last_train):
    (finding,) = horizon(parts(last_train, 300, gap=0))
    assert (finding["severity"], finding["columns"]) == ("warn", ["when"])
    assert finding["rows"] == list(range(300, 306))
    assert finding["evidence"]["rows_known_too_late"] == 6


def test_a_gap_of_the_horizon_passes():
    assert horizon(parts(240, 300, gap=7)) == []


@pytest.mark.parametrize("kind", ["time", "purged"])
def test_ninefolds_own_split_leaves_the_gap(kind):
    made = split(table(), PROBLEM, validate("split", {"kind": kind}))
    assert horizon(made.part, made.manifest["split"]["like"]) == []


@pytest.mark.parametrize(
    ("target", "said", "rows"), [("sold in 7 days", None, 6), ("sold", None, 0), ("7d", "0d", 0)]
)
def test_a_target_whose_name_says_when_it_is_known_is_asked_about(target, said, rows):
    plain = table()
    columns = (*plain.columns[:2], Column(target, "number", frozenset({"target"})))
    data = {name: plain.data[name] for name in ("when", "x")} | {target: plain.data["y"]}
    asked = ProblemSpec(target=target, task="regression", time="when", horizon=said)
    frame = Frame(columns, data, np.arange(N))
    found = audit(frame, parts(300, 300, gap=0), asked, AuditSpec(), "given")["findings"]
    found = [item for item in found if item["kind"] == "time.horizon"]
    assert [len(item["rows"]) for item in found] == ([rows] if rows else [])
    assert all("horizon: 7d" in item["remedy"] for item in found)


def test_stragglers_that_became_the_valid_part_are_told():
    part = parts(300, 350, 0)
    part[380] = "valid"
    found = audit(table(), part, PROBLEM, AuditSpec(), "given")["findings"]
    (order,) = [item for item in found if item["kind"] == "time.order"]
    assert (order["severity"], order["rows"]) == ("warn", list(range(350, 380)))


def ahead(made, **extra):
    """Return the table of a series and a target made of its next ten days."""
    now = 100 + np.random.default_rng(3).normal(size=N + 10).cumsum().round(2)
    next_ten = np.lib.stride_tricks.sliding_window_view(now[1:], 10)
    days = np.arange(N).astype("datetime64[D]")
    return {"when": days, "now": now[:N], **extra, "y": made(now[:N], next_ten).round(3)}


def unsaid(table, gap=0):
    day = np.arange(N)
    part = np.where(day < 300 - gap, "train", np.where(day < 300, "", "test")).astype(object)
    kept = part != ""
    table = {name: values[kept] for name, values in table.items()}
    findings = report(table, "y", part[kept], time="when")["findings"]
    return [f for f in findings if f["kind"] == "time.horizon"]


UNSAID = {
    "mean": lambda now, later: later.mean(axis=1),
    "relative change": lambda now, later: later[:, -1] / now - 1,
    "largest": lambda now, later: later.max(axis=1),
}


@pytest.mark.parametrize("made", UNSAID)
@pytest.mark.some(1)
def test_a_target_made_of_later_rows_says_how_long_it_stays_open(made):
    (finding,) = unsaid(ahead(UNSAID[made]))
    assert (finding["severity"], finding["columns"]) == ("warn", ["when", "now"])
    assert finding["evidence"]["rows_known_too_late"] == 9
    assert finding["fix"][0] == {"path": ["problem", "horizon"], "value": "10d"}
    assert unsaid(ahead(UNSAID[made]), gap=10) == []


def rises(now, later):
    return np.where(later[:, -1] > now, 1.0, 0.0)


def test_a_class_made_of_later_rows_says_how_long_it_stays_open():
    (finding,) = unsaid(ahead(rises))
    assert (finding["columns"], finding["evidence"]["horizon"]) == (["when", "now"], "10d")


def test_the_end_of_overlapping_windows_says_how_long_a_target_stays_open():
    windows = ahead(lambda now, later: later.mean(axis=1))
    windows = {n: v for n, v in windows.items() if n != "now"}
    windows["until"] = windows["when"] + np.timedelta64(10, "D")
    (finding,) = unsaid(windows)
    assert (finding["columns"], len(finding["rows"])) == (["when", "until"], 9)
    alone = {**windows, "y": np.random.default_rng(0).permutation(windows["y"])}
    assert unsaid(alone) == unsaid(windows, gap=10) == []


def test_lags_and_what_the_last_days_give_say_nothing_of_a_horizon():
    past = ahead(lambda now, later: np.convolve(now, np.ones(10) / 10)[:N])
    lag = np.concatenate([np.full(7, np.nan), past["y"][:-7]])
    assert unsaid({**past, "lag": lag}) == []


def test_of_a_lag_the_next_values_are_known_by_the_column_it_lags():
    table = ahead(lambda now, later: later.mean(axis=1))
    later = np.concatenate([table["now"][9:], np.zeros(9)])
    assert unsaid({**table, "newest": later}) == []
