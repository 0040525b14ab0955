"""`"explain": true`: words, regions and steps, found by leaving each out in one run."""

import base64
import io
from itertools import pairwise

import httpx
import numpy as np
import pytest
from PIL import Image

from ninefold.export.publish import as_json
from ninefold.graph import Graph
from ninefold.head import Head
from ninefold.occlusion import PARTS
from ninefold.sequences import format_of
from ninefold.signature import METADATA_KEY, Input, Signature
from ninefold.target import Target
from tests.browser import BROWSER, opened
from tests.serving.conftest import running

PATH = "/v1/models/model/predict"
GOOD, BRIGHT = 3.0, 2.0
TEXT, PICTURE, SERIES = "note", "scan", "pulse"


def model():
    """Return a file: 3 for each "good" in the text, 2 for a white top left quarter of 4 x 4
    pixels, and the sum of the steps.
    """
    graph = Graph("parts")
    text = graph.Reshape(graph.input(TEXT, str, ("N", 1)), np.array([-1]))
    words = graph.node("StringSplit", text, outputs=2)[0]
    goods = graph.cast(graph.Equal(words, graph.constant(["good"])), np.float64)
    goods = graph.ReduceSum(goods, np.array([1]), keepdims=1)
    picture = graph.input(PICTURE, np.uint8, ("N", "h", "w", 1))
    corner = graph.Slice(picture, np.array([0, 0]), np.array([2, 2]), np.array([1, 2]))
    corner = graph.ReduceMean(graph.cast(corner, np.float64), np.array([1, 2]), keepdims=0)
    pulse = graph.input(SERIES, np.float64, ("N", "t", 1))
    total = graph.ReduceSum(graph.Where(graph.IsNaN(pulse), 0.0, pulse), np.array([1]), keepdims=0)
    value = graph.Add(graph.Mul(goods, GOOD), graph.Add(total, graph.Mul(corner, BRIGHT / 255)))
    head = Head(Target("y", "regression", (), 0.0, 1.0, -1e9, 1e9))
    head.emit(graph, graph.cast(value, np.float32))
    signature = Signature(
        inputs=(
            Input(TEXT, "text", example="so good"),
            Input(PICTURE, "image", format="grey 64"),
            Input(SERIES, "sequence", format=format_of(["bpm"]), example=[1.0, 2.0]),
        ),
        task="regression",
        target="y",
        outputs=head.outputs,
    )
    black = {"shape": [4, 4, 1], "base64": base64.b64encode(bytes(16)).decode()}
    told = {
        "unit": "y",
        "importance": [{"columns": [name]} for name in (TEXT, PICTURE, SERIES)],
        "background": [{TEXT: "bad", PICTURE: black, SERIES: [0.0]}],
    }
    metadata = {METADATA_KEY: signature.to_json(), "ninefold.explanation": as_json(told)}
    return graph.model(metadata).SerializeToString()


def row(**changes):
    white = {"shape": [4, 4, 1], "base64": base64.b64encode(bytes([255] * 16)).decode()}
    return {TEXT: "a good day  good", PICTURE: white, SERIES: [1.0, None, -2.5], **changes}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    (folder / "model.onnx").write_bytes(model())
    with running("model.onnx", cwd=folder) as (url, _):
        yield url


def explained(url, row):
    answer = httpx.post(f"{url}{PATH}", json={"rows": [row], "explain": True}, timeout=20)
    told = answer.json()["predictions"][0]["explanation"].get("parts", [])
    return {part.pop("column"): next(iter(part.values())) for part in told}


def test_each_part_adds_what_the_answer_loses_without_it(url):
    told = explained(url, row())
    words = [(item["text"], item["value"]) for item in told[TEXT]]
    assert words == [("a", 0), ("good", GOOD), ("day", 0), ("good", GOOD)]
    assert len(told[PICTURE]) == 16
    for region in told[PICTURE]:
        inside = BRIGHT / 4 if region["top"] < 2 and region["left"] < 2 else 0
        assert region["value"] == pytest.approx(inside, abs=1e-5)
    assert [item["value"] for item in told[SERIES]] == pytest.approx([1, 0, -2.5], abs=1e-5)


