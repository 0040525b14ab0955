import numpy as np
import onnx
import pytest
from onnx.checker import ValidationError

from ninefold.graph import Graph


def run(model, **feeds):
    import onnxruntime

    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, feeds)


def doubler():
    graph = Graph("double")
    x = graph.input("x", np.float64, ("N", 1))
    graph.output("y", graph.Mul(x, 2.0), np.float64, ("N", 1))
    return graph.model()


def test_inlined_models_are_wired_by_name():
    outer = Graph()
    a = outer.input("a", np.float64, ("N", 1))
    y = outer.inline(doubler(), {"x": a})["y"]
    again = outer.inline(doubler(), {"x": y})["y"]
    outer.output("z", again, np.float64, ("N", 1))
    assert run(outer.model(), a=np.array([[1.5]]))[0].item() == 6.0


def test_what_no_output_needs_is_left_out():
    graph = Graph()
    x = graph.input("x", np.float64, ("N", 1))
    graph.Add(graph.input("unused", np.float64, ("N", 1)), 1.0)
    graph.output("y", graph.Neg(x), np.float64, ("N", 1))
    model = graph.model()
    assert [info.name for info in model.graph.input] == ["x"]
    assert not model.graph.initializer


def test_equal_constants_are_stored_once_but_types_kept_apart():
    graph = Graph()
    assert graph.constant(1.0) == graph.constant(1.0)
    assert graph.constant(1.0) != graph.constant(1)
    assert graph.constant(["a", ""]) == graph.constant(["a", ""])
    assert graph.constant(0.0) != graph.constant(-0.0)


def test_subgraphs_keep_their_outer_values():
    inner = Graph("inner")
    x = inner.input("x", np.float64, ("N", 1))
    body = Graph("body")
    body.output("r", body.cast(body.constant(1.0), np.float64), np.float64, ())
    two = inner.Mul(x, 2.0)
    then = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", [two], ["t"])],
        "then",
        [],
        [onnx.helper.make_tensor_value_info("t", onnx.TensorProto.DOUBLE, None)],
    )
    other = onnx.helper.make_graph(
        [onnx.helper.make_node("Neg", [two], ["e"])],
        "else",
        [],
        [onnx.helper.make_tensor_value_info("e", onnx.TensorProto.DOUBLE, None)],
    )
    branch = inner.If(inner.constant(False), then_branch=then, else_branch=other)
    inner.output("y", branch, np.float64, ("N", 1))
    outer = Graph()
    a = outer.input("a", np.float64, ("N", 1))
    outer.output("y", outer.inline(inner.model(), {"x": a})["y"], np.float64, ("N", 1))
    assert run(outer.model(), a=np.array([[3.0]]))[0].item() == -6.0


def test_the_same_graph_gives_the_same_bytes():
    assert doubler().SerializeToString() == doubler().SerializeToString()


def test_an_invalid_graph_is_refused():
    graph = Graph()
    x = graph.input("x", np.float64, ("N", 1))
    graph.output("y", graph.NoSuchOperator(x), np.float64, ("N", 1))
    with pytest.raises(ValidationError):
        graph.model()
