"""Convolutions without a target: pictures come back or are drawn, the file gives the same."""

import base64

import numpy as np
import pytest
import torch
from PIL import Image

from ninefold.autoencoding import AutoEncoderSpec
from ninefold.autoencoding.contrast import PictureViews, on_valid
from ninefold.autoencoding.fitting import fit as fit_autoencoder
from ninefold.autoencoding.model import Reconstruction
from ninefold.columns import Column, Frame, read_frame
from ninefold.errors import ConfigError, InputError
from ninefold.files import read_json
from ninefold.generating import GenerateSpec
from ninefold.generating.fitting import fit
from ninefold.preprocessing import PreprocessSpec
from ninefold.problem import ProblemSpec
from ninefold.serving.model import read_model
from ninefold.serving.rows import Rows, replay
from ninefold.unlabelled.chain import Chain
from ninefold.unlabelled.preparing import prepare
from ninefold.unlabelled.steps import Steps
from tests.end_to_end.commands import ninefold
from tests.pictures import write_folder
from tests.rounds import quick
from tests.unlabelled.workspaces import STAGES, blobs, change, draft, refined, run

QUICK = "{epochs: 60, latent: 6, filters: 8, noise: 0.1}"


@pytest.fixture(scope="module", params=quick("plain", of=["variational"]))
def trained(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    write_folder(folder / "photos", 160)
    options = ("--task", "anomaly", "--target", "label", "--into", "ws", "--yes")
    ninefold("init", "photos", *options, cwd=folder)
    more = ", variational: true, beta: 0.01}" if request.param == "variational" else "}"
    quick = QUICK.replace("}", more)
    kept = {"evaluate": "{bootstrap: 100}", "export": "{model: network}"}
    change(folder / "ws", autoencoder=quick, **kept)
    return run(folder / "ws", *STAGES, "explore", "report")


def test_pictures_come_back_through_convolutions(trained):
    model = Reconstruction.load(trained / "models/network")
    assert model.facts["picture"] == [1, 12, 12]
    found = read_json(trained / "reports/evaluation.json")
    linear = found["baselines"]["principal_components"]["test"]["explained"]["value"]
    assert found["test"]["explained"]["value"] > max(0.1, linear - 0.25)


def test_the_file_gives_error_and_alarm_of_raw_pictures(trained):
    assert read_json(trained / "reports/receipt.json")["pass"] is True
    model = read_model(trained / "models/model.onnx")
    frame = read_frame(trained / "data/splits/test.parquet")
    name = next(item.name for item in model.inputs)
    outputs = model.run({name: frame[name]})
    found = Reconstruction.load(trained / "models/network").predict(frame)
    for name, answer in zip(("anomaly_score", "reconstruction_error"), found[1:], strict=False):
        np.testing.assert_allclose(outputs[name], answer.values, rtol=1e-4)
    assert outputs["is_anomaly"].dtype == bool


def test_the_report_shows_pictures_beside_what_came_back(trained):
    page = (trained / "reports/report.html").read_text()
    assert "could not be drawn" not in page
    assert page.count("below each what came back") == 2


def test_convolutions_over_a_table_are_refused(tmp_path):
    workspace = draft(tmp_path, blobs(120), "embedding", autoencoder="{convolutions: true}")
    with pytest.raises(ConfigError, match="rows are not one picture each"):
        run(workspace, "ingest", "featurize", "split", "audit", "train")


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    write_folder(folder / "photos", 160)
    options = ("--task", "generation", "--target", "label", "--into", "ws", "--yes")
    ninefold("init", "photos", *options, cwd=folder)
    quick = (
        "{steps: 60, batch_size: 32, filters: 8, latent: 8, critic_steps: 2, convolutions: true}"
    )
    kept = {"evaluate": "{bootstrap: 100}", "export": "{model: network}"}
    change(folder / "ws", generate=quick, **kept)
    return run(folder / "ws", *STAGES, "explore", "report")


def test_a_generator_of_convolutions_draws_pictures_by_seed(generator, tmp_path):
    assert read_json(generator / "reports/receipt.json")["pass"] is True
    ninefold("sample", "models/model.onnx", 5, tmp_path / "a.npz", "--seed", 7, cwd=generator)
    ninefold("sample", "models/model.onnx", 3, tmp_path / "files", "--seed", 9, cwd=generator)
    with np.load(tmp_path / "a.npz") as found:
        pictures, seeds = found["image"], found["seed"]
    assert (pictures.shape, pictures.dtype) == ((5, 12, 12, 1), np.uint8)
    assert seeds.tolist() == [7, 8, 9, 10, 11]
    assert sorted(p.name for p in (tmp_path / "files").iterdir()) == ["10.png", "11.png", "9.png"]
    with Image.open(tmp_path / "files" / "10.png") as image:
        np.testing.assert_array_equal(np.asarray(image), pictures[3, :, :, 0])
    ninefold("sample", "models/model.onnx", 5, tmp_path / "a.csv", cwd=generator, code=2)


@pytest.mark.parametrize(("convolutions", "kind"), [(None, Chain), (True, Steps)])
def test_small_pictures_are_drawn_by_dense_layers_unless_told_otherwise(
    generator, convolutions, kind
):
    train, valid = (read_frame(generator / f"data/splits/{p}.parquet") for p in ("train", "valid"))
    problem = ProblemSpec(target="label", task="generation")
    ready = prepare(train, valid, problem, PreprocessSpec())
    spec = GenerateSpec(steps=1, critic_steps=1, convolutions=convolutions)
    model = fit(ready, spec)
    assert isinstance(model.chain, kind)
    assert model.facts["settings"]["width"] == 256
    narrow = GenerateSpec(steps=1, critic_steps=1, width=128)
    assert fit(ready, narrow).facts["settings"]["width"] == 128


def test_encoders_of_convolutions_are_refined_with_their_clusters(generator):
    assert isinstance(refined(generator, filters=4).encoder, Steps)


def test_a_server_draws_the_picture_too(generator, tmp_path):
    model = read_model(generator / "models/model.onnx")
    rows = Rows(model)
    assert replay(model, rows) is None
    batch = rows.read([{"seed": 7}])
    (answer,) = rows.answers(batch, model.run(batch.feeds))
    (cell,) = answer.values()
    ninefold("sample", "models/model.onnx", 1, tmp_path / "a.npz", "--seed", 7, cwd=generator)
    with np.load(tmp_path / "a.npz") as found:
        assert cell["shape"] == [12, 12, 1]
        assert base64.b64decode(cell["base64"]) == found["image"].tobytes()


def test_drawn_pictures_are_measured_and_shown_beside_their_nearest_train_picture(generator):
    found = read_json(generator / "reports/evaluation.json")
    assert {"discriminator_auc", "precision", "recall", "nearer_to_train"} <= set(found["test"])
    assert set(found["baselines"]) == {"gaussian", "independent"}
    assert [len(part["pictures"]) > 5 for part in found["gallery"]] == [True] * 3
    page = (generator / "reports/report.html").read_text()
    assert "could not be drawn" not in page
    assert "The train picture nearest to each of those" in page


def test_the_folder_of_a_picture_is_no_part_of_it(tmp_path):
    write_folder(tmp_path / "photos", 60)
    options = ("--task", "embedding", "--into", "ws", "--yes")
    ninefold("init", "photos", *options, cwd=tmp_path)
    run(tmp_path / "ws", "ingest", "featurize", "split")
    frame = read_frame(tmp_path / "ws/data/splits/train.parquet")
    ready = prepare(frame, frame, ProblemSpec(task="embedding"), PreprocessSpec())
    assert ready.picture == (1, 12, 12)
    spec = AutoEncoderSpec(contrast=0.2, epochs=3, filters=4, latent=4)
    assert isinstance(fit_autoencoder(ready, spec).encoder, Steps)


def test_views_of_valid_pictures_are_the_same_each_time_and_of_train_ones_differ():
    torch.manual_seed(3)
    views, encoder = PictureViews((1, 12, 12), 4).eval(), torch.nn.Linear(144, 4)
    pictures = torch.rand(300, 144)
    state = torch.get_rng_state()
    told = [on_valid(views, encoder, pictures, 0.5) for _ in range(2)]
    assert told[0] == told[1] > 0
    assert torch.equal(torch.get_rng_state(), state)
    assert not views.training
    views.train()
    assert not torch.equal(views.view(pictures), views.view(pictures))


def test_pictures_with_something_beside_are_refused_before_a_generator_is_taught(tmp_path):
    write_folder(tmp_path / "photos", 60)
    options = ("--task", "generation", "--into", "ws", "--yes")
    ninefold("init", "photos", *options, cwd=tmp_path)
    run(tmp_path / "ws", "ingest", "featurize", "split")
    frame = read_frame(tmp_path / "ws/data/splits/train.parquet")
    columns = (*frame.columns, Column("lens", "number", frozenset({"input"})))
    data = {**frame.data, "lens": np.arange(float(len(frame)))}
    mixed = Frame(columns, data, frame.row)
    ready = prepare(mixed, mixed, ProblemSpec(task="generation"), PreprocessSpec())
    with pytest.raises(InputError, match=r"one picture each.*`image` is a column of kind image"):
        fit(ready, GenerateSpec(steps=1))
