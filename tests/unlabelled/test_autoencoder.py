"""AutoEncoders: rows come back, alarms have the rate that was chosen, the file gives the same."""

import json

import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import LedoitWolf
from sklearn.ensemble import IsolationForest as Forest
from sklearn.metrics import roc_auc_score

from ninefold.aims import aims
from ninefold.autoencoding.contrast import Views, nt_xent
from ninefold.autoencoding.evaluating import area
from ninefold.autoencoding.model import Reconstruction
from ninefold.autoencoding.oddity import FLOOR
from ninefold.columns import read_frame
from ninefold.errors import InputError
from ninefold.files import read_json
from ninefold.graph import Graph
from ninefold.monitoring import MonitorSpec
from ninefold.monitoring.watch import watch
from ninefold.serving.limits import Limits
from ninefold.serving.model import read_model
from ninefold.serving.recording import Recorder, RecordSpec
from ninefold.serving.rows import Rows, replay
from ninefold.serving.served import Answer
from ninefold.unlabelled.chain import Chain
from tests.end_to_end.commands import ninefold
from tests.unlabelled.workspaces import blobs, change, draft, run

QUICK = "{epochs: 30, width: 32, depth: 1, latent: 3}"


def with_anomalies(rows: int = 600) -> pd.DataFrame:
    """Return ordinary rows and a few in which columns contradict each other."""
    table = blobs(rows)
    rng = np.random.default_rng(1)
    table["kind"] = "ordinary"
    odd = rng.choice(rows, rows // 25, replace=False)
    table.loc[odd, "colour"] = np.roll(table.loc[odd, "colour"], 1)
    table.loc[odd, "weight"] = rng.normal(3.5, 0.5, len(odd)).round(3)
    table.loc[odd, "Größe (m²)"] = rng.choice([3.0, 9.0], len(odd))
    table.loc[odd, "kind"] = "odd"
    return table


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("anomalies")
    changes = {
        "autoencoder": QUICK, "anomaly": "{alarm_rate: 0.05}", "evaluate": "{bootstrap: 100}",
        "validate": "{mask: [city]}",
    }  # fmt: skip
    return run(draft(folder, with_anomalies(), "anomaly", "--target", "kind", **changes))


def test_what_is_masked_is_not_recorded_and_the_rest_is_watched(trained, tmp_path):
    model = read_model(trained / "models" / "model.onnx")
    table = pd.read_csv(trained.parent / "rows.csv").drop(columns="kind")
    rows = json.loads(table.to_json(orient="records", force_ascii=False))
    outputs = model.run(Rows(model).read(rows).feeds)
    recorder = Recorder(RecordSpec(tmp_path), Limits())
    recorder.start()
    body = json.dumps({"rows": rows}).encode()
    recorder.offer("predict", body, {}, Answer(200, b"", {}, len(rows), model, outputs))
    recorder.stop(60)
    (file,) = tmp_path.iterdir()
    header, *lines = map(json.loads, file.read_text().splitlines())
    assert header["masked"] == ["city"]
    assert len(lines) == len(rows)
    assert {*lines[0]["row"], "city"} == {*table.columns}
    assert {*outputs} - {*lines[0]["outputs"]} == {"reconstruction of city"}
    report = watch(trained / "models" / "model.onnx", [tmp_path], MonitorSpec())
    assert (report["rows"], report["failed"]) == (len(rows), 0)
    assert "city" not in {item["column"] for item in report["comparison"]}
    assert "reconstruction of colour" in {item["column"] for item in report["comparison"]}


def test_anomalies_are_told_and_measured_against_simpler_models(trained):
    found = read_json(trained / "reports" / "evaluation.json")
    assert found["metric"]["name"] == "roc_auc"
    assert found["test"]["roc_auc"]["value"] > 0.75
    assert found["test"]["roc_auc"]["low"] < found["test"]["roc_auc"]["high"]
    assert set(found["baselines"]) == {"isolation_forest", "principal_components"}
    assert found["verdict"]["answer"] in ("needed", "not needed", "inconclusive")
    assert found["verdict"]["baseline"] in found["baselines"]
    assert 0 < found["test"]["alarm_rate"]["value"] < 0.25


def test_the_threshold_lets_the_chosen_share_of_valid_rows_alarm(trained):
    model = Reconstruction.load(trained / "models" / "network")
    valid = read_frame(trained / "data" / "splits" / "valid.parquet")
    rate = model.predict(valid)[0].values.mean()
    assert rate <= 0.05
    assert rate > 0.05 - 2 / len(valid)
    assert read_json(trained / "models" / "network" / "layout.json")["decoders"]


def test_file_rows_and_table_say_the_same(trained, tmp_path):
    assert read_json(trained / "reports" / "receipt.json")["pass"]
    table = pd.read_csv(trained.parent / "rows.csv").drop(columns="kind").head(25)
    table.to_csv(tmp_path / "new.csv", index=False)
    ninefold("predict", trained / "models" / "model.onnx", "new.csv", "o.parquet", cwd=tmp_path)
    scored = pd.read_parquet(tmp_path / "o.parquet")
    told = {"is_anomaly", "anomaly_score", "reconstruction_error", "reconstruction_colour"}
    assert told <= set(scored)
    assert set(scored["reconstruction_colour"]) <= {"red", "green", "blue"}
    model = read_model(trained / "models" / "model.onnx")
    rows = Rows(model)
    assert replay(model, rows) is None
    batch = rows.read(json.loads(table.to_json(orient="records")))
    answers = rows.answers(batch, model.run(batch.feeds))
    assert [a["is_anomaly"] for a in answers] == scored["is_anomaly"].tolist()
    for name in ("anomaly_score", "reconstruction_error"):
        assert [a[name] for a in answers] == scored[name].tolist()
    back = [a["reconstruction"]["weight"] for a in answers]
    np.testing.assert_array_equal(back, scored["reconstruction_weight"])


def test_what_is_unusual_is_how_far_residuals_and_codes_are_from_the_train_rows(trained):
    model = Reconstruction.load(trained / "models" / "network")
    train = read_frame(trained / "data" / "splits" / "train.parquet")
    scores = model.scores_of(train).astype(np.float64)
    apart, code = scores[:, : model.size] - scores[:, model.size : -model.latent], scores[:, -3:]
    variance = np.maximum(apart.var(axis=0), FLOOR * apart.var(axis=0).mean())
    expected = ((apart - apart.mean(axis=0)) ** 2 / variance).mean(axis=1)
    expected += LedoitWolf().fit(code).mahalanobis(code) / model.latent
    np.testing.assert_allclose(model.oddities(scores.astype(np.float32)), expected, rtol=1e-3)


def test_the_isolation_forest_is_scikit_learns(trained):
    session = ort.InferenceSession(trained / "models" / "baselines" / "isolation_forest.onnx")
    assert [output.name for output in session.get_outputs()] == ["is_anomaly", "anomaly_score"]
    train = read_frame(trained / "data" / "splits" / "train.parquet")
    names = [item.name for item in session.get_inputs()]
    got = session.run(None, train.feeds(names))[1]
    model = Reconstruction.load(trained / "models" / "network")
    z = model.wide(*model.preprocessing.transform(train)[:2])
    expected = -Forest(n_estimators=100, random_state=0).fit(z).score_samples(z)
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_the_same_data_give_the_same_bytes(trained):
    model = trained / "models" / "model.onnx"
    before = model.read_bytes()
    run(trained, "train", "evaluate", "export")
    assert model.read_bytes() == before


@pytest.mark.parametrize(
    "changes",
    [
        "variational: true",
        "noise: 0.3, dropout: 0.1, depth: 0",
        "dropout: 0.1, depth: 0, contrast: 0.1, lr: 0.01",
    ],
)
@pytest.mark.some(1)
def test_an_embedding_needs_no_label(tmp_path, changes):
    workspace = draft(tmp_path, blobs(200), "embedding",
                      autoencoder=QUICK[:-1].replace("depth: 1, ", "") + f", {changes}}}",
                      evaluate="{bootstrap: 100}")  # fmt: skip
    run(workspace)
    found = read_json(workspace / "reports" / "evaluation.json")
    assert found["metric"]["name"] == "explained"
    assert found["test"]["explained"]["value"] > 0.1
    assert read_json(workspace / "reports" / "receipt.json")["pass"]
    model = read_model(workspace / "models" / "model.onnx")
    assert [result.name for result in model.signature.results[:2]] == [
        "embedding", "reconstruction_error",
    ]  # fmt: skip
    assert model.signature.results[0].names == ("0", "1", "2")


@given(st.integers(0, 99), st.integers(2, 6), st.floats(0.05, 5))
@settings(max_examples=30, deadline=None)
def test_the_contrast_is_how_little_a_view_tells_its_twin(seed, rows, temperature):
    both = np.random.default_rng(seed).normal(size=(rows, 2, 3))
    views = both.transpose(1, 0, 2).reshape(-1, 3)
    views /= np.linalg.norm(views, axis=1, keepdims=True)
    losses = []
    for number, view in enumerate(views):
        others = [i for i in range(2 * rows) if i != number]
        likeness = np.exp(views[others] @ view / temperature)
        twin = np.exp(views[(number + rows) % (2 * rows)] @ view / temperature)
        losses.append(-np.log(twin / likeness.sum()))
    got = nt_xent(torch.from_numpy(both.reshape(rows, 6)), temperature)
    assert float(got) == pytest.approx(np.mean(losses), rel=1e-4)


def test_a_view_takes_values_of_other_rows_and_levels_of_a_category_together():
    x = torch.arange(4000.0).reshape(1000, 4)
    seen = Views([0, 1, 1, 2], 2, 0.3).view(x)
    share = (seen != x).float().mean(dim=0)
    assert torch.all((share - 0.3).abs() < 0.06)
    assert torch.equal(seen % 4, x % 4)
    assert torch.equal(seen[:, 1] + 1, seen[:, 2])
    assert not torch.equal(seen[:, 0] + 3, seen[:, 3])


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=60))
@settings(max_examples=50, deadline=None)
def test_the_area_is_scikit_learns(rows):
    scores, truth = (np.array(part) for part in zip(*rows, strict=True))
    found = area(scores.astype(float), truth.astype(bool))
    if truth.all() or not truth.any():
        assert np.isnan(found(None))
    else:
        assert found(None) == pytest.approx(roc_auc_score(truth, scores))
        assert found(np.full(len(truth), 2.0)) == pytest.approx(found(None))


