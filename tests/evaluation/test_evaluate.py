import json
from dataclasses import replace

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.errors import ConfigError, InputError
from ninefold.evaluation import EvaluateSpec
from ninefold.evaluation.bootstrap import clusters, replicates
from ninefold.evaluation.evaluate import evaluate, flat_metrics
from ninefold.evaluation.metrics import metric
from ninefold.evaluation.part import Part, known_rows
from ninefold.evaluation.plots import definitions, write_plots
from ninefold.files import jsonable
from ninefold.head import Head
from ninefold.problem import ProblemSpec
from ninefold.target import Target

BINARY = Head(Target("y", "classification", ("no", "yes")), temperature=2.0)
MANY = Head(Target("y", "classification", ("a", "b", "c")))
VALUE = Head(Target("y", "regression", (), 5.0, 2.0, -100.0, 100.0))
HEADS = {"binary": BINARY, "many": MANY, "value": VALUE}
SPEC = EvaluateSpec(bootstrap=100)


def frame(rows, seed=0):
    random = np.random.default_rng(seed)
    inputs = frozenset({"input"})
    data = {
        "odd name.\"1'": random.choice(np.array(["x", "y", ""], dtype=object), rows),
        "number": random.normal(size=rows),
        "when": random.integers(0, 40, rows) * 86_400_000_000,
        "who": random.choice(np.array(["p", "q", "r", "s"], dtype=object), rows),
        "flag": random.random(rows) < 0.5,
    }
    kinds = ["category", "number", "datetime", "category", "bool"]
    columns = tuple(Column(n, k, inputs) for n, k in zip(data, kinds, strict=True))
    return Frame(columns, data, np.arange(rows))


def part(head, rows=400, seed=0, skill=1.0, baseline=0.5):
    random, f = np.random.default_rng(seed), frame(rows, seed)
    if head.target.task == "regression":
        y = random.normal(5, 2, rows)
        noise = random.normal(size=rows)
        scores = ((y + noise / skill - 5) / 2).astype(np.float32)[:, None]
        other = y + random.normal(size=rows) / baseline
        column = Column("y", "number", frozenset({"target"}))
        f = f.with_column(column, y)
    else:
        K = len(head.target.classes)
        y = random.integers(0, K, rows)
        hot = np.eye(K)[y]

        def logs(strength):
            raw = hot * strength + random.normal(size=(rows, K))
            return (raw - np.log(np.exp(raw).sum(1, keepdims=True))).astype(np.float32)

        scores, other = logs(skill), np.exp(logs(baseline))
        column = Column("y", "category", frozenset({"target"}))
        f = f.with_column(column, np.asarray(head.target.classes, dtype=object)[y])
    return Part(f, y, scores, head.predict(scores), {"linear": other})


def problem(head, **more):
    return ProblemSpec(target="y", task=head.target.task, **more)


@pytest.mark.parametrize("name", HEADS)
def test_everything_is_reported(name, tmp_path):
    head = HEADS[name]
    valid, test = part(head, seed=1), part(head, seed=2)
    content = evaluate(valid, test, head, problem(head), SPEC)
    for found in [*content["test"].values(), *content["valid"].values()]:
        assert found["low"] <= found["value"] <= found["high"]
    assert content["baselines"]["linear"]["is_best"]
    assert content["verdict"]["answer"] == "needed"
    assert {entry["column"] for entry in content["slices"]} == {"odd name.\"1'", "who", "flag"}
    assert sum(e["rows"] for e in content["slices"] if e["column"] == "who") == 400
    assert any(entry["level"] == "(missing)" for entry in content["slices"])
    json.dumps(jsonable(content), allow_nan=False)
    flat = flat_metrics(content)
    assert next(iter(flat["test"])) == content["metric"]["name"]
    assert flat["baseline"]["linear"].keys() == flat["test"].keys()
    write_plots(tmp_path / "plots", head, content, 0)
    named = {
        path.split("/")[-1]
        for item in definitions(head.target.task)
        for plot in item.values()
        for path in plot["y"]
    }
    assert {p.name for p in (tmp_path / "plots").iterdir()} | {"history.csv"} == named


@pytest.mark.parametrize(("skill", "says"), [(1e-9, True), (2.0, False)])
def test_the_verdict_says_where_nothing_beats_a_constant_guess(skill, says):
    def both(seed):
        found = part(BINARY, seed=seed, skill=skill, baseline=1e-9)
        guess = np.full_like(found.prediction, 0.5)
        return replace(found, baselines={**found.baselines, "dummy": guess})

    decided = evaluate(both(1), both(2), BINARY, problem(BINARY), SPEC)["verdict"]
    assert ("than a constant guess" in decided["sentence"]) is says
    assert decided["beats_guess"] is not says


@pytest.mark.parametrize("name", HEADS)
def test_same_input_gives_the_same_report(name):
    head = HEADS[name]
    reports = [
        evaluate(part(head, seed=1), part(head, seed=2), head, problem(head), SPEC)
        for _ in range(2)
    ]
    assert json.dumps(jsonable(reports[0])) == json.dumps(jsonable(reports[1]))


