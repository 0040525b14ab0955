"""Clusters: found, chosen, exported, served."""

import json
from argparse import Namespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from ninefold.clustering import ClusterSpec
from ninefold.clustering.algorithms import AlgorithmSpec
from ninefold.clustering.algorithms.hdbscan import HdbscanSpec
from ninefold.clustering.algorithms.k_means import KMeansSpec
from ninefold.clustering.choosing import choose_k, structure
from ninefold.clustering.fitting import peers
from ninefold.columns import Column, Frame
from ninefold.config import validate
from ninefold.errors import ConfigError, InputError
from ninefold.files import read_json
from ninefold.graph import Graph
from ninefold.monitoring import MonitorSpec
from ninefold.monitoring.watch import watch
from ninefold.preprocessing import PreprocessSpec
from ninefold.problem import ProblemSpec
from ninefold.registry import components
from ninefold.runtime import session
from ninefold.serving.model import read_model
from ninefold.serving.rows import Rows, replay
from ninefold.unlabelled.preparing import prepare
from tasks.__main__ import run_stage
from tasks.commands import diagnose
from tests.end_to_end.commands import ninefold
from tests.unlabelled.workspaces import blobs, change, draft, run

ALGORITHMS = components("ninefold.clustering.algorithms", AlgorithmSpec)
QUICK = "{bootstraps: 3, k_max: 5, algorithm: {kind: %s}}"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clusters")
    changes = {"cluster": QUICK % "k_means", "evaluate": "{bootstrap: 100}"}
    return run(draft(folder, blobs(), "clustering", "--target", "kind", **changes))


def test_the_clusters_are_the_groups_that_were_put_in(trained):
    found = read_json(trained / "reports" / "evaluation.json")
    assert found["test"]["adjusted_rand"]["value"] > 0.85
    assert found["choice"]["k"] == 3
    assert found["structure"]["p"] <= 0.05
    assert found["verdict"]["answer"] == "not asked"
    assert {"gaussian_mixture", "hdbscan"} == set(found["baselines"])
    best = found["profile"][0]["apart"][0]
    assert best["column"] in ("Größe (m²)", "weight", "colour")


def test_who_asks_for_the_diagnosis_of_clusters_hears_that_there_is_none(trained, monkeypatch):
    monkeypatch.chdir(trained)
    with pytest.raises(InputError, match=r"must declare reports/diagnosis\.json .* clusters"):
        diagnose.main(Namespace(json=False, tries=False))


def test_clusters_among_the_codes_of_an_autoencoder(tmp_path):
    encoder = "encoder: {latent: 2, epochs: 30, width: 16, depth: 1}}"
    settings = (QUICK % "k_means").removesuffix("}") + ", k: 3, " + encoder
    changes = {"cluster": settings, "evaluate": "{bootstrap: 100}"}
    workspace = run(draft(tmp_path, blobs(), "clustering", "--target", "kind", **changes))
    found = read_json(workspace / "reports" / "evaluation.json")
    assert found["test"]["adjusted_rand"]["value"] > 0.6
    assert {"gaussian_mixture", "hdbscan", "k_means"} == set(found["baselines"])
    assert read_json(workspace / "reports" / "receipt.json")["pass"]
    facts = read_json(workspace / "models" / "network" / "network.json")["facts"]
    assert facts["encoder"]["latent"] == 2
    model = read_model(workspace / "models" / "model.onnx")
    rows = Rows(model)
    assert replay(model, rows) is None


def test_encoder_and_centres_are_refined_together_and_the_unrefined_stand_beside(tmp_path):
    encoder = "encoder: {latent: 2, epochs: 20, width: 16, depth: 1}, refine: {epochs: 15}}"
    settings = (QUICK % "k_means").removesuffix("}") + ", k: 3, " + encoder
    changes = {"cluster": settings, "evaluate": "{bootstrap: 100}"}
    workspace = run(draft(tmp_path, blobs(240), "clustering", "--target", "kind", **changes))
    found = read_json(workspace / "reports" / "evaluation.json")
    assert "unrefined" in found["baselines"]
    verdict, ours = found["verdict"], found["test"]["adjusted_rand"]["value"]
    plain = found["baselines"]["k_means"]["test"]["adjusted_rand"]["value"]
    assert (verdict["metric"], verdict["baseline"]) == ("adjusted_rand", "k_means")
    assert verdict["gain"] == pytest.approx(ours - plain)
    assert verdict["answer"] == ("not needed" if ours <= plain else verdict["answer"])
    assert "among the features" in verdict["sentence"]
    beside = found["baselines"]["unrefined"]["test"]["adjusted_rand"]["value"]
    assert found["test"]["adjusted_rand"]["value"] > max(0.5, beside - 0.1)
    assert read_json(workspace / "reports" / "receipt.json")["pass"]
    facts = read_json(workspace / "models" / "network" / "network.json")["facts"]
    assert facts["refined"]["epochs"] >= 10
    assert sum(facts["clusters"].values()) == facts["train_rows"]
    receipt = read_json(workspace / "reports" / "receipt.json")
    wanted = "k_means" if verdict["answer"] == "not needed" else "network"
    assert receipt["model"] == wanted


