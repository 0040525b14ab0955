import numpy as np
import onnxruntime
import pytest

from ninefold.compose import compose
from ninefold.errors import InputError
from ninefold.graph import Graph
from ninefold.head import Head
from ninefold.target import Target

BINARY = Head(Target("y", "classification", ("no", "yes")), temperature=2.0)
VALUE = Head(Target("y", "regression", (), 10.0, 2.0, 0.0, 20.0))


def featurize(a="a", b="b"):
    graph = Graph("featurize")
    left, right = (graph.input(name, np.float64, ("N", 1)) for name in (a, b))
    graph.output("sum", graph.Add(left, right), np.float64, ("N", 1))
    graph.output("unused", graph.Mul(left, 2.0), np.float64, ("N", 1))
    return graph.model()


def preprocess(*names, city="city"):
    graph = Graph("preprocess")
    numbers = [graph.input(name, np.float64, ("rows", 1)) for name in names]
    X = graph.cast(graph.Concat(*numbers, axis=1), np.float32)
    text = graph.input(city, object, ("rows", 1))
    codes = graph.LabelEncoder(text, keys_strings=["x", "y"], values_int64s=[1, 2], default_int64=0)
    taken = {*names, city}
    graph.output("X_" if "X" in taken else "X", X, np.float32, ("rows", len(names)))
    graph.output("codes_" if "codes" in taken else "codes", codes, np.int64, ("rows", 1))
    return graph.model()


def net(width, outputs, with_codes=True):
    graph = Graph("net")
    X = graph.input("X", np.float32, ("batch", width))
    weight = np.arange(width * outputs, dtype=np.float32).reshape(width, outputs) / 10
    scores = graph.MatMul(X, weight)
    if with_codes:
        codes = graph.input("codes", np.int64, ("batch", 1))
        scores = graph.Add(scores, graph.cast(codes, np.float32))
    graph.output("scores", scores, np.float32, ("batch", outputs))
    return graph.model()


def run(model, **feeds):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds), strict=True))


def column(*values, dtype=np.float64):
    return np.array(values, dtype=dtype).reshape(-1, 1)


def names(infos):
    return [info.name for info in infos]


def test_derived_columns_are_computed_inside_and_raw_ones_remain():
    model = compose(featurize(), preprocess("sum"), net(1, 2), BINARY, {"k": "v"})
    assert names(model.graph.input) == ["a", "b", "city"]
    assert names(model.graph.output) == ["label", "probabilities"]
    assert {p.key: p.value for p in model.metadata_props} == {"k": "v"}
    out = run(model, a=column(1.0, 2.0), b=column(3.0, -9.0), city=column("x", "?", dtype=object))
    scores = np.array([[1.0, 1.4], [0.0, -0.7]], dtype=np.float32)
    np.testing.assert_allclose(out["probabilities"], BINARY.predict(scores), rtol=1e-6)
    assert out["label"].tolist() == ["yes", "no"]


def test_inputs_stand_in_source_order_and_unneeded_ones_are_dropped():
    model = compose(
        featurize(), preprocess("b", "other"), net(2, 1, False), VALUE, columns=["other", "a", "b"]
    )
    assert names(model.graph.input) == ["other", "b"]
    dims = [i.type.tensor_type.shape.dim for i in model.graph.input]
    assert [(d[0].dim_param, d[1].dim_value) for d in dims] == [("N", 1), ("N", 1)]


@pytest.mark.parametrize(
    "odd", ["label", "probabilities", "Add_1", "const_2", "model_1", "X", "codes", "sé.p 'x\"/\n"]
)
def test_any_column_name_will_do(odd):
    model = compose(featurize(b=odd), preprocess("sum", odd), net(2, 2), BINARY)
    assert names(model.graph.input) == ["a", odd, "city"]
    out = run(model, **{"a": column(1.0), odd: column(2.0), "city": column("x", dtype=object)})
    assert next(iter(out.values())).tolist() == ["yes"]
    assert all(name.rstrip("_") in ("label", "probabilities") for name in out)
    assert odd not in out


def test_same_parts_give_the_same_bytes():
    parts = [
        compose(featurize(), preprocess("sum"), net(1, 2), BINARY, {"b": "1", "a": "2"})
        for _ in range(2)
    ]
    assert parts[0].SerializeToString(deterministic=True) == parts[1].SerializeToString(
        deterministic=True
    )


def test_a_model_that_reads_nothing_is_refused():
    graph = Graph("net")
    X = graph.input("X", np.float32, ("batch", 1))
    scores = graph.constant(np.zeros((1, 2), np.float32))
    graph.output("scores", scores, np.float32, ("batch", 2))
    del X
    with pytest.raises(InputError, match="must read at least one column"):
        compose(featurize(), preprocess("sum"), graph.model(), BINARY)
