"""Arrays, series and single pictures as input of `ninefold predict` and `ninefold score`."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ninefold.errors import InputError
from ninefold.graph import Graph
from ninefold.head import Head
from ninefold.scoring import ScoreSpec, score
from ninefold.scoring.job import JobSpec, score_files
from ninefold.sequences import format_of
from ninefold.signature import METADATA_KEY, Input, Signature
from ninefold.target import Target


def model(path, kind):
    """Write a model whose answer is the mean of a grey picture, or the sum of a series' steps."""
    graph, axes = Graph("mean"), np.array([1, 2])
    if kind == "image":
        item = Input("scan", "image", format="grey 64")
        cells = graph.cast(graph.input("scan", np.uint8, ("N", "h", "w", 1)), np.float64)
        value = graph.ReduceMean(cells, axes, keepdims=0)
    else:
        item = Input("pulse", "sequence", format=format_of(["x", "y"]))
        steps = graph.input("pulse", np.float64, ("N", "t", 2))
        kept = graph.Where(graph.IsNaN(steps), 0.0, steps)
        value = graph.Reshape(graph.ReduceSum(kept, axes, keepdims=0), np.array([-1, 1]))
    head = Head(Target("y", "regression", (), 0.0, 1.0, -1e9, 1e9))
    head.emit(graph, graph.cast(value, np.float32))
    signature = Signature(inputs=(item,), task="regression", target="y", outputs=head.outputs)
    content = graph.model({METADATA_KEY: signature.to_json()}).SerializeToString()
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return {kind: model(folder / f"{kind}.onnx", kind) for kind in ("image", "sequence")}


def predicted(model, source, folder, **spec):
    score(model, source, folder / "out.csv", ScoreSpec(**spec))
    return pd.read_csv(folder / "out.csv")


PIXELS = np.random.default_rng(0).integers(0, 256, (7, 5, 6)).astype(np.uint8)


@pytest.mark.parametrize(
    "arrays",
    [
        {"scan": PIXELS},
        {"any_name": PIXELS[..., None]},
        {"scan": PIXELS / 255},
        {"scan": PIXELS[:, None]},
    ],
)
def test_pictures_in_arrays(models, tmp_path, arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    found = predicted(models["image"], tmp_path / "a.npz", tmp_path)
    np.testing.assert_allclose(found["value"], PIXELS.mean(axis=(1, 2)), rtol=1e-5)


def test_arrays_beside_can_be_kept(models, tmp_path):
    np.savez(tmp_path / "a.npz", scan=PIXELS, who=np.array(list("abcdefg")))
    found = predicted(models["image"], tmp_path / "a.npz", tmp_path, keep=("who",))
    assert "".join(found["who"]) == "abcdefg"


def test_one_picture_and_a_folder_of_them(models, tmp_path):
    (tmp_path / "in").mkdir()
    for number, pixels in enumerate(PIXELS):
        Image.fromarray(pixels).save(tmp_path / "in" / f"{number}.png")
    every = predicted(models["image"], tmp_path / "in", tmp_path)
    one = predicted(models["image"], tmp_path / "in" / "3.png", tmp_path)
    assert one.to_dict("records") == every.iloc[3:4].to_dict("records")


def test_series_in_arrays_and_in_files_of_the_archives(models, tmp_path):
    steps = np.random.default_rng(1).normal(size=(4, 3, 2)).round(3)
    np.savez(tmp_path / "a.npz", anything=steps)
    lines = [":".join(",".join(map(str, c)) for c in series.T) + ":up" for series in steps]
    (tmp_path / "a.ts").write_text("\n".join(["@classLabel true up down", "@data", *lines]))
    want = steps.sum(axis=(1, 2))
    for name in ("a.npz", "a.ts"):
        found = predicted(models["sequence"], tmp_path / name, tmp_path)
        np.testing.assert_allclose(found["value"], want, rtol=1e-5)


def test_a_folder_of_arrays_is_scored_file_by_file(models, tmp_path):
    (tmp_path / "in").mkdir()
    for name, rows in (("a", slice(3)), ("b", slice(3, 7))):
        np.savez(tmp_path / "in" / f"{name}.npz", scan=PIXELS[rows])
    score_files(models["image"], [tmp_path / "in"], tmp_path / "out.csv", JobSpec())
    found = pd.read_csv(tmp_path / "out.csv")
    assert list(found["source"]) == ["a.npz"] * 3 + ["b.npz"] * 4
    np.testing.assert_allclose(found["value"], PIXELS.mean(axis=(1, 2)), rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "arrays", "reason"),
    [
        ("image", {"a": PIXELS, "b": PIXELS}, r"one array of pictures.*\['a', 'b'\]"),
        ("image", {"scan": PIXELS.astype(int) * 9}, "pixels from 0 to 255"),
        ("sequence", {"a": np.zeros((4, 3, 5))}, "2 channels .x, y., however: 5"),
    ],
)
def test_wrong_arrays_are_one_line(models, tmp_path, kind, arrays, reason):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=reason):
        predicted(models[kind], tmp_path / "a.npz", tmp_path)
    assert not (tmp_path / "out.csv").exists()
