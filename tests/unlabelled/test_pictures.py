"""AutoEncoders of convolutions: pictures come back, the file gives the same, people can look."""

import numpy as np
import pytest

from ninefold.autoencoding.model import Reconstruction
from ninefold.columns import read_frame
from ninefold.errors import ConfigError
from ninefold.files import read_json
from ninefold.serving.model import read_model
from tests.end_to_end.commands import ninefold
from tests.pictures import write_folder
from tests.unlabelled.workspaces import STAGES, blobs, change, draft, run

QUICK = "{epochs: 60, latent: 6, filters: 8, noise: 0.1}"


@pytest.fixture(scope="module", params=["plain", "variational"])
def trained(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    write_folder(folder / "photos", 160)
    options = ("--task", "anomaly", "--target", "label", "--into", "ws", "--yes")
    ninefold("init", "photos", *options, cwd=folder)
    more = ", variational: true, beta: 0.01}" if request.param == "variational" else "}"
    quick = QUICK.replace("}", more)
    change(folder / "ws", autoencoder=quick, evaluate="{bootstrap: 100}")
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
    expected = Reconstruction.load(trained / "models/network").predict(frame)[1].values
    np.testing.assert_allclose(outputs["reconstruction_error"], expected, rtol=1e-4)
    assert outputs["is_anomaly"].dtype == bool


def test_the_report_shows_pictures_beside_what_came_back(trained):
    page = (trained / "reports/report.html").read_text()
    assert "could not be drawn" not in page
    assert page.count("below each what came back") == 2


def test_convolutions_over_a_table_are_refused(tmp_path):
    workspace = draft(tmp_path, blobs(120), "embedding", autoencoder="{convolutions: true}")
    with pytest.raises(ConfigError, match="rows are not one picture each"):
        run(workspace, "ingest", "featurize", "split", "audit", "train")
