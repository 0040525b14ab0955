"""Pixels that speak for an answer: they add up, and lie where the stroke is."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from ninefold.columns import Column, Frame
from ninefold.explaining.parts import left_out
from ninefold.explaining.pixels import coloured, pixel_gradients
from ninefold.networks.cnn import CNNSpec
from ninefold.pixels import objects
from ninefold.preprocessing import PreprocessSpec
from ninefold.problem import ProblemSpec
from ninefold.sampling import NoSamplingSpec
from ninefold.training import TrainSpec, fit
from tests.pictures import CLASSES, stroke


def frame(rows, seed):
    rng = np.random.default_rng(seed)
    names = np.array([CLASSES[i % 2] for i in range(rows)], dtype=object)
    columns = (
        Column("photo", "image", frozenset({"input"}), "grey"),
        Column("y", "category", frozenset({"target"})),
    )
    pictures = objects(stroke(name, rng)[..., None] for name in names)
    return Frame(columns, {"photo": pictures, "y": names}, np.arange(rows))


@pytest.fixture(scope="module")
def model():
    network = CNNSpec(filters=(8, 8), convolutions=1, hidden_size=0, dropout=0.0)
    spec = TrainSpec(network=network, epochs=8, batch_size=16)
    problem = ProblemSpec(target="y", task="classification")
    return fit(frame(120, 0), frame(40, 1), problem, NoSamplingSpec(), PreprocessSpec(), spec)


def test_pixels_add_up_to_the_answer(model):
    rows = frame(6, 2)
    found = pixel_gradients(model, rows)
    assert [item["row"] for item in found] == list(range(6))
    for item in found:
        assert item["sum"] == pytest.approx(item["answer"] - item["expected"], abs=0.05)
        assert all(uri.startswith("data:image/png;base64,") for uri in item["pictures"])


def test_masked_columns_are_not_drawn(model):
    rows = frame(2, 2)
    assert pixel_gradients(model, rows, ("photo",)) == []
    assert left_out(lambda frame: np.zeros(len(frame)), rows, rows, ("photo",))["pixels"] == []


def test_a_model_without_gradients_is_asked_without_each_region():
    rows = frame(4, 2)

    def answer(frame):
        return np.array([picture[:4].sum() / 255.0 for picture in frame["photo"]])

    found = left_out(answer, rows, rows)["pixels"]
    assert [item["row"] for item in found] == list(range(4))
    heat = Image.open(io.BytesIO(base64.b64decode(found[0]["pictures"][1].split(",")[1])))
    coloured_rows = np.flatnonzero((np.asarray(heat.convert("RGB")) < 255).any(axis=(1, 2)))
    assert 0 <= max(coloured_rows, default=-1) < heat.height / 2


def test_red_speaks_for_and_blue_against():
    picture = coloured(np.array([[1.0, -1.0, 0.0]]))
    assert picture.tolist() == [[[255, 0, 0], [0, 0, 255], [255, 255, 255]]]
