"""Recurrent AutoEncoders: sequences come back step by step, and the file gives the same."""

import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest

from ninefold.autoencoding.model import Reconstruction
from ninefold.columns import read_frame
from ninefold.errors import ConfigError
from ninefold.files import read_json
from ninefold.graph import Graph
from ninefold.serving.model import read_model
from ninefold.unlabelled.recurrence import Recurrence, decoder, encoder
from ninefold.unlabelled.steps import read_layers
from tests.end_to_end.commands import ninefold
from tests.unlabelled.workspaces import STAGES, blobs, change, draft, refined, run

PLACES = np.array([[5, 0], [2, 7], [1, 4]])
REST = np.array([3, 6])


@pytest.mark.parametrize("make", [encoder, decoder])
def test_torch_the_file_and_what_is_kept_say_the_same_row_by_row(make):
    trained = Recurrence.of(make(3, PLACES, REST, 5, (6,)))
    layers = read_layers(trained.arrays("side"), "side")
    inside, out = layers.widths
    x = np.random.default_rng(0).normal(size=(7, inside)).astype(np.float32)
    graph = Graph("side")
    given = graph.input("x", np.float32, ("N", inside))
    graph.output("y", layers.emit(graph, given), np.float32, ("N", out))
    session = ort.InferenceSession(graph.model().SerializeToString())
    (found,) = session.run(None, {"x": x})
    np.testing.assert_allclose(found, trained.compute(x), atol=1e-6)
    alone = np.concatenate([session.run(None, {"x": x[[row]]})[0] for row in range(7)])
    assert alone.tobytes() == found.tobytes()


def waves(count):
    """Return a long table of waves of 6 to 14 steps; every twentieth is noise."""
    rng, parts = np.random.default_rng(0), []
    for entity in range(count):
        steps = 6 + entity % 9
        turn = rng.uniform(0, 6) + 0.7 * np.arange(steps)
        level = np.sin(turn) if entity % 20 else rng.normal(size=steps)
        parts.append(
            pd.DataFrame(
                {"who": f"e{entity}", "t": range(steps), "level": level, "slope": np.cos(turn)}
            )
        )
    return pd.concat(parts)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("waves")
    waves(120).to_csv(folder / "steps.csv", index=False)
    options = ("--entity", "who", "--time", "t", "--task", "anomaly")
    ninefold("init", "steps.csv", *options, "--into", "ws", "--yes", cwd=folder)
    quick = "{recurrent: true, variational: true, beta: 0.01, noise: 0.1, epochs: 30, width: 24}"
    change(folder / "ws", autoencoder=quick, evaluate="{bootstrap: 100}")
    return run(folder / "ws", *STAGES)


def test_sequences_come_back_through_recurrent_layers(trained):
    model = Reconstruction.load(trained / "models/network")
    assert isinstance(model.encoder, Recurrence)
    assert isinstance(model.decoder, Recurrence)
    assert model.encoder.places.shape == (13, 2)
    assert read_json(trained / "reports/evaluation.json")["test"]["explained"]["value"] > 0.1


def test_the_file_says_the_same_however_long_the_rows_beside_are(trained):
    assert read_json(trained / "reports/receipt.json")["pass"] is True
    model = read_model(trained / "models/model.onnx")
    frame = read_frame(trained / "data/splits/test.parquet")
    (name,) = (item.name for item in model.inputs)
    together = model.run({name: frame[name]})
    for row, cell in enumerate(frame[name]):
        alone = model.run({name: frame[name][[row]]})
        assert all(alone[key][0].tobytes() == together[key][row].tobytes() for key in alone), cell


def test_recurrent_encoders_are_refined_with_their_clusters(trained):
    assert isinstance(refined(trained, recurrent=True, width=8).encoder, Recurrence)


def test_recurrent_layers_over_a_table_are_refused(tmp_path):
    workspace = draft(tmp_path, blobs(120), "embedding", autoencoder="{recurrent: true}")
    with pytest.raises(ConfigError, match="0 columns of sequences"):
        run(workspace, "ingest", "featurize", "split", "audit", "train")
