import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.errors import ConfigError, InputError
from ninefold.problem import ProblemSpec
from ninefold.target import Target


def frame(values, kind):
    dtype = {"number": float, "category": object, "bool": bool}[kind]
    column = Column("y", kind, frozenset({"target"}))
    return Frame((column,), {"y": np.array(values, dtype)}, np.arange(len(values)))


def problem(task="classification", **more):
    return ProblemSpec(target="y", task=task, **more)


@pytest.mark.parametrize(
    ("values", "kind", "classes"),
    [
        ([0, 1, 0], "number", ("0", "1")),
        ([1, 1, 0], "number", ("1", "0")),
        ([10, 9, 2, 2], "number", ("2", "9", "10")),
        ([True, False, False], "bool", ("false", "true")),
        (["b", "a", "a"], "category", ("a", "b")),
        ([0.5, 2.0, 0.5], "number", ("0.5", "2")),
    ],
)
def test_classes_are_ordered_with_the_rarer_of_two_last(values, kind, classes):
    data = frame(values, kind)
    target = Target.fit(data, problem())
    assert target.classes == classes
    assert Target.from_json(target.to_json()) == target
    assert set(target.encode(data)) == set(range(len(classes)))


def test_the_positive_class_can_be_named():
    assert Target.fit(frame(["a", "b", "b"], "category"), problem(positive="b")).positive == "b"
    with pytest.raises(ConfigError, match="did you mean `bb`"):
        Target.fit(frame(["a", "bb", "bb"], "category"), problem(positive="b1b"))


@pytest.mark.parametrize(
    ("values", "kind", "task", "says"),
    [
        (["a", "a"], "category", "classification", "at least two classes"),
        (["", ""], "category", "classification", "all are missing"),
        ([1.0, 1.0], "number", "regression", "must vary"),
        ([1.0, np.inf], "number", "regression", "must be finite"),
        (["a", "b"], "category", "regression", "must be numbers"),
    ],
)
def test_a_useless_target_is_refused(values, kind, task, says):
    with pytest.raises(InputError, match=says):
        Target.fit(frame(values, kind), problem(task))


def test_a_class_unseen_in_train_is_named():
    target = Target.fit(frame(["a", "b", "b"], "category"), problem())
    with pytest.raises(InputError, match=r"no train row has: \['c'\]"):
        target.encode(frame(["c"], "category"))
