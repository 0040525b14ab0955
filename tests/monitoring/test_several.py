"""Several targets, and pictures, are watched as one target and a row of cells are."""

import json

import numpy as np
import pyarrow as pa
import pytest

from ninefold import pixels
from ninefold.columns import Column, Frame
from ninefold.export.describe import drift_reference
from ninefold.head import Head
from ninefold.monitoring import MonitorSpec
from ninefold.monitoring.comparing import compare
from ninefold.monitoring.counting import Counter
from ninefold.monitoring.labels import coded
from ninefold.monitoring.performance import performance
from ninefold.monitoring.reference import Reference
from ninefold.signature import Input, Signature
from ninefold.target import Target

VALUES = Target("a, b", "regression", each=(Target("a", "regression"), Target("b", "regression")))
LABELS = Target(
    "a, b",
    "classification",
    each=tuple(Target(name, "classification", ("no", "yes")) for name in "ab"),
)


def drawn(target, shift=0.0, seed=0):
    found = np.random.default_rng(seed).normal([0, shift], 1, (800, 2))
    return 1 / (1 + np.exp(-found)) if target.is_labels else found


def known(target):
    head = Head(target)
    frame = Frame((), {}, np.arange(800))
    drift = json.loads(json.dumps(drift_reference(frame, drawn(target), head)))
    metrics = {"rmse": {"value": 0.3, "low": 0.2, "high": 0.4}}
    if target.is_labels:
        metrics = {"roc_auc": {"value": 0.7, "low": 0.65, "high": 0.75}}
    return Reference(800, {}, drift["outputs"], head, metrics, frozenset())


@pytest.mark.parametrize("target", [VALUES, LABELS], ids=["values", "labels"])
def test_each_of_several_targets_is_compared_and_measured(target):
    reference = known(target)
    signature = Signature((), target.task, "a, b", outputs=reference.head.outputs)
    names = reference.head.outputs
    for shift, moved in ((0.0, set()), (1.5, {"b"})):
        prediction = drawn(target, shift, 1)
        outputs = dict.fromkeys(names, prediction)
        counts = Counter(reference, signature).count({}, outputs)
        found = compare(reference, signature, counts, MonitorSpec())
        assert {i["column"] for i in found if i["severity"] == "block"} == moved

    prediction = drawn(target, 0.0, 2)
    holds = np.random.default_rng(3).random(prediction.shape) < prediction
    for good in (True, False):
        if target.is_labels:
            told = np.where(holds if good else ~holds, "yes", "no")
        else:
            told = prediction + (0.3 if good else 3) * drawn(target, 0.0, 4)
        columns = [pa.array(told[:, t].tolist()) for t in range(2)]
        columns[1] = pa.concat_arrays([pa.nulls(5, columns[1].type), columns[1][5:]])
        labelled = coded([[one] for one in columns], np.arange(800), reference.head, ("",))
        assert labelled.without == 5
        assert labelled.y.shape == (795, 2)
        spec = MonitorSpec(performance="block")
        measured = performance(reference, labelled.y, prediction[labelled.rows], spec)
        assert measured["severity"] == ("pass" if good else "block"), measured["message"]


def test_pictures_are_compared_by_size_and_light():
    random = np.random.default_rng(0)

    def pictures(light, count):
        drawn = random.integers(0, light, (count, 8, 8, 1), dtype=np.uint8)
        return pixels.objects(list(drawn))

    column = Column("image", "image", format="grey")
    head = Head(Target("y", "regression"))
    frame = Frame((column,), {"image": pictures(200, 400)}, np.arange(400))
    drift = drift_reference(frame, np.zeros(400), head)
    reference = Reference(400, drift["inputs"], drift["outputs"], head, {}, frozenset())
    signature = Signature((Input("image", "image"),), "regression", "y", outputs=("value",))
    counter = Counter(reference, signature)
    for light, verdict in ((200, "pass"), (90, "warn")):
        given = counter.count({"image": pictures(light, 300)}, {"value": np.zeros(300)})
        found = compare(reference, signature, given, MonitorSpec())
        assert found[0]["severity"] == verdict
        assert found[0]["column"].startswith("image: ")
