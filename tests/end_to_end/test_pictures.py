"""A folder of images nobody has seen: init, every stage, predict, and the same numbers by rows."""

import base64
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ninefold.files import read_json
from ninefold.serving.model import read_model
from ninefold.serving.rows import Rows
from tasks.engine import run_stages
from tests.end_to_end.commands import ninefold
from tests.pictures import write_folder

QUICK = "{kind: cnn, filters: [4, 8], convolutions: 1, hidden_size: 16}"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    images = write_folder(folder / "shots", 120)
    (images / "down" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    done = ninefold(
        "init", images, "--target", "label", "--into", folder / "ws", "--yes", cwd=folder
    )
    assert "left out (1): down/broken.png" in done.stdout
    assert (done.stdout + done.stderr).count("broken.png") == 1
    params = folder / "ws" / "params.yaml"
    text = params.read_text().replace("  network: {kind: cnn}", f"  epochs: 8\n  network: {QUICK}")
    assert "crossvalidate: {}" in text
    text = text.replace("crossvalidate: {}", "crossvalidate: {curve: false}")
    params.write_text(text.replace("evaluate:\n", "evaluate:\n  bootstrap: 100\n"))
    run_stages(folder / "ws")
    (images / "down" / "broken.png").unlink()
    return images, folder / "ws"


def test_every_stage_takes_pictures(trained):
    _, workspace = trained
    receipt = read_json(workspace / "reports" / "receipt.json")
    assert receipt["pass"] is True
    assert receipt["cases"]["pictures"]["n"] == 8
    assert receipt["cases"]["batch_1"]["max_delta"] == 0.0
    assert read_json(workspace / "reports" / "metrics.json")["test"]["roc_auc"] > 0.8
    assert read_json(workspace / "reports" / "profile.json")["unreadable"]["count"] == 1


def test_files_and_rows_give_the_same_numbers(trained, tmp_path):
    images, workspace = trained
    ninefold("predict", "models/model.onnx", images, tmp_path / "a.csv", cwd=workspace)
    found = pd.read_csv(tmp_path / "a.csv")
    assert len(found) == 120
    assert found["file"].is_monotonic_increasing
    is_down = found["file"].str.startswith("down/")
    down = found["probability_down"]
    assert down[is_down].median() > down[~is_down].quantile(0.8)
    model = read_model(workspace / "models" / "model.onnx")
    rows = Rows(model)
    forms = []
    for name in found["file"][:20]:
        pixels = np.asarray(Image.open(images / name))
        encoded = base64.b64encode((images / name).read_bytes()).decode()
        raw = {"shape": [*pixels.shape], "base64": base64.b64encode(pixels.tobytes()).decode()}
        forms += [encoded, raw, pixels.tolist()]
    batch = rows.read(json.loads(json.dumps([{"image": form} for form in forms])))
    answers = rows.answers(batch, model.run(batch.feeds))
    told = np.array([answer["probabilities"]["down"] for answer in answers]).reshape(20, 3)
    assert (told == told[:, :1]).all()
    np.testing.assert_array_equal(
        told[:, 0].astype(np.float32), found["probability_down"][:20].astype(np.float32)
    )


def test_tables_of_paths_are_scored_and_bad_files_are_named(trained, tmp_path):
    images, workspace = trained
    lines = ["nr,where", f"1,{images}/down/001.png", f"2,{images}/across/000.bmp", "3,none.png"]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    arguments = ["predict", "models/model.onnx", tmp_path / "t.csv", tmp_path / "b.csv"]
    done = ninefold(*arguments, cwd=workspace, code=2)
    assert "row 2 (from 0): column `image` must name a whole image" in done.stderr
    ninefold(*arguments, "--on-error", "null", "--keep", "nr", cwd=workspace)
    found = pd.read_csv(tmp_path / "b.csv")
    assert found["label"].notna().tolist() == [True, True, False]
    assert "No such file" in found["error"][2]
    done = ninefold(*arguments, "--image-path", "nr", cwd=workspace, code=2)
    assert "must name a whole image" in done.stderr


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("xx", "not base64"),
        ("aGVsbG8=", "it is no image"),
        ([[1, 2], [3]], "differ in length"),
        ([[256]], "0 to 255"),
        ([[1.5]], "0 to 255"),
        ([], "0 to 255"),
        ({"shape": [2, 2, 1], "base64": "AAA="}, "needs 4 bytes"),
        ({"shape": [0, 2, 1], "base64": ""}, "above 0"),
        ({"shape": [2], "base64": "AAA="}, "has the shape"),
        (None, "it is none"),
        (3, "it is none"),
    ],
)
def test_a_row_without_a_picture_says_why(trained, value, why):
    _, workspace = trained
    rows = Rows(read_model(workspace / "models" / "model.onnx"))
    batch = rows.read([{"image": value}, {"image": [[0, 255], [9, 8]]}])
    assert why in batch.errors[0]
    assert batch.good == [1]
