import json

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ninefold.graph import Graph
from ninefold.head import Head
from ninefold.target import Target

LABEL = Target("a", "classification", ("no", "yes"))
VALUE = Target("y", "regression", (), 1e6, 3e5, 1e5, 4e6)
A, B = Target("a", "regression", (), 1e6, 3e5, 1e5, 4e6), Target("b", "regression", (), 0.0, 1.0)
HEADS = {
    "binary": Head(Target("y", "classification", ("no", "yes")), 1.7, 0.3),
    "many": Head(Target("y", "classification", ("a", "b", "", "ü")), 0.4),
    "value": Head(VALUE),
    "unbounded": Head(Target("y", "regression", (), 0.0, 1.0)),
    "values": Head(
        Target(
            "a, b",
            "regression",
            each=(A, B),
        )
    ),
    "quantiles": Head(VALUE, quantiles=(0.1, 0.5, 0.9)),
    "shifted": Head(
        VALUE,
        quantiles=(0.1, 0.5, 0.9),
        shifts=(0.3, 0.0, -0.2),
    ),
    "several shifted": Head(
        Target(
            "a, b",
            "regression",
            each=(A, B),
        ),
        each=(
            Head(
                A,
                quantiles=(0.2, 0.8),
                shifts=(-0.1, 0.7),
            ),
            Head(B, quantiles=(0.2, 0.8), shifts=(1.5, -2.5)),
        ),
        quantiles=(0.2, 0.8),
    ),
    "one quantile": Head(VALUE, quantile=0.9, shifts=(0.3,)),
    "a quantile of each": Head(
        Target(
            "a, b",
            "regression",
            each=(A, B),
        ),
        each=(
            Head(A, quantile=0.9, shifts=(-0.1,)),
            Head(B, quantile=0.9, shifts=(1.5,)),
        ),
        quantile=0.9,
    ),
    "labels": Head(
        Target("a, b", "classification", each=(LABEL, LABEL)),
        each=(Head(LABEL, 1.7, 0.3), Head(LABEL, 0.4, 0.6)),
    ),
}


def session(head):
    graph = Graph("head")
    scores = graph.input("scores", np.float32, ("N", head.width))
    head.emit(graph, scores)
    return onnxruntime.InferenceSession(graph.model().SerializeToString())


SESSIONS = {name: session(head) for name, head in HEADS.items()}


@pytest.mark.parametrize("name", HEADS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_numpy_and_onnx_agree(name, data):
    head = HEADS[name]
    shape = (data.draw(st.integers(1, 6)), head.width)
    finite = st.floats(-80, 80, width=32)
    scores = data.draw(arrays(np.float32, shape, elements=finite))
    outputs = SESSIONS[name].run(None, {"scores": scores})
    expected = head.predict(scores)
    np.testing.assert_allclose(outputs[-1], expected, rtol=1e-6, atol=1e-6)
    if name == "labels":
        assert outputs[0].tolist() == (outputs[1] >= np.float32([0.3, 0.6])).tolist()
    elif head.target.classes:
        classes = np.asarray(head.target.classes, dtype=object)
        assert outputs[0].tolist() == classes[head.labels(outputs[1])].tolist()
    else:
        np.testing.assert_array_equal(outputs[-1], expected)
    if head.quantiles:
        np.testing.assert_array_equal(outputs[0], head.spread(scores))


def test_impossible_classes_are_certain_not_nan():
    scores = np.array([[-np.inf, 0.0]], dtype=np.float32)
    assert HEADS["binary"].predict(scores).tolist() == [[0.0, 1.0]]


def test_value_stays_in_the_range_of_training():
    extreme = np.array([[-1e30], [1e30]], dtype=np.float32)
    assert HEADS["value"].predict(extreme).tolist() == [1e5, 4e6]


@pytest.mark.parametrize("name", HEADS)
def test_head_survives_json(name):
    head = HEADS[name]
    assert Head.from_json(json.loads(json.dumps(head.to_json()))) == head