def test_parts_are_bounded_and_neighbours_go_together(url):
    long = row(**{TEXT: "good " * 1000, SERIES: [1.0] * 1000})
    long[PICTURE] = {"shape": [50, 30, 1], "base64": base64.b64encode(bytes(1500)).decode()}
    told = explained(url, long)
    assert {name: len(parts) for name, parts in told.items()} == dict.fromkeys(told, PARTS)
    assert sum(len(item["text"].split()) for item in told[TEXT]) == 1000
    assert sum(item["value"] for item in told[SERIES]) == pytest.approx(1000, rel=1e-4)
    ends = [(item["first"], item["last"]) for item in told[SERIES]]
    assert ends[0][0] == 0
    assert all(end + 1 == first for (_, end), (first, _) in pairwise(ends))
    area = sum((i["bottom"] - i["top"]) * (i["right"] - i["left"]) for i in told[PICTURE])
    assert area == 1500


def test_what_is_missing_has_no_parts(url):
    assert list(explained(url, row(**{TEXT: None, SERIES: []}))) == [PICTURE]


def test_it_is_described(url):
    about = httpx.get(f"{url}/v1/models/model").json()
    assert about["explained_parts"] == {TEXT: "words", PICTURE: "regions", SERIES: "steps"}
    path = httpx.get(f"{url}/openapi.json").json()["paths"][PATH]["post"]
    said = path["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
    told = said["predictions"]["items"]["properties"]["explanation"]
    assert "8 x 8 regions" in told["description"]
    assert set(told["properties"]["parts"]["items"]["properties"]) >= {"words", "regions", "steps"}


@pytest.mark.skipif(BROWSER is None, reason="no chromium")
def test_the_page_colours_words_regions_and_steps(url, tmp_path):
    Image = pytest.importorskip("PIL.Image")
    Image.new("L", (4, 4), 255).save(tmp_path / "white.png")
    with opened(url, tmp_path / "profile") as page:
        page.until("document.getElementById('explain')?.hidden === false")
        page.choose_file("#f1", tmp_path / "white.png")
        page.run("f0.value = 'bad good'; f2.value = '[4, -1]'")
        page.press("#explain")
        page.until("document.querySelectorAll('.part').length == 3")
        fill = (
            "[...document.querySelectorAll('.words span')].map(w => w.style.background).join('|')"
        )
        bad, good = page.run(fill).split("|")
        assert bad.endswith(", 0)")
        assert good.endswith("0.75)")
        canvas = "document.querySelector('.part canvas')"
        shades = page.run(
            f"(() => {{ const all = {canvas}.getContext('2d').getImageData(0, 0, 288, 288).data;"
            "return [20, 200].map(at => all.slice(4 * 289 * at, 4 * 289 * at + 3).join()) })()"
        )
        assert shades[1] == "255,255,255"
        assert shades[0] != "255,255,255"
        bands = "[...document.querySelectorAll('.part rect title')].map(t => t.textContent).join()"
        assert page.run(bands) == "+4,−1"
        assert "“good” +3" in page.run("result.innerText")
        assert not page.complaints


def test_a_small_file_of_many_pixels_is_refused_before_it_is_unpacked(url):
    def sent(side, count=1):
        file = io.BytesIO()
        Image.new("1", (side, side)).save(file, "PNG")
        cell = base64.b64encode(file.getvalue()).decode()
        rows = [row(**{PICTURE: cell})] * count
        return httpx.post(f"{url}{PATH}", json={"rows": rows}, timeout=60).json()["predictions"]

    assert "9000 x 9000 pixels are too many" in sent(9000)[0]["error"]
    said = [answer.get("error", "") for answer in sent(5700, 6)]
    assert said[:4] == [""] * 4
    assert all("pixels together" in text for text in said[4:])
