"""A CSV nobody has seen: init, run, predict, and the same numbers by HTTP."""

import json
import urllib.request

import numpy as np
import pandas as pd
import pytest

from ninefold.files import read_json
from tests.end_to_end.commands import ninefold
from tests.end_to_end.servers import serving
from tests.end_to_end.tables import messy, write
from tests.rounds import quick

ROWS = {"binary": 400, "many": 400, "regression": 200}


@pytest.fixture(
    scope="module",
    params=quick("binary", of=ROWS),
)
def trained(request, server, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    data = write(messy(ROWS[request.param], request.param), folder / "my data.csv")
    ninefold("init", data, "--target", "y", "--into", folder / "ws", "--yes", cwd=folder)
    if request.param != "binary":  # one run with all defaults is enough
        params = folder / "ws" / "params.yaml"
        text = params.read_text()
        assert "crossvalidate: {}" in text
        text = text.replace("crossvalidate: {}", "crossvalidate: {network: false, curve: false}")
        params.write_text(text.replace("evaluate:\n", "evaluate:\n  bootstrap: 100\n"))
    done = ninefold("run", cwd=folder / "ws")
    return request.param, data, folder / "ws", done


def test_the_run_tells_what_came_out(trained):
    _, _, workspace, done = trained
    assert (workspace / "models" / "model.onnx").exists()
    assert "model.onnx" in done.stdout
    assert "report.html" in done.stdout
    page = (workspace / "reports" / "report.html").read_text()
    assert "Größe (m²)" in page
    assert read_json(workspace / "reports" / "receipt.json")["pass"] is True


def test_the_model_learned_something(trained):
    task, _, workspace, _ = trained
    metrics = read_json(workspace / "reports" / "metrics.json")
    test = metrics["test"]
    assert (
        test["r2"] > 0.5
        if task == "regression"
        else test["roc_auc" if task == "binary" else "accuracy"] > 0.6
    )


def test_csv_parquet_and_http_give_the_same_numbers(trained, tmp_path):
    task, data, workspace, _ = trained
    table = pd.read_csv(data).head(40)
    table.drop(columns="y").to_csv(tmp_path / "rows.csv", index=False)
    ninefold(
        "predict", "models/model.onnx", tmp_path / "rows.csv", tmp_path / "a.csv", cwd=workspace
    )
    ninefold(
        "predict", "models/model.onnx", tmp_path / "rows.csv", tmp_path / "b.parquet", cwd=workspace
    )
    from_csv, from_parquet = (
        pd.read_csv(tmp_path / "a.csv"),
        pd.read_parquet(tmp_path / "b.parquet"),
    )
    assert len(from_csv) == 40
    rows = json.loads(table.drop(columns="y").to_json(orient="records"))
    with serving(workspace) as url:
        together = predict(url, rows)
        alone = [predict(url, [row])[0] for row in rows[:5]]
    assert together[:5] == alone
    if task == "regression":
        got = np.array([row["value"] for row in together])
        np.testing.assert_array_equal(got, from_parquet["value"])
        np.testing.assert_array_equal(got, from_csv["value"])
    else:
        assert [row["label"] for row in together] == from_csv["label"].tolist()
        assert from_parquet["label"].tolist() == from_csv["label"].tolist()


def predict(url, rows):
    request = urllib.request.Request(
        f"{url}/v1/models/model/predict",
        json.dumps({"rows": rows}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["predictions"]


def test_a_second_run_does_nothing(trained):
    task, _, workspace, _ = trained
    if task != "binary":
        pytest.skip("one run again is enough")
    before = (workspace / "dvc.lock").read_bytes()
    ninefold("run", cwd=workspace)
    assert (workspace / "dvc.lock").read_bytes() == before
