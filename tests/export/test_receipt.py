import numpy as np
import onnxruntime
import pytest

from ninefold.columns import Column, Frame
from ninefold.errors import GateError
from ninefold.export.receipt import gate, receipt
from ninefold.graph import Graph
from ninefold.head import Head
from ninefold.target import Target

BINARY = Head(Target("y", "classification", ("no", "yes")))
INPUTS = frozenset({"input"})


def frame(rows, seed=0):
    random = np.random.default_rng(seed)
    data = {
        "odd \"name'.\n": random.normal(size=rows),
        "city": random.choice(np.array(["x", "é y", ""], dtype=object), rows),
    }
    kinds = ["number", "category"]
    columns = tuple(Column(n, k, INPUTS) for n, k in zip(data, kinds, strict=True))
    return Frame(columns, data, np.arange(rows))


def model(shift=0.0, per_batch=0.0):
    graph = Graph()
    number = graph.cast(graph.input("odd \"name'.\n", np.float64, ("N", 1)), np.float32)
    text = graph.input("city", object, ("N", 1))
    code = graph.LabelEncoder(text, keys_strings=["é y"], values_floats=[1.0], default_float=0.0)
    rows = graph.cast(graph.Gather(graph.Shape(number), np.array(0), axis=0), np.float32)
    extra = graph.Mul(rows, np.float32(per_batch))
    score = graph.Add(graph.Add(graph.Add(number, code), np.float32(shift)), extra)
    scores = graph.Concat(graph.Neg(score), score, axis=1)
    BINARY.emit(graph, scores)
    return graph.model().SerializeToString()


def reference(raw):
    score = (raw["odd \"name'.\n"] + (raw["city"] == "é y")).astype(np.float32)
    return BINARY.predict(np.stack([-score, score], axis=1))


def made(content, cases=None):
    names = [item.name for item in onnxruntime.InferenceSession(content).get_inputs()]
    cases = cases or {"held_out": frame(50), "other": frame(3, 1)}
    return receipt(content, names, cases, reference, BINARY, 1e-5)


def test_a_file_that_agrees_passes():
    found = made(model())
    assert found["pass"]
    assert found["max_delta"] <= 1e-6
    assert {name: case["n"] for name, case in found["cases"].items()} == {
        "held_out": 50,
        "other": 3,
        "batch_1": 53,
        "batch_7": 53,
        "reversed": 53,
    }
    gate(found)


def test_a_file_that_is_off_is_refused_with_the_case():
    found = made(model(shift=0.01))
    assert not found["pass"]
    with pytest.raises(GateError, match=r"held_out: differs by .*Nothing was published"):
        gate(found)


def test_a_file_that_depends_on_the_neighbours_is_refused():
    found = made(model(per_batch=1e-7))
    assert found["cases"]["held_out"]["pass"] is True or found["cases"]["held_out"]["reasons"]
    assert not found["cases"]["batch_1"]["pass"]
    assert "other bits" in found["cases"]["batch_1"]["reasons"][0]


def test_numbers_that_are_not_finite_are_refused():
    rows = frame(4)
    rows.data["odd \"name'.\n"][2] = np.nan
    found = made(model(), {"held_out": rows})
    assert "1 rows give no finite number" in found["cases"]["held_out"]["reasons"]


def test_labels_that_flip_are_counted():
    found = made(model(shift=3.0))
    assert found["flips"] > 0


def test_a_file_that_does_not_run_is_refused():
    with pytest.raises(GateError, match="must run in a process without torch"):
        receipt(b"no model", ["city"], {"held_out": frame(1)}, reference, BINARY, 1e-5)
