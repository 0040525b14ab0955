"""Labels that look ahead: horizons and gaps in every unit, in the parts and inside the folds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold.columns import NAT, Column
from ninefold.errors import ConfigError
from ninefold.splitting import split
from tests.splitting.test_given import write
from tests.splitting.test_hard_splits import folds_of, visits
from tests.splitting.test_split import DAY_US, problem, replaced, spec, table

BY_TIME = ("time", "purged", "group_time")


def numbered(frame, when):
    return frame.with_column(Column("when", "number", frozenset({"time"})), when)


def spans(frame, parts):
    return [frame["when"][parts.index(name)] for name in ("train", "valid", "test")]


@pytest.mark.parametrize("kind", BY_TIME)
@settings(max_examples=6)
@given(seed=st.integers(0, 10_000), horizon=st.integers(1, 60), is_date=st.booleans())
def test_no_fold_is_validated_within_the_horizon_of_what_its_model_learnt(
    kind, seed, horizon, is_date
):
    frame = visits(seed, rows=900)
    unit = DAY_US if is_date else 1
    if not is_date:
        frame = numbered(frame, frame["when"] / DAY_US)
    asked = problem(
        time="when",
        horizon=f"{horizon}d" if is_date else horizon,
        group=("who",) if kind == "group_time" else (),
    )
    parts = split(frame, asked, spec(kind=kind, valid_size=0.3, test_size=0.3))
    train, valid, test = spans(frame, parts)
    assert train.max() + horizon * unit < valid.min()
    assert valid.max() + horizon * unit < test.min()
    pairs = list(folds_of(frame, parts).pairs())
    for fit, new in pairs:
        earlier = train[fit][train[fit] < train[new].min()]
        assert not len(earlier) or earlier.max() + horizon * unit < train[new].min()
    assert pairs or horizon > 40


def test_a_horizon_longer_than_a_fold_leaves_folds():
    frame = visits(0, rows=900)
    parts = split(frame, problem(time="when", horizon="60d"), spec(kind="time"))
    train = spans(frame, parts)[0]
    assert np.ptp(train) / 6 < 60 * DAY_US
    pairs = list(folds_of(frame, parts).pairs())
    assert len(pairs) >= 3
    judged = np.concatenate([new for _, new in pairs])
    assert len(judged) == len(set(judged.tolist())) > 0.4 * len(train)


@pytest.mark.parametrize("kind", ["time", "purged"])
@settings(max_examples=6)
@given(seed=st.integers(0, 10_000), gap=st.integers(1, 40), moments=st.integers(20, 400))
def test_a_gap_of_rows_is_kept_in_the_folds_too(kind, seed, gap, moments):
    when = np.random.default_rng(seed).integers(0, moments, 600)
    frame = numbered(visits(0, rows=600), when * 1.0)
    parts = split(frame, problem(time="when"), spec(kind=kind, gap=gap, embargo=0.0)
                  if kind == "purged" else spec(kind=kind, gap=gap))  # fmt: skip
    train = spans(frame, parts)[0]
    ordered = np.sort(train)
    pairs = list(folds_of(frame, parts).pairs())
    assert pairs
    for fit, new in pairs:
        first = np.searchsorted(ordered, train[new].min())
        earlier = train[fit][train[fit] < train[new].min()]
        if len(earlier):
            assert first - np.searchsorted(ordered, earlier.max(), side="right") >= gap
        later = train[fit][train[fit] > train[new].max()]
        last = np.searchsorted(ordered, train[new].max(), side="right") - 1
        if len(later):
            assert np.searchsorted(ordered, later.min()) - last > gap


@pytest.mark.parametrize(
    ("is_date", "asked", "content", "said"),
    [
        (True, {"horizon": 4}, {}, r"problem\.horizon must be a duration .* `when` is a date"),
        (False, {"horizon": "4d"}, {}, r"problem\.horizon must be a number in units of `when`"),
        (False, {"horizon": "4d"}, {"kind": "blocked"}, r"problem\.horizon must be a number"),
        (False, {}, {"kind": "time", "gap": "4d"}, r"split\.gap must be a number of rows"),
    ],
)
def test_a_span_in_another_unit_than_the_time_is_named(is_date, asked, content, said):
    frame = table()
    if not is_date:
        frame = numbered(frame, frame["when"] / DAY_US)
    with pytest.raises(ConfigError, match=said) as caught:
        split(frame, problem(time="when", **asked), spec(**content))
    assert "\n" not in str(caught.value)


def test_every_row_of_a_given_split_is_accounted_for(tmp_path):
    frame = table()
    recent = frame["when"] > np.quantile(frame["when"], 0.75)
    when = frame["when"].copy()
    when[np.flatnonzero(~recent)[:20]] = NAT
    frame = replaced(frame, when=when)
    write(tmp_path, frame.row, np.where(recent, "test", "train"))
    content = spec(kind="given", path="my split.csv", valid_size=0.2)
    parts = split(frame, problem(time="when", horizon="9d"), content, tmp_path)
    rows = parts.manifest["rows"]
    assert set(rows["dropped"]) >= {"gap", "missing_time"}
    assert rows["used"] + sum(rows["dropped"].values()) == 400
    train, valid, _ = spans(frame, parts)
    assert train.max() + 9 * DAY_US < valid.min()
    inside = (when > valid.min()) & (when <= valid.max()) & ~recent
    assert (parts.part[inside] == "valid").all()
