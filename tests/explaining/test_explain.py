import json

import numpy as np
import pytest

from ninefold.columns import NAT, Column, Frame
from ninefold.compose import compose
from ninefold.contributions import contributions
from ninefold.explaining import ExplanationSpec, importance
from ninefold.explaining.effects import effect, effects
from ninefold.explaining.explain import compact, explain
from ninefold.explaining.gradients import integrated_gradients
from ninefold.explaining.groups import column_groups
from ninefold.export.network import network_to_onnx
from ninefold.features import FeaturizeSpec, build
from ninefold.files import jsonable
from ninefold.preprocessing import PreprocessSpec
from ninefold.problem import ProblemSpec
from ninefold.runtime import session
from ninefold.sampling import NoSamplingSpec
from ninefold.training import TrainSpec, fit
from tests.rounds import quick

CITIES = np.array([f"town {n}" for n in range(14)], dtype=object)


def table(rows, task, seed=0):
    """`strong` and its near-copy `twin` decide most, `city` something, `noise` nothing."""
    random = np.random.default_rng(seed)
    strong, weak, noise = random.normal(size=(3, rows))
    city = random.integers(0, len(CITIES), rows)
    signal = 3 * strong + 0.5 * weak + 2.0 * (city % 2) + random.normal(size=rows) * 0.3
    twin = strong + random.normal(size=rows) * 0.05
    data = {"strong": strong, "twin": twin, "weak": weak, "noise": noise, "city": CITIES[city]}
    if task == "regression":
        data["y"] = 100 + 10 * signal
    else:
        names = np.array(["a", "b", "c"] if task == "many" else ["no", "yes"], dtype=object)
        cuts = np.quantile(signal, [0.3, 0.6] if task == "many" else [0.5])
        data["y"] = names[np.digitize(signal, cuts)]
    roles = {"y": frozenset({"target"})}
    kinds = {"city": "category", "y": "number" if task == "regression" else "category"}
    columns = tuple(
        Column(name, kinds.get(name, "number"), roles.get(name, frozenset({"input"})))
        for name in data
    )
    return Frame(columns, data, np.arange(rows))


@pytest.fixture(scope="module", params=quick("binary", "regression", of=["many"]))
def explained(request):
    task = "regression" if request.param == "regression" else "classification"
    problem = ProblemSpec(target="y", task=task)
    train, valid = table(600, request.param), table(200, request.param, 1)
    settings = (problem, NoSamplingSpec(), PreprocessSpec(), TrainSpec(epochs=6))
    model = fit(train, valid, *settings)
    featurize, _ = build(train.columns, problem, FeaturizeSpec())
    proto = compose(featurize, model.preprocessing.model, network_to_onnx(model), model.head)
    names = [info.name for info in proto.graph.input]
    given = (session(proto), names, model.head, train, valid, problem)
    return model, given, explain(*given, ExplanationSpec(rows=150), ("weak",), model)


def test_columns_are_ranked_by_what_the_model_loses_without_them(explained):
    _, _, found = explained
    ranked = [item["columns"] for item in found["importance"]]
    assert ranked[0] == ["strong", "twin"]
    assert ranked[1] == ["city"]
    by_name = {item["columns"][0]: item for item in found["importance"]}
    assert by_name["strong"]["low"] > 0
    assert by_name["noise"]["low"] < by_name["city"]["value"]
    for item in found["importance"]:
        assert item["low"] <= item["value"] <= item["high"]


def test_columns_that_matter_little_get_no_interval(explained, monkeypatch):
    _, given, found = explained
    monkeypatch.setattr(importance, "INTERVALS", 2)
    fewer = explain(*given, ExplanationSpec(rows=150), ("weak",))["importance"]
    assert fewer[:2] == found["importance"][:2]
    values = [(item["columns"], item["value"]) for item in found["importance"][2:]]
    assert [(item["columns"], item["value"]) for item in fewer[2:]] == values
    assert all(item["low"] is item["high"] is None for item in fewer[2:])


def test_the_same_file_gives_the_same_explanation(explained):
    model, given, found = explained
    again = explain(*given, ExplanationSpec(rows=150), ("weak",), model)
    assert json.dumps(jsonable(found), allow_nan=False) == json.dumps(jsonable(again))


def test_values_of_masked_columns_are_not_shown(explained):
    _, _, found = explained
    assert "weak" not in {item["column"] for item in found["effects"]}
    assert all("weak" not in share["values"] for e in found["examples"] for share in e["shares"])