@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize("name", HEADS)
def test_tiny_or_one_class_test_part_is_reported_with_reasons(name, rows, tmp_path):
    head = HEADS[name]
    test = part(head, rows, seed=3)
    test.y[:] = 1
    content = evaluate(part(head, seed=1), test, head, problem(head), SPEC)
    json.dumps(jsonable(content), allow_nan=False)
    missing = [found for found in content["test"].values() if found["value"] is None]
    assert all(found["reason"] for found in missing)
    if name == "binary":
        assert content["test"]["roc_auc"]["reason"] == "every row has the same class"
        assert content["verdict"]["answer"] == "inconclusive"
    write_plots(tmp_path / "plots", head, content, 0)


def test_intervals_cover_the_truth():
    covered, random = 0, np.random.default_rng(0)
    for seed in range(100):
        y = np.zeros(150)
        prediction = random.normal(size=150)
        drawn = clusters(frame(150), ProblemSpec(target="y", task="regression"))
        values = replicates([metric("mae").prepare(y, prediction)], drawn, 200, seed)
        low, high = np.quantile(values, [0.025, 0.975])
        covered += low <= np.sqrt(2 / np.pi) <= high
    assert 87 <= covered <= 100


def test_rows_that_belong_together_are_drawn_together():
    f = frame(200)
    whole = clusters(f, ProblemSpec(target="y", task="regression", group=("who",)))
    assert (whole.unit, whole.count) == ("group", 4)
    days = clusters(f, ProblemSpec(target="y", task="regression", time="when"))
    assert (days.unit, days.count) == ("day", 40)
    blocks = clusters(f, ProblemSpec(target="y", task="regression", time="number"))
    assert blocks.count == 34
    same = np.repeat(np.random.default_rng(0).normal(size=4), 50)[np.argsort(np.argsort(f["who"]))]
    one = [metric("mae").prepare(np.zeros(200), same)]
    rows = clusters(f, ProblemSpec(target="y", task="regression"))
    spread = [np.ptp(replicates(one, drawn, 200, 0)) for drawn in (whole, rows)]
    assert spread[0] > 2 * spread[1]


def test_sixty_thousand_rows_take_seconds():
    import time

    random = np.random.default_rng(0)
    y, p = random.integers(0, 2, 60_000), random.random(60_000)
    one = metric("roc_auc").prepare(y, np.stack([1 - p, p], 1))
    drawn = clusters(frame(60_000), ProblemSpec(target="y", task="classification"))
    start = time.process_time()
    replicates([one], drawn, 100, 0)
    assert time.process_time() - start < 3


@pytest.mark.parametrize("column", ["number", "when", "who", "flag"])
def test_any_column_can_be_sliced(column):
    head, test = BINARY, part(BINARY, seed=2)
    spec = EvaluateSpec(bootstrap=100, slices=(column,), min_slice_rows=90)
    content = evaluate(part(head, seed=1), test, head, problem(head), spec)
    assert {entry["column"] for entry in content["slices"]} == {column}
    assert sum(entry["rows"] for entry in content["slices"]) == len(test)
    assert all(entry["is_small"] == (entry["rows"] < 90) for entry in content["slices"])


def test_unknown_slice_names_the_nearest():
    spec = EvaluateSpec(bootstrap=100, slices=("numbr",))
    with pytest.raises(ConfigError, match=r"evaluate.slices.0 .*did you mean `number`"):
        evaluate(part(BINARY), part(BINARY), BINARY, problem(BINARY), spec)


def test_classes_that_train_lacks_are_left_out():
    test = part(BINARY)
    test.frame.data["y"][:10] = "never seen"
    assert len(known_rows(test.frame, BINARY, "test")) == 390
    test.frame.data["y"][:] = "never seen"
    with pytest.raises(InputError, match="the test part must hold rows"):
        known_rows(test.frame, BINARY, "test")


def test_calibration_shows_what_the_temperature_does():
    head = BINARY
    content = evaluate(part(head, seed=1), part(head, seed=2), head, problem(head), SPEC)
    assert content["calibration"]["before"]["ece"] != content["calibration"]["after"]["ece"]
    for found in content["calibration"].values():
        assert sum(entry["rows"] for entry in found["bins"]) == 400


def test_roc_points_integrate_to_the_area():
    test = part(BINARY, 3000, seed=2)
    content = evaluate(part(BINARY), test, BINARY, problem(BINARY), SPEC)
    points = content["curves"]["roc"]
    area = np.trapezoid([p["tpr"] for p in points], [p["fpr"] for p in points])
    assert area == pytest.approx(content["test"]["roc_auc"]["value"], abs=2e-3)
    assert len(points) <= 210


def test_many_classes_are_folded_in_the_confusion_table():
    from ninefold.evaluation.curves import confusion_table

    random = np.random.default_rng(0)
    y, p = random.integers(0, 50, 1000), random.dirichlet(np.ones(50), 1000)
    table = confusion_table(y, p, 0.5, tuple(map(str, range(50))))
    assert len(table["classes"]) == 20
    assert np.sum(table["counts"]) == 1000
