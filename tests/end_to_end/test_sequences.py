"""Long tables nobody has seen: every stage, predict in every form, and the same numbers by rows."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ninefold.files import read_json
from ninefold.sequences import to_cell
from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.model import read_model
from ninefold.serving.rows import Rows
from ninefold.serving.served import Served
from tasks.drafting.workspace import pipeline
from tasks.engine import run_stages
from tests.end_to_end.commands import ninefold
from tests.pipelines import Workspace
from tests.sequences import season, walks, write_walks

PARAMS = """\
problem: {{{problem}}}
ingest: {{{ingest}}}
validate: {{}}
featurize: {{}}
split: {{kind: {split}}}
sampling: {{kind: none}}
audit: {{}}
preprocess: {{}}
baselines: {{models: [{models}]}}
train: {{epochs: 6, network: {{{network}}}}}
crossvalidate: {{network: false, curve: false}}
evaluate: {{bootstrap: 100}}
export: {{model: network}}
report: {{title: Sequences}}
"""


def trained(folder, task, **settings):
    for name, text in (
        ("dvc.yaml", pipeline(None, task)),
        ("params.yaml", PARAMS.format(**settings)),
        ("expectations/suite.yaml", "name: suite\nexpectations: []\n"),
        ("test_ledger.jsonl", ""),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    workspace = object.__new__(Workspace)
    workspace.folder = folder
    workspace.dvc("init", "-q", "--no-scm")
    run_stages(folder)
    return folder


def posted_to(model, body, kind):
    """Return what a server says of a body."""
    served = Served(read_model(model), Limits())
    asked = served.read("predict", body, {b"content-type": kind.encode()})
    answer = asked.answer(served.model.run(asked.feeds), None)
    return json.loads(answer.body)["predictions"]


@pytest.fixture(scope="module")
def walking(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walks")
    write_walks(folder / "long.csv", 90)
    return trained(
        folder,
        "classification",
        problem="target: label, task: classification",
        ingest="kind: long_table, path: long.csv, entity: entity, time: t",
        split="stratified",
        models="{kind: dummy}, {kind: linear}",
        network="kind: rnn, hidden_size: 8",
    )


def test_every_stage_takes_sequences(walking):
    receipt = read_json(walking / "reports" / "receipt.json")
    assert receipt["pass"] is True
    assert receipt["cases"]["sequences"]["n"] == 17
    assert receipt["cases"]["batch_1"]["max_delta"] == 0.0
    page = (walking / "reports" / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/svg+xml;base64,") > 10


def test_long_table_lists_and_rows_give_the_same_numbers(walking, tmp_path):
    new = walks(12, seed=5)
    new.sample(frac=1.0, random_state=0).to_csv(tmp_path / "new.csv", index=False)
    model = "models/model.onnx"
    ninefold("predict", model, tmp_path / "new.csv", tmp_path / "a.csv", cwd=walking)
    found = pd.read_csv(tmp_path / "a.csv").set_index("entity").sort_index()
    assert list(found.index) == sorted(new["entity"].unique())
    parts = [part for _, part in new.groupby("entity")]
    cells = [part[["load", "heat"]].to_numpy() for part in parts]
    lists = pa.table(
        {
            "sequence": [to_cell(cell) for cell in cells],
            "plant": [part["plant"].iloc[0] for part in parts],
            "t": [part["t"].iloc[-1].isoformat() for part in parts],
        }
    )
    pq.write_table(lists, tmp_path / "lists.parquet")
    ninefold("predict", model, tmp_path / "lists.parquet", tmp_path / "b.parquet", cwd=walking)
    as_lists = pq.read_table(tmp_path / "b.parquet").to_pandas()
    longest = max(map(len, cells))
    padded = [np.concatenate([c, np.full((longest - len(c), 2), np.nan)]) for c in cells]
    others = {name: np.array(lists[name].to_pylist()) for name in ("plant", "t")}
    np.savez(tmp_path / "new.npz", steps=np.stack(padded), **others)
    ninefold("predict", model, tmp_path / "new.npz", tmp_path / "c.parquet", cwd=walking)
    as_arrays = pq.read_table(tmp_path / "c.parquet").to_pandas()
    rows = Rows(read_model(walking / model))
    sent = lists.to_pylist()
    for row in lists.to_pylist():
        load, heat = map(list, zip(*row["sequence"], strict=True))
        sent.append({**row, "sequence": {"heat": heat, "load": load}})
    batch = rows.read(json.loads(json.dumps(sent)))
    answers = rows.answers(batch, read_model(walking / model).run(batch.feeds))
    told = np.array([answer["probabilities"]["up"] for answer in answers], dtype=np.float32)
    np.testing.assert_array_equal(told[:12], told[12:])
    np.testing.assert_array_equal(told[:12], as_lists["probability_up"])
    np.testing.assert_array_equal(told[:12], as_arrays["probability_up"])
    np.testing.assert_array_equal(told[:12], found["probability_up"].to_numpy(np.float32))
    pq.write_table(pa.Table.from_pandas(new, preserve_index=False), tmp_path / "new.parquet")
    for name, kind in (("new.csv", "text/csv"), ("new.parquet", "application/parquet")):
        posted = posted_to(walking / model, (tmp_path / name).read_bytes(), kind)
        by_entity = {row["entity"]: row["probabilities"]["up"] for row in posted}
        want = found["probability_up"].to_numpy(np.float32)
        np.testing.assert_array_equal(np.float32([by_entity[name] for name in found.index]), want)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("entity,t,load\na,2024-01-01,1\n", "it has no `heat`"),
        ("entity,t,load,heat\na,2024-01-01,x,1\n", "line 0: column `load` must be a number"),
        ("entity,t,load,heat\na,soon,1,1\n", "must give the time of the step"),
        ("entity,t,load,heat\n,2024-01-01,1,1\n", "must name the entity"),
        ("entity,t,load,heat\na,2024-01-01,1,1\na,2024-01-01,2,1\n", "a `t` of its own"),
        ("entity,t,load,heat\n" + "a,2024-01-01,1,1\n" * 300_000, "at most 262144 steps"),
        (",".join(map(str, range(40_000))) + "\n", "a column `sequence` of JSON lists"),
    ],
)
def test_a_body_of_steps_that_is_wrong_says_where(walking, body, why):
    with pytest.raises(RequestError, match=why):
        posted_to(walking / "models" / "model.onnx", body.encode(), "text/csv")


def test_a_table_of_steps_without_rows_gives_no_predictions(walking, tmp_path):
    (tmp_path / "none.csv").write_text("entity,t,load,heat,plant\n")
    sink = tmp_path / "out.csv"
    done = ninefold("predict", "models/model.onnx", tmp_path / "none.csv", sink, cwd=walking)
    assert "wrote 0 rows" in done.stdout
    assert "holds none" in done.stdout
    columns = ["entity", "label", "probability_up", "probability_down"]
    assert pd.read_csv(sink).columns.tolist() == columns


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("xx", "it is none"),
        ([[1, 2], [3]], "a list of 2 numbers"),
        ([1, 2, 3], "has the shape [3]"),
        ([[1, True]], "a number or null"),
        ([[1, 10**400]], "a double can hold"),
        ({"load": [1]}, "a list for each of the channels"),
        ({"load": [1], "heat": []}, "differ in length"),
        (3, "it is none"),
    ],
)
def test_a_row_without_a_sequence_says_why(walking, value, why):
    rows = Rows(read_model(walking / "models" / "model.onnx"))
    good = [{"sequence": [[1, None]]}, {"sequence": []}, {"sequence": None}, {"plant": "north"}]
    batch = rows.read([{"sequence": value}, *good])
    assert why in batch.errors[0]
    assert batch.good == [1, 2, 3, 4]


def test_a_series_is_forecast_from_its_last_window(tmp_path):
    season(260).to_csv(tmp_path / "s.csv", index=False)
    folder = trained(
        tmp_path,
        "regression",
        problem="target: [load+1, load+3], task: regression, time: day, horizon: 3d, metric: mae",
        ingest="kind: windows, path: s.csv, time: day, value: load, past: 21, horizons: [1, 3]",
        split="time",
        models="{kind: last_value}, {kind: seasonal_naive, period: 7}",
        network="kind: series_cnn, filters: [8, 8], level: beside",
    )
    assert read_json(folder / "reports" / "receipt.json")["pass"] is True
    ninefold("predict", "models/model.onnx", "s.csv", "next.csv", cwd=folder)
    ahead = pd.read_csv(folder / "next.csv")
    assert ahead.columns.tolist() == ["load+1", "load+3"]
    truth = season(270)["load"].to_numpy()[[260, 262]]
    assert np.abs(ahead.to_numpy()[0] - truth).max() < 4
    (posted,) = posted_to(folder / "models/model.onnx", (folder / "s.csv").read_bytes(), "text/csv")
    said = [posted[name] for name in ahead.columns]
    np.testing.assert_array_equal(np.float32(said), ahead.to_numpy(np.float32)[0])
