"""Rows drawn by seed: like the real ones, in their units, no copies, the same everywhere."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold.errors import ConfigError, InputError
from ninefold.files import read_json
from ninefold.generating import GenerateSpec
from ninefold.generating.evaluating import covered, diagnosis
from ninefold.generating.noise import emit_normal, normal
from ninefold.generating.training import train
from ninefold.graph import Graph
from ninefold.monitoring.reference import Reference
from ninefold.runtime import session
from ninefold.serving.model import read_model
from ninefold.serving.rows import Rows, replay
from tasks.commands.sample import add_arguments, main
from tests.unlabelled.workspaces import blobs, draft, run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    changes = {
        "generate": "{steps: 800, width: 64}", "evaluate": "{bootstrap: 100}",
    }  # fmt: skip
    return run(draft(folder, blobs(500).drop(columns="kind"), "generation", **changes))


def sample(*words):
    import argparse

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return main(parser.parse_args([str(word) for word in words]))


def test_drawn_rows_look_like_real_ones(trained):
    found = read_json(trained / "reports" / "evaluation.json")
    assert {"gaussian", "independent"} == set(found["baselines"])
    ours, alone = found["test"], found["baselines"]["independent"]["test"]
    assert ours["discriminator_auc"]["value"] < alone["discriminator_auc"]["value"]
    assert ours["precision"]["value"] > 0.3
    assert ours["recall"]["value"] > 0.3
    assert 0.2 < ours["nearer_to_train"]["value"] < 0.8
    assert found["verdict"]["baseline"] in found["baselines"]


def test_the_same_seed_gives_the_same_rows_in_the_tables_own_units(trained, tmp_path):
    model = trained / "models" / "model.onnx"
    assert sample(model, 500, tmp_path / "a.csv") == 0
    assert sample(model, 50, tmp_path / "b.csv", "--seed", 100, "--with-seed") == 0
    table, part = pd.read_csv(tmp_path / "a.csv"), pd.read_csv(tmp_path / "b.csv")
    assert part.pop("seed").tolist() == list(range(100, 150))
    pd.testing.assert_frame_equal(table.iloc[100:150].reset_index(drop=True), part)
    real = pd.read_csv(trained.parent / "rows.csv")
    assert set(table) == set(real)
    assert set(table["colour"]) <= {"red", "green", "blue"}
    assert table["Größe (m²)"].between(real["Größe (m²)"].min(), real["Größe (m²)"].max()).all()
    assert table["weight"].isna().mean() < 0.3
    means = real.groupby("colour")["Größe (m²)"].mean()
    drawn = table.groupby("colour")["Größe (m²)"].mean()
    assert means.sort_values().index.tolist() == drawn.sort_values().index.tolist()


def test_the_server_draws_the_same(trained, tmp_path):
    assert read_json(trained / "reports" / "receipt.json")["pass"]
    model = read_model(trained / "models" / "model.onnx")
    rows = Rows(model)
    assert replay(model, rows) is None
    batch = rows.read([{"seed": 3}, {"seed": 4}, {"seed": "x"}])
    answers = rows.answers(batch, model.run(batch.feeds))
    assert "error" in answers[2]
    far = rows.read([{"seed": 1e9}])
    assert "flags" not in rows.answers(far, model.run(far.feeds))[0]
    assert "seed" not in Reference.of(model).inputs
    sample(model_path := trained / "models" / "model.onnx", 2, tmp_path / "c.parquet", "--seed", 3)
    table = pd.read_parquet(tmp_path / "c.parquet")
    assert json.loads(json.dumps(answers[0]["colour"])) == table["colour"][0]
    assert answers[1]["is new"] == table["is new"][1]
    assert model_path.exists()


@pytest.mark.thorough
def test_the_same_data_give_the_same_bytes(trained):
    model = trained / "models" / "model.onnx"
    before = model.read_bytes()
    run(trained, "train", "evaluate", "export")
    assert model.read_bytes() == before


def test_one_sentence_says_what_is_wrong(trained, tmp_path):
    model = trained / "models" / "model.onnx"
    with pytest.raises(InputError, match="N must lie in"):
        sample(model, 0, tmp_path / "a.csv")
    with pytest.raises(InputError, match="must draw rows"):
        sample(trained / "models" / "baselines" / "gaussian.onnx", 1, tmp_path / "a.csv")


@given(st.lists(st.floats(-1e18, 1e18) | st.just(float("nan")), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_noise_of_a_seed_is_the_same_in_numpy_and_in_the_file(seeds):
    graph = Graph("noise")
    graph.output("z", emit_normal(graph, graph.input("s", np.float64, ("N", 1)), 5),
                 np.float64, ("N", 5))  # fmt: skip
    values = np.array(seeds)
    got = session(graph.model()).run(None, {"s": values[:, None]})[0]
    np.testing.assert_allclose(got, normal(values, 5), atol=1e-12)


def test_noise_is_normal_and_dimensions_and_seeds_have_nothing_in_common():
    from scipy.stats import kstest

    z = normal(np.arange(20_000.0), 8)
    assert all(kstest(column, "norm").pvalue > 1e-4 for column in z.T)
    apart = np.corrcoef(np.c_[z[:-1], z[1:], z[:-1] ** 2].T) - np.eye(24)
    assert np.abs(apart).max() < 0.04


def test_precision_and_recall_tell_too_few_kinds_from_false_ones():
    rng = np.random.default_rng(0)
    real = np.concatenate([rng.normal(0, 1, (200, 2)), rng.normal(20, 1, (200, 2))])
    half = rng.normal(0, 1, (200, 2))
    assert covered(half, real).mean() > 0.9
    assert 0.4 < covered(real, half).mean() < 0.6
    assert covered(rng.normal(60, 1, (50, 2)), real).mean() == 0
    told = {"recall": 0.1, "precision": 0.9, "distinct": 1.0, "nearer_to_train": 0.9,
            "copies": 0.0, "copies_among_real": 0.0, "discriminator_auc": 0.9}  # fmt: skip
    found = diagnosis({name: {"value": value} for name, value in told.items()})
    assert [item["what"] for item in found] == [
        "mode collapse", "memorisation", "easily told apart",
    ]  # fmt: skip


def taught(scale, lr, steps=40):
    rows = np.random.default_rng(0).normal(0, scale, (300, 4)).astype(np.float32)
    spec = GenerateSpec(lr=lr, steps=steps, width=64, depth=10)
    return train(rows, {"groups": [[2, 3]], "flags": [], "bools": []}, spec)


def test_a_run_that_diverges_goes_on_from_sound_weights_at_half_the_rate():
    chain, history, retries = taught(1.0, lr=1.0)
    assert retries == 2
    assert len(history) == 40 - retries
    assert all(np.isfinite(list(line.values())).all() for line in history)
    assert all(np.isfinite(part).all() for part in chain.arrays("generator").values())


def test_a_run_that_diverges_a_third_time_stops_with_one_sentence():
    with pytest.raises(InputError, match=r"generate\.lr must let .* after 2 fresh starts"):
        taught(1e12, lr=1.0)


def test_a_run_that_never_was_sound_is_no_model():
    with pytest.raises(InputError, match=r"generate\.lr must let"):
        taught(1e30, lr=1.0, steps=2)


def test_cuda_without_a_gpu_is_refused():
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ConfigError, match=r"generate\.device must be cpu or auto here"):
        train(np.zeros((4, 1), np.float32), {}, GenerateSpec(device="cuda"))