def test_plain_clusters_are_exported_where_codes_are_not_needed(tmp_path):
    encoder = "encoder: {latent: 2, epochs: 1, width: 4, depth: 1}}"
    settings = (QUICK % "k_means").removesuffix("}") + ", " + encoder
    changes = {"cluster": settings, "evaluate": "{bootstrap: 100}"}
    workspace = run(draft(tmp_path, blobs(300), "clustering", "--target", "kind", **changes))
    found = read_json(workspace / "reports" / "evaluation.json")
    assert found["verdict"]["answer"] == "not needed"
    receipt = read_json(workspace / "reports" / "receipt.json")
    assert (receipt["model"], receipt["pass"]) == ("k_means", True)
    table = pd.read_csv(workspace.parent / "rows.csv")
    ninefold("predict", workspace / "models" / "model.onnx", "rows.csv", "out.csv", cwd=tmp_path)
    scored = pd.read_csv(tmp_path / "out.csv", dtype={"cluster": str})
    sizes = {item["name"]: sum(item["rows"].values()) for item in found["rival"]["clusters"]}
    assert scored["cluster"].value_counts().to_dict() == sizes
    assert adjusted_rand_score(table["kind"], scored["cluster"]) > 0.85
    run_stage(workspace, "report")
    page = (workspace / "reports" / "report.html").read_text(encoding="utf-8")
    assert "The clusters below are those of the file." in page
    assert f"{len(sizes)} clusters by k-means in" in page


def test_refining_needs_an_encoder():
    with pytest.raises(ConfigError, match="must have an encoder"):
        validate("cluster", {"refine": {}})


def test_the_target_is_compared_with_and_never_learnt_from(trained):
    layout = read_json(trained / "models" / "network" / "layout.json")
    assert "kind" not in layout["sources"] + layout["codes"]
    assert (
        read_json(trained / "models" / "network" / "network.json")["facts"]["fit_scope"]["verdict"]
        == "pass"
    )


def test_fresh_rows_are_watched_by_inputs_and_clusters(trained, tmp_path):
    fresh = tmp_path / "fresh.csv"
    table = blobs(600, 5)
    found = {}
    for verdict, rows in (("pass", table), ("block", table[table["kind"] == "a"])):
        rows.drop(columns="kind").to_csv(fresh, index=False)
        report = watch(trained / "models" / "model.onnx", [fresh], MonitorSpec(min_rows=100))
        assert report["verdict"] == verdict, report["findings"]
        moved = [i for i in report["comparison"] if i["what"] == "values"]
        found = {(i["part"], i["column"]): i["severity"] for i in moved}
    assert found["prediction", "cluster"] == "block"
    assert found["input", "colour"] == "warn"


def test_file_and_rows_give_the_same_clusters(trained, tmp_path):
    receipt = read_json(trained / "reports" / "receipt.json")
    assert receipt["pass"]
    assert receipt["max_delta"] <= 1e-5
    table = pd.read_csv(trained.parent / "rows.csv").drop(columns="kind").head(30)
    table.to_csv(tmp_path / "new.csv", index=False)
    ninefold("predict", trained / "models" / "model.onnx", "new.csv", "out.csv", cwd=tmp_path)
    scored = pd.read_csv(tmp_path / "out.csv", dtype={"cluster": str})
    assert list(scored) == ["cluster", "distance_0", "distance_1", "distance_2"]
    model = read_model(trained / "models" / "model.onnx")
    rows = Rows(model)
    assert replay(model, rows) is None
    batch = rows.read(json.loads(table.to_json(orient="records")))
    answers = rows.answers(batch, model.run(batch.feeds))
    assert [answer["cluster"] for answer in answers] == scored["cluster"].tolist()
    got = np.array([list(answer["distances"].values()) for answer in answers])
    np.testing.assert_array_equal(got, scored.iloc[:, 1:].to_numpy())
    assert (got.argmin(axis=1).astype(str) == scored["cluster"]).all()


