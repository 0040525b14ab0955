"""`"explain": true`: what each column adds to a row's answer, bounded."""

import httpx
import numpy as np
import pytest

from tests.promotion.models import model
from tests.serving.conftest import running

BACKGROUND = [{"x": x, "noise": n, "city": "a"} for x in (-1.0, 0.0, 1.0) for n in (-0.5, 0.5)]
TOLD = {
    "metric": "roc_auc",
    "unit": "log-odds of yes",
    "importance": [{"columns": ["x"]}, {"columns": ["noise", "city"]}],
    "background": BACKGROUND,
}
ROW = {"x": 1.5, "noise": 1.0, "city": "b"}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained")
    (folder / "model.onnx").write_bytes(model(noise=0.5, explanation=TOLD))
    (folder / "mute.onnx").write_bytes(model())
    with running("model.onnx", "mute.onnx", cwd=folder) as (url, _):
        yield url


def ask(url, content, name="model"):
    return httpx.post(f"{url}/v1/models/{name}/predict", json=content, timeout=20)


def test_contributions_add_up_to_the_answer(url):
    answer = ask(url, {"rows": [ROW, {"nope": 1}, {**ROW, "x": 0.0}], "explain": True}).json()
    first, wrong, second = answer["predictions"]
    assert "error" in wrong
    told = first["explanation"]
    assert told["unit"] == "log-odds of yes"
    assert told["answer"] == pytest.approx(2 * 1.5 + 0.5, abs=1e-3)
    added = {tuple(item["columns"]): item["value"] for item in told["contributions"]}
    assert told["expected"] + sum(added.values()) == pytest.approx(told["answer"])
    # The model is a sum, so what a column adds is its own term less the background's.
    mean = np.mean([2 * row["x"] for row in BACKGROUND])
    assert added["x",] == pytest.approx(3 - mean, abs=0.7)
    assert list(added) == [("x",), ("noise", "city")]
    assert abs(second["explanation"]["answer"]) < 1


def test_nothing_is_explained_unasked(url):
    assert "explanation" not in ask(url, {"rows": [ROW], "explain": False}).json()["predictions"][0]


@pytest.mark.parametrize(
    ("content", "name", "status", "said"),
    [
        ({"rows": [ROW] * 9, "explain": True}, "model", 413, "at most 8"),
        ({"rows": [ROW], "explain": True}, "mute", 400, "explains nothing"),
        ({"rows": [ROW], "explain": 1}, "model", 400, "true or false"),
    ],
)
def test_what_is_not_explained_is_said(url, content, name, status, said):
    answer = ask(url, content, name)
    assert answer.status_code == status
    assert said in answer.json()["error"]
