"""Naive forecasts: the value itself, in ONNX too, and the season that is in the data."""

from dataclasses import replace

import numpy as np
import pytest

from ninefold.baselines.comparing import prepare
from ninefold.baselines.last_value import LastValueSpec
from ninefold.baselines.seasonal_naive import SeasonalNaiveSpec, back
from ninefold.columns import to_frame
from ninefold.config import validate
from ninefold.datasets import read
from ninefold.errors import ConfigError
from ninefold.preprocessing import PreprocessSpec
from ninefold.problem import ProblemSpec
from ninefold.runtime import session
from ninefold.target import Target
from tests.sequences import season

PROBLEM = ProblemSpec(target="load+2", task="regression", time="day", horizon="2d")


def prepared(folder, gone=(), **preprocess):
    table = season(160)
    table.loc[list(gone), "load"] = np.nan
    table.to_csv(folder / "s.csv", index=False)
    content = {
        "kind": "windows", "path": "s.csv", "time": "day", "value": "load", "past": 20,
        "horizons": [2],
    }  # fmt: skip
    frame = to_frame(*read(validate("ingest", content), PROBLEM, folder))
    frame = frame.take(~np.isnan(frame["load+2"]))
    train, new = frame.take(np.arange(100)), frame.take(np.arange(100, len(frame)))
    spec = PreprocessSpec.model_validate(preprocess)
    sampling = validate("sampling", {"kind": "none"})
    target = Target.fit(train, PROBLEM)
    return prepare(train, new, target, PROBLEM, sampling, spec, 0), new, target


@pytest.mark.parametrize(
    ("spec", "lag"),
    [(LastValueSpec(), 0), (SeasonalNaiveSpec(period=7), 5), (SeasonalNaiveSpec(period=2), 0)],
)
def test_a_value_of_the_past_is_the_answer(tmp_path, spec, lag):
    rows, new, target = prepared(tmp_path, gone=[130])
    fitted = rows.fit(spec, 0)
    scores = rows.scores_new(fitted)[:, 0]
    past = np.array([cell[-1 - lag, 0] for cell in new["past"]])
    is_known = ~np.isnan(past)
    answer = scores * target.scale + target.offset
    np.testing.assert_allclose(answer[is_known], past[is_known], atol=1e-5)
    assert np.isfinite(answer).all()
    running = session(fitted.to_onnx())
    names = {item.name for item in running.get_inputs()}
    feeds = {"X": rows.X_new, "codes": rows.codes_new}
    found = running.run(None, {name: feeds[name] for name in names})[0]
    np.testing.assert_allclose(found[:, 0], scores, atol=1e-6)


def test_the_season_is_found(tmp_path):
    rows, new, target = prepared(tmp_path)
    scores = rows.scores_new(rows.fit(SeasonalNaiveSpec(), 0))[:, 0]
    answer = scores * target.scale + target.offset
    past = np.array([[cell[-1 - lag, 0] for lag in (5, 12, 19)] for cell in new["past"]])
    assert (np.abs(answer[:, None] - past) < 1e-4).any(axis=1).all()
    assert back(7, 2) == 5
    assert back(7, 9) == 5


def test_what_cannot_be_looked_up_is_one_line(tmp_path):
    rows, _, _ = prepared(tmp_path)
    with pytest.raises(ConfigError, match="28 steps before") as error:
        rows.fit(SeasonalNaiveSpec(period=30), 0)
    assert "\n" not in str(error.value)
    other = replace(rows.rows, target=replace(rows.target, name="heat"))
    with pytest.raises(ConfigError, match="needs windows over a series"):
        LastValueSpec().fit(other, 0)