def test_the_same_data_give_the_same_bytes(trained):
    model = trained / "models" / "model.onnx"
    before = model.read_bytes()
    run(trained, "baselines", "train", "evaluate", "export")
    assert model.read_bytes() == before


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda found: found.__name__)
def test_the_graph_sorts_rows_as_the_library_does(algorithm):
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(place, 0.5, (60, 3)) for place in (0, 4, 8)])
    clusters = algorithm().fit(z, 3, 0)
    assert clusters.k == 3
    graph = Graph("test")
    code, distances = clusters.emit(graph, graph.input("z", np.float64, ("N", 3)))
    graph.output("code", code, np.int64, ("N",))
    graph.output("distances", distances, np.float64, ("N", clusters.k))
    running = session(graph.model())
    fresh = rng.normal(4, 6, (500, 3))
    for rows in (z, fresh, fresh[:1]):
        got, far = running.run(None, {"z": rows})
        codes, expected, margin = clusters.assign(rows)
        np.testing.assert_allclose(far, expected, atol=1e-9)
        assert (got == codes)[margin > 1e-9].all()
    truth = np.repeat([0, 1, 2], 60)
    assert adjusted_rand_score(truth, clusters.assign(z)[0]) > 0.95
    again = type(clusters).of(clusters.arrays())
    np.testing.assert_array_equal(again.assign(fresh)[1], clusters.assign(fresh)[1])


def test_rows_without_clusters_are_called_so():
    z = np.random.default_rng(0).normal(size=(300, 4))
    found = choose_k(z, KMeansSpec(), 5, 5, 0)
    apart = structure(z, KMeansSpec(), found["k"], ("a", "b", "c", "d"), 0)
    assert apart["p"] > 0.05


def test_columns_without_a_dense_region_once_shuffled_leave_the_clusters_of_hdbscan_standing():
    rng = np.random.default_rng(0)
    along, side = rng.normal(size=500), 1.5 * rng.integers(0, 2, 500)
    columns = [along, side - along, along, side - along]
    z = np.stack([column + rng.normal(0, 0.1, 500) for column in columns], axis=1)
    algorithm = HdbscanSpec()
    found = structure(z, algorithm, algorithm.fit(z, 0, 0).k, ("a", "b", "c", "d"), 0)
    assert found["shuffled"] < found["silhouette"]


def test_a_number_of_clusters_is_chosen_where_few_rows_differ_and_refused_where_none_do():
    corners = np.repeat([[0.0, 0.0], [0.0, 1.0], [4.0, 4.0]], 20, axis=0)
    found = choose_k(corners, KMeansSpec(), 10, 5, 0)
    assert [item["k"] for item in found["tried"]] == [2, 3]
    for rows in (corners[:20], np.arange(8.0)[:, None]):
        with pytest.raises(InputError, match=f"however: {len(rows)} train rows"):
            choose_k(rows, KMeansSpec(), 10, 5, 0)


def test_peers_of_hdbscan_get_the_number_of_clusters_that_it_finds():
    rng = np.random.default_rng(0)
    places = np.array([(x, y) for x in (0, 8) for y in (0, 8)], dtype=np.float64)
    values = np.concatenate([rng.normal(place, 0.4, (60, 2)) for place in places])
    rows = Frame(
        tuple(Column(name, "number", roles=frozenset({"input"})) for name in ("a", "b")),
        {"a": values[:, 0], "b": values[:, 1]},
        np.arange(len(values)),
    )
    ready = prepare(rows, rows, ProblemSpec(task="clustering"), PreprocessSpec())
    found = peers(ready, ClusterSpec(algorithm=HdbscanSpec()))
    assert {name: model.clusters.k for name, model in found.items()} == {
        "gaussian_mixture": 4,
        "k_means": 4,
    }


def test_one_sentence_says_what_is_wrong(trained, tmp_path):
    blobs().to_csv(tmp_path / "rows.csv", index=False)
    done = ninefold("init", "rows.csv", "--yes", cwd=tmp_path, code=2)
    assert "--target must name the column to predict" in done.stderr
    assert "clustering" in done.stderr
    params = (trained / "params.yaml").read_text()
    change(trained, cluster="{k: 1}")
    done = ninefold("-C", trained, "run", cwd=tmp_path, code=2)
    (trained / "params.yaml").write_text(params)
    assert "cluster.k must be >= 2, however: 1" in done.stderr
    assert ClusterSpec().k is None