def test_a_label_of_three_classes_asks_for_the_one_that_counts(trained, tmp_path):
    asked = ("init", trained.parent / "rows.csv", "--task", "anomaly", "--target", "colour",
             "--into", tmp_path / "x", "--yes")  # fmt: skip
    assert "Name the anomalies' class" in ninefold(*asked, cwd=tmp_path, code=2).stderr
    assert not (tmp_path / "x").exists()
    done = ninefold(*asked, "--positive", "purple", cwd=tmp_path, code=2)
    assert "must be a class of `colour`, however: 'purple'" in done.stderr
    assert "anomaly" in ninefold(*asked, "--positive", "red", cwd=tmp_path).stdout
    assert 'positive: "red"' in (tmp_path / "x" / "params.yaml").read_text()
    change(tmp_path / "x", problem="{task: anomaly, target: colour}")
    with pytest.raises(InputError, match="Name the anomalies"):
        run(tmp_path / "x", "ingest", "featurize", "split", "audit", "baselines")
    assert set(aims()) >= {"anomaly", "clustering", "embedding"}
    change(tmp_path / "x", autoencoder="{latent: 0}")
    done = ninefold("-C", tmp_path / "x", "run", cwd=tmp_path, code=2)
    assert "autoencoder.latent must be >= 1, however: 0" in done.stderr


def test_layers_say_the_same_to_the_last_bit_but_one():
    rng = np.random.default_rng(0)
    sizes = [(7, 128), (128, 128), (128, 7)]
    chain = Chain(
        tuple(
            (rng.normal(size=size).astype(np.float32), rng.normal(size=size[1]).astype(np.float32))
            for size in sizes
        )
    )
    x = (3 * rng.normal(size=(50, 7))).astype(np.float32)
    graph = Graph("chain")
    y = chain.emit(graph, graph.input("x", np.float32, ("N", 7)))
    graph.output("y", y, np.float32, ("N", 7))
    session = ort.InferenceSession(graph.model().SerializeToString())
    (found,) = session.run(None, {"x": x})
    np.testing.assert_array_max_ulp(found, chain.compute(x), 1)
    alone = np.concatenate([session.run(None, {"x": row[None]})[0] for row in x])
    assert alone.tobytes() == found.tobytes()