def test_contributions_add_up_to_the_answer(explained):
    _, _, found = explained
    for example in found["examples"]:
        total = sum(share["share"] for share in example["shares"])
        assert total == pytest.approx(example["answer"] - example["expected"], abs=1e-6)
    answers = [example["answer"] for example in found["examples"]]
    assert answers == sorted(answers)


def test_integrated_gradients_add_up_and_find_the_columns_that_count(explained):
    model, given, found = explained
    for row in integrated_gradients(model, given[3], given[4].take(np.arange(5))):
        span = abs(row["answer"] - row["expected"])
        total = sum(row["columns"].values())
        assert total == pytest.approx(row["answer"] - row["expected"], abs=0.02 * max(span, 1))
        assert abs(row["columns"]["noise"]) < 0.5 * max(map(abs, row["columns"].values()))
    assert len(found["gradients"]) == len(found["examples"])


def test_the_file_keeps_what_a_server_needs(explained):
    _, given, found = explained
    background = given[3].select(given[1]).take(np.arange(20))
    kept = json.loads(json.dumps(jsonable(compact(found, background))))
    assert len(kept["background"]) == 20
    assert {name for item in kept["importance"] for name in item["columns"]} == set(given[1])


def test_shapley_values_of_a_sum_are_its_terms():
    row = {"a": np.array([3.0]), "b": np.array([1.0])}
    background = {"a": np.zeros(4), "b": np.array([0.0, 0.0, 2.0, 2.0])}
    found = contributions(lambda c: 2 * c["a"] + c["b"], row, background, [["a"], ["b"]], 4)
    assert found["values"] == pytest.approx([6.0, 0.0])
    assert (found["answer"], found["expected"]) == (7.0, 1.0)


def test_a_product_is_shared_between_its_factors():
    row = {"a": np.array([2.0]), "b": np.array([3.0])}
    background = {"a": np.zeros(1), "b": np.zeros(1)}
    found = contributions(lambda c: c["a"] * c["b"], row, background, [["a"], ["b"]])
    assert found["values"] == pytest.approx([3.0, 3.0])


def test_dates_that_go_together_are_moved_together():
    kinds = {"begin": "datetime", "end": "datetime", "size": "number"}
    hours = np.arange(0, 300, dtype=np.int64) * 3_600_000_000
    end = hours + 60_000_000
    end[7] = NAT
    columns = tuple(Column(name, kind, frozenset({"input"})) for name, kind in kinds.items())
    data = {"begin": hours, "end": end, "size": np.arange(300.0)}
    rows = Frame(columns, data, np.arange(300))

    def apart(frame):
        known = frame["end"] != NAT
        assert known.sum() == 299
        return np.where(known, frame["end"] - frame["begin"], 60_000_000).astype(float)

    groups = [["begin", "size", "end"]]
    first, second = effects(apart, rows, groups, 2, ())
    assert (first["column"], first["moved_with"], second["column"]) == ("begin", ["end"], "size")
    assert {point["y"] for point in first["points"]} == {0.0}
    _, shown = effects(apart, rows, groups, 2, {"begin"})
    assert (shown["column"], shown["moved_with"]) == ("end", ["begin"])


def test_the_effect_of_a_line_is_the_line():
    rows = table(300, "regression").select(["strong", "twin", "city"])
    found = effect(lambda frame: 2 * frame["strong"] + frame["twin"], rows, "strong")
    points = np.array([(point["x"], point["y"]) for point in found["points"]])
    assert np.polyfit(points[:, 0], points[:, 1], 1)[0] == pytest.approx(2.0, abs=1e-6)
    levels = effect(lambda frame: (frame["city"] == "town 1").astype(float), rows, "city")
    heights = {point["x"]: point["y"] for point in levels["points"]}
    assert all(y <= heights.get("town 1", 1.0) for y in heights.values())
    constant = rows.with_column(rows.column("strong"), np.ones(300))
    assert effect(lambda frame: frame["twin"], constant, "strong") is None


def test_columns_that_tell_the_same_stand_together():
    rows = table(400, "binary").select(["strong", "twin", "weak", "city"])
    copy = np.char.add("c", rows["city"].astype(str)).astype(object)
    rows = rows.with_column(Column("region", "category", frozenset({"input"})), copy)
    groups = column_groups(rows, ["strong", "twin", "weak", "city", "region"], 0.8)
    assert groups == (("strong", "twin"), ("weak",), ("city", "region"))
