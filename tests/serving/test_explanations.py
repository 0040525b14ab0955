"""`"explain": true`: what each column adds to a row's answer, bounded."""

import httpx
import numpy as np
import pytest

from tests.browser import BROWSER, opened
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


@pytest.mark.skipif(BROWSER is None, reason="no chromium")
def test_people_ask_why_on_the_page(url, tmp_path):
    with opened(url, tmp_path / "profile") as page:
        page.until("document.getElementById('explain')?.hidden === false")
        for place, value in enumerate(("1.5", "1", "b")):
            page.run(f"document.getElementById('f{place}').value = '{value}'")
        page.press("#explain")
        page.until("document.querySelectorAll('.why').length == 2")
        (told,) = ask(url, {"rows": [ROW], "explain": True}).json()["predictions"]
        said = page.run("document.getElementById('result').innerText")
        for item in told["explanation"]["contributions"]:
            value = item["value"]
            assert f"{'−' if value < 0 else '+'}{abs(value):.3g}" in said
        assert "x = 1.5" in said
        assert "noise = 1, city = b" in said
        sides = "[...document.querySelectorAll('.why i')].map(bar => bar.className).join()"
        signs = [
            "against" if i["value"] < 0 else "for" for i in told["explanation"]["contributions"]
        ]
        assert page.run(sides).split(",") == signs
        page.press("#predict")
        page.until("document.querySelectorAll('.why').length == 0")
        page.run("document.getElementById('models').value = 'mute'")
        page.run("document.getElementById('models').dispatchEvent(new Event('change'))")
        page.until("document.getElementById('explain').hidden")
        assert not page.complaints
