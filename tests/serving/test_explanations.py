"""`"explain": true`: what each column adds to a row's answer, bounded."""

import httpx
import numpy as np
import pytest

from ninefold.export.publish import as_json
from ninefold.graph import Graph
from ninefold.head import Head
from ninefold.signature import METADATA_KEY, Input, Signature
from ninefold.target import Target
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
THREE = {"unit": "log-odds of a", "importance": [{"columns": ["x"]}], "background": [{"x": 0.0}]}
ROW = {"x": 1.5, "noise": 1.0, "city": "b"}


def of_three_classes():
    """Return a file whose classes a, b and c score 0, x and -x."""
    graph = Graph("three")
    x = graph.cast(graph.input("x", np.float64, ("N", 1)), np.float32)
    head = Head(Target("y", "classification", ("a", "b", "c")))
    head.emit(graph, graph.Concat(graph.Mul(x, np.float32(0)), x, graph.Neg(x), axis=1))
    signature = Signature(
        inputs=(Input("x", "number"),),
        task="classification",
        target="y",
        classes=("a", "b", "c"),
        outputs=head.outputs,
    )
    metadata = {METADATA_KEY: signature.to_json(), "ninefold.explanation": as_json(THREE)}
    return graph.model(metadata).SerializeToString()


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained")
    (folder / "model.onnx").write_bytes(model(noise=0.5, explanation=TOLD))
    (folder / "mute.onnx").write_bytes(model())
    (folder / "three.onnx").write_bytes(of_three_classes())
    with running("model.onnx", "mute.onnx", "three.onnx", cwd=folder) as (url, _):
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


def test_the_class_that_a_row_got_is_the_one_explained_however_sure_it_is(url):
    rows = [{"x": 3.0}, {"x": -20.0}]
    first, sure = ask(url, {"rows": rows, "explain": True}, "three").json()["predictions"]
    assert (first["label"], first["explanation"]["unit"]) == ("b", "log-odds of b")
    assert (sure["label"], sure["explanation"]["unit"]) == ("c", "log-odds of c")
    assert first["explanation"]["answer"] == pytest.approx(3 - np.log1p(np.exp(-3)), rel=1e-4)
    assert sure["explanation"]["answer"] == pytest.approx(20, rel=1e-4)


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
