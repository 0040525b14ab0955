import hashlib
import json

import numpy as np
import onnx
import onnxruntime
import pytest

from ninefold.columns import NAT, Column, Frame
from ninefold.datasets.file import FileSpec
from ninefold.export import ExportSpec
from ninefold.export.publish import publish
from ninefold.features import FeaturizeSpec, build, featurize
from ninefold.monitoring.reference import Reference
from ninefold.preprocessing import PreprocessSpec
from ninefold.problem import ProblemSpec
from ninefold.sampling import NoSamplingSpec
from ninefold.serving.model import Model
from ninefold.signature import METADATA_KEY, Signature
from ninefold.training import TrainSpec, fit

INPUTS = frozenset({"input"})
TASKS = {"binary": ["no", "yes"], "many": ["a", "b", "c"], "value": []}


def raw(rows, classes, seed=0):
    random = np.random.default_rng(seed)
    number = random.normal(size=rows)
    data = {
        "label": number,
        'size, "big" é.1': np.where(random.random(rows) < 0.1, np.nan, random.normal(size=rows)),
        "X": random.choice(np.array(["x", "y", "", "z"], dtype=object), rows),
        "flag": random.random(rows) < 0.5,
        "when": random.integers(10**15, 10**15 + 10**13, rows),
        "constant": np.ones(rows),
    }
    data["when"][::20] = NAT
    kinds = ["number", "number", "category", "bool", "datetime", "number"]
    columns = [Column(n, k, INPUTS) for n, k in zip(data, kinds, strict=True)]
    noisy = number + random.normal(size=rows) / 2
    if classes:
        cuts = np.quantile(noisy, np.linspace(0, 1, len(classes) + 1)[1:-1])
        data["y"] = np.asarray(classes, dtype=object)[np.searchsorted(cuts, noisy)]
    else:
        data["y"] = noisy * 1e4 + 5e5
    columns.append(Column("y", "category" if classes else "number", frozenset({"target"})))
    return Frame(tuple(columns), data, np.arange(rows))


@pytest.fixture(scope="module", params=TASKS)
def exported(request):
    classes = TASKS[request.param]
    task = "classification" if classes else "regression"
    problem = ProblemSpec(target="y", task=task)
    frames = [raw(rows, classes, seed) for seed, rows in enumerate((400, 120))]
    model, derived = build(frames[0].columns, problem, FeaturizeSpec())
    train, valid = (featurize(frame, model, derived) for frame in frames)
    spec = TrainSpec(epochs=2)
    trained = fit(train, valid, problem, NoSamplingSpec(), PreprocessSpec(), spec)
    arguments = (
        model,
        trained,
        train,
        valid,
        problem,
        ExportSpec(),
        FileSpec(path="rows.csv", missing=("", "NA")),
        {"data": {"a": 1}},
    )
    return arguments, publish(*arguments)


def test_receipt_passes_on_every_case(exported):
    _, found = exported
    assert found.receipt["pass"], found.receipt["reasons"]
    assert {"held_out", "all_missing", "extremes", "edges", "batch_1"} <= found.receipt[
        "cases"
    ].keys()


@pytest.mark.parametrize("exported", ["binary"], indirect=True)
def test_the_same_model_gives_the_same_bytes(exported):
    arguments, found = exported
    again = publish(*arguments)
    hashes = {hashlib.sha256(item.content).hexdigest() for item in (found, again)}
    assert len(hashes) == 1


def test_the_file_explains_itself(exported):
    arguments, found = exported
    _, trained, train, *_ = arguments
    session = onnxruntime.InferenceSession(found.content)
    metadata = session.get_modelmeta().custom_metadata_map
    signature = Signature.from_json(metadata[METADATA_KEY])
    assert [item.name for item in signature.inputs] == [i.name for i in session.get_inputs()]
    assert list(signature.outputs) == [o.name for o in session.get_outputs()]
    assert signature.classes == trained.head.target.classes
    assert "y" in signature.ignored
    by_name = {item.name: item for item in signature.inputs}
    assert by_name["X"].levels == ("x", "y", "z")
    assert by_name["X"].has_missing
    assert by_name["label"].maximum == train["label"].max()
    assert json.loads(metadata["ninefold.data"]) == {"a": 1}
    assert set(json.loads(metadata["ninefold.drift"])["inputs"]) == set(by_name)
    model = Model("model", found.content)
    assert set(Reference.of(model).inputs) == set(by_name)
    assert Reference.of(model).masked == frozenset()
    golden = json.loads(metadata["ninefold.golden"])
    assert any(value is None for row in golden["rows"] for value in row.values())
    assert all(len(values) == len(golden["rows"]) for values in golden["outputs"].values())


def test_the_file_holds_no_path_and_takes_any_number_of_rows(exported):
    _, found = exported
    model = onnx.load_model_from_string(found.content)
    assert b"site-packages" not in found.content
    assert b".py" not in b"".join(node.SerializeToString() for node in model.graph.node)
    for info in [*model.graph.input, *model.graph.output]:
        assert info.type.tensor_type.shape.dim[0].dim_param == "N"
