"""init drafts a workspace from tables with one step a line, and from arrays of sequences."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from ninefold.config import read_yaml
from tests.end_to_end.commands import ninefold
from tests.sequences import season, write_walks


def init(folder, *arguments, code=0):
    done = ninefold("init", *arguments, "--into", folder / "ws", "--yes", cwd=folder, code=code)
    return done if code else read_yaml(folder / "ws" / "params.yaml")


def test_a_table_of_steps_becomes_a_row_for_each_entity(tmp_path):
    write_walks(tmp_path / "long.csv", 40)
    found = init(tmp_path, "long.csv", "--target", "label", "--entity", "entity", "--time", "t")
    assert found["ingest"]["kind"] == "long_table"
    assert (found["ingest"]["entity"], found["ingest"]["time"]) == ("entity", "t")
    assert found["problem"]["target"] == "label"
    assert found["problem"]["ids"] == ["entity"]
    assert found["train"]["network"] == {"kind": "rnn"}
    assert "sequence steps" in (tmp_path / "ws" / "expectations" / "suite.yaml").read_text()


@pytest.mark.thorough
def test_a_channel_that_tells_the_class_is_named_and_left_out(tmp_path):
    rng = np.random.default_rng(0)
    late = np.repeat(rng.integers(0, 2, 120), 5)
    steps = {"entity": np.repeat(np.arange(120), 5), "t": np.tile(np.arange(5), 120)}
    steps |= {f"c{number}": rng.normal(size=600).round(3) for number in range(9)}
    steps |= {"flag": (late + rng.normal(0, 0.1, 600)).round(2)}
    steps |= {"y": np.where(late, "even", "odd")}
    pd.DataFrame(steps).to_csv(tmp_path / "long.csv", index=False)
    options = ["long.csv", "--target", "y", "--entity", "entity", "--time", "t"]
    init(tmp_path, *options)
    fixed = ninefold("audit", "--json", "--fix", "warn", cwd=tmp_path / "ws")
    named = [i["columns"] for i in json.loads(fixed.stdout)["findings"] if i["severity"] == "warn"]
    assert named == [["flag"]]
    assert read_yaml(tmp_path / "ws" / "params.yaml")["ingest"]["drop"] == ["flag"]
    shutil.rmtree(tmp_path / "ws")
    assert init(tmp_path, *options, "--available-after", "flag")["ingest"]["drop"] == ["flag"]
    assert '"verdict": "pass"' in ninefold("audit", "--json", cwd=tmp_path / "ws").stdout


def test_a_series_becomes_windows_with_a_target_for_each_horizon(tmp_path):
    season(200).to_csv(tmp_path / "s.csv", index=False)
    options = ["s.csv", "--target", "load", "--time", "day", "--forecast", 1, 7, "--past", 14]
    found = init(tmp_path, *options)
    assert found["problem"]["target"] == ["load+1", "load+7"]
    assert (found["problem"]["time"], found["problem"]["horizon"]) == ("day", "7d")
    assert found["ingest"]["horizons"] == [1, 7]
    assert found["ingest"]["past"] == 14
    assert found["train"]["network"] == {"kind": "rnn", "level": "beside"}
    assert {"kind": "seasonal_naive"} in found["baselines"]["models"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "--time day --forecast 1 7"),
        (("--time", "day"), "--time day --forecast 1 7"),
        (("--task", "classification"), None),
    ],
)
@pytest.mark.some(1)
def test_a_table_that_is_plainly_a_series_is_called_so(options, told, tmp_path):
    table = season(200)
    table["load"] = table["load"].round(0 if told is None else 4)
    table.sample(frac=1.0, random_state=0).to_csv(tmp_path / "s 1.csv", index=False)
    done = ninefold(
        "init", "s 1.csv", "--target", "load", *options, "--into", "ws", "--yes", cwd=tmp_path
    )
    assert ("one row every day" in done.stdout) is (told is not None)
    if told:
        assert f"ninefold init 's 1.csv' --target load {told}" in done.stdout


def test_several_series_are_told_by_their_entity_and_rows_as_they_came_in_are_none(tmp_path):
    rng = np.random.default_rng(0)
    months = pd.date_range("2015-01-01", periods=60, freq="MS").strftime("%Y-%m-%d")
    parts = [
        pd.DataFrame({"month": months, "shop": shop, "sold": rng.normal(size=60).cumsum() + 50})
        for shop in ("north", "south", "west")
    ]
    pd.concat(parts).to_csv(tmp_path / "s.csv", index=False)
    done = ninefold("init", "s.csv", "--target", "sold", "--into", "a", "--yes", cwd=tmp_path)
    told = "--target sold --time month --entity shop --forecast 1 12"
    assert told in done.stdout
    assert "one row every month for each shop" in done.stdout
    table = parts[0].assign(sold=rng.normal(size=60))
    table.to_csv(tmp_path / "s.csv", index=False)
    done = ninefold("init", "s.csv", "--target", "sold", "--into", "b", "--yes", cwd=tmp_path)
    assert "--forecast" not in done.stdout


def test_years_order_the_steps_of_a_forecast(tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"year": range(1900, 2020), "spots": rng.normal(size=120).cumsum()})
    table.to_csv(tmp_path / "s.csv", index=False)
    options = ["--target", "spots", "--time", "year", "--forecast", 1]
    found = init(tmp_path, "s.csv", *options)
    assert found["ingest"]["past"] == 15
    assert found["ingest"]["columns"] == {"year": {"kind": "datetime", "format": "%Y"}}
    assert found["problem"]["horizon"] == "366d"


def test_pictures_of_other_numbers_say_what_white_is(tmp_path):
    rng = np.random.default_rng(0)
    label = np.array(["a", "b"] * 30)
    for scale, said in ((4000, {"white": 4095}), (1, {"black": -1, "white": 1})):
        image = rng.integers(0, scale, (60, 12, 12)).astype(np.uint16)
        image = image if scale > 1 else rng.uniform(-1, 1, (60, 3, 12, 12))
        np.savez(tmp_path / "a.npz", image=image, label=label)
        shutil.rmtree(tmp_path / "ws", ignore_errors=True)
        found = init(tmp_path, "a.npz", "--target", "label")["ingest"]
        assert {key: found[key] for key in ("black", "white") if key in found} == said


def test_real_numbers_called_images_are_pictures(tmp_path):
    rng = np.random.default_rng(0)
    label = np.array(["a", "b"] * 30)
    np.savez(tmp_path / "a.npz", images=rng.random((60, 12, 12)), label=label)
    found = init(tmp_path, "a.npz", "--target", "label")
    assert found["ingest"]["kind"] == "arrays"
    assert found["ingest"]["image"] == "images"


def test_arrays_of_real_numbers_are_sequences(tmp_path):
    rng = np.random.default_rng(0)
    label = np.array(["a", "b"] * 30)
    np.savez(tmp_path / "a.npz", X=rng.normal(size=(60, 12, 2)), label=label)
    found = init(tmp_path, "a.npz", "--target", "label")
    assert found["ingest"]["kind"] == "sequence_arrays"


def test_the_array_of_lengths_is_found_and_zeros_at_the_end_are_told(tmp_path):
    from tasks.drafting import arrays

    rng = np.random.default_rng(0)
    values, steps = rng.normal(size=(60, 12, 2)), rng.integers(0, 13, 60)
    values[np.arange(12) >= steps[:, None]] = 0.0
    found = {"X": values, "n_steps": steps, "y": np.array(["a", "b"] * 30), "class": steps % 3}
    np.savez(tmp_path / "a.npz", **found)
    assert arrays.look(tmp_path / "a.npz")["keys"] == {"lengths": "n_steps"}
    told = arrays.look(tmp_path / "a.npz", targets=["n_steps"])
    assert told["keys"] == {}
    assert "sequences of `X` end in zeros" in told["notes"][0]
    np.savez(tmp_path / "b.npz", **found | {"X": rng.normal(size=(60, 12, 2))})
    told = arrays.look(tmp_path / "b.npz")
    assert (told["keys"], told["notes"]) == ({}, ())


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--target", "load", "--forecast", 1], "--time"),
        (["--target", "load", "--time", "dy", "--forecast", 1], "ingest.time"),
        (["--target", "load", "--time", "day", "--forecast", 0], "ingest.horizons"),
        (["--target", "load", "--entity", "nobody"], "ingest.entity"),
    ],
)
@pytest.mark.some(2)
def test_what_does_not_fit_is_one_line(tmp_path, options, why):
    season(80).to_csv(tmp_path / "s.csv", index=False)
    done = init(tmp_path, "s.csv", *options, code=2)
    assert why in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
