"""Several targets are compared as one: the metric is their mean, calibration that of each."""

from dataclasses import replace

import numpy as np
import pytest

from ninefold.columns import Column
from ninefold.evaluation import EvaluateSpec
from ninefold.export.publish import as_json
from ninefold.graph import Graph
from ninefold.head import Head
from ninefold.problem import ProblemSpec
from ninefold.promotion.candidate import Candidate
from ninefold.promotion.comparing import compare
from ninefold.signature import METADATA_KEY, Input, Signature
from ninefold.target import Target
from tests.promotion.models import rows

LABELS = Target(
    "y", "classification",
    each=tuple(Target(name, "classification", ("no", "yes")) for name in ("y", "z")),
)  # fmt: skip
VALUES = Target(
    "y", "regression", each=tuple(Target(name, "regression", (), 0.0, 1.0) for name in ("y", "z"))
)


def candidate(target, noise):
    graph = Graph("several")
    x, n = graph.input("x", np.float64, ("N", 1)), graph.input("noise", np.float64, ("N", 1))
    signal = graph.cast(graph.Add(graph.Mul(x, 2.0), graph.Mul(n, noise)), np.float32)
    head = Head(target)
    head.emit(graph, graph.Concat(signal, graph.Neg(signal), axis=1))
    inputs = (Input("x", "number"), Input("noise", "number"))
    signature = Signature(inputs, target.task, "y", outputs=head.outputs)
    metadata = {METADATA_KEY: signature.to_json(), "ninefold.head": as_json(head.to_json())}
    return Candidate(graph.model(metadata).SerializeToString(), "here")


def single(target, noise):
    """A model of `y`; whatever the order of its classes, it says the same of each."""
    graph = Graph("single")
    x, n = graph.input("x", np.float64, ("N", 1)), graph.input("noise", np.float64, ("N", 1))
    signal = graph.cast(graph.Add(graph.Mul(x, 2.0), graph.Mul(n, noise)), np.float32)
    both = [graph.Neg(signal), signal]
    head = Head(target)
    head.emit(graph, graph.Concat(*both[:: 1 if target.positive == "yes" else -1], axis=1))
    inputs = (Input("x", "number"), Input("noise", "number"))
    signature = Signature(inputs, "classification", "y", target.classes, outputs=head.outputs)
    metadata = {METADATA_KEY: signature.to_json(), "ninefold.head": as_json(head.to_json())}
    return Candidate(graph.model(metadata).SerializeToString(), "here")


@pytest.mark.parametrize("target", [LABELS, VALUES], ids=["labels", "values"])
def test_several_targets_are_one_gain(target):
    frame = rows()
    first = frame["y"] == "yes"
    second = frame["x"] < 0
    kind = "category" if target.is_labels else "number"
    names = np.asarray(["no", "yes"], dtype=object)
    data = {
        name: names[values.astype(int)] if target.is_labels else values * 2.0 - 1
        for name, values in (("y", first), ("z", second))
    }
    columns = [column for column in frame.columns if column.name != "y"]
    columns += [Column(name, kind, frozenset({"target"})) for name in data]
    frame = replace(frame, columns=tuple(columns), data={**frame.data, **data})
    problem = ProblemSpec(task=target.task, target=["y", "z"])
    spec = EvaluateSpec(bootstrap=100, slices=("city",))
    found = compare(candidate(target, 0.0), candidate(target, 3.0), frame, problem, spec)
    assert 0 < found["gain"]["low"] < found["gain"]["high"]
    assert (found["calibration"] is None) == (not target.is_labels)
    assert [entry["low"] > 0 for entry in found["slices"]] == [True, True]


def test_classes_in_another_order_change_nothing():
    """The rarer class is the positive one; in the next run it may be the other."""
    frame, spec = rows(), EvaluateSpec(bootstrap=100, slices=())
    found = []
    for metric in ("roc_auc", "f1"):
        problem = ProblemSpec(task="classification", target="y", metric=metric)
        target = Target("y", "classification", ("no", "yes"))
        turned = Target("y", "classification", ("yes", "no"))
        found.append(
            [
                compare(single(target, 0.0), champion, frame, problem, spec)
                for champion in (single(target, 1.0), single(turned, 1.0))
            ]
        )
    for same, other in found:
        assert other["champion"] == pytest.approx(same["champion"])
        assert other["gain"] == pytest.approx(same["gain"])
