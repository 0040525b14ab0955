import json

import numpy as np
import onnx
import pytest
from pydantic import TypeAdapter, ValidationError

from ninefold.baselines import BaselineSpec, BaselinesSpec
from ninefold.baselines.comparing import Comparison, compare
from ninefold.baselines.last_value import LastValueSpec
from ninefold.baselines.publishing import check_parity, publish
from ninefold.baselines.seasonal_naive import SeasonalNaiveSpec
from ninefold.columns import Column, Frame
from ninefold.errors import GateError
from ninefold.features import FeaturizeSpec, build
from ninefold.files import jsonable
from ninefold.head import Head
from ninefold.preprocessing import PreprocessSpec
from ninefold.registry import components
from ninefold.runtime import session
from ninefold.sampling import ClassWeightsSpec, NoSamplingSpec, UnderSamplingSpec
from tests.training.samples import parts, problem

KINDS = ("binary", "multiclass", "regression")
FAST = {
    "models": [
        *({"kind": k} for k in ("dummy", "linear")),
        {"kind": "hist_gradient_boosting", "max_iter": 15},
    ]
}
KNOWN = components("ninefold.baselines", BaselineSpec)
OF_SERIES = (LastValueSpec, SeasonalNaiveSpec)
"""Read windows over a series alone: tests/baselines/test_naive.py."""
BASELINES = [kind() for kind in KNOWN if kind.is_installed() and kind not in OF_SERIES]
BOOSTERS = {"lightgbm": {"n_estimators": 20}, "catboost": {"iterations": 20}}


def compared(kind: str, *, rows: int = 400, sampling=None, spec=None, train=None, valid=None):
    given = parts(kind, rows, 200)
    train, valid = train or given[0], valid or given[1]
    return compare(
        train,
        valid,
        problem(kind),
        sampling or NoSamplingSpec(),
        PreprocessSpec(),
        spec or BaselinesSpec.model_validate(FAST),
    )


def featurized(frame: Frame, kind: str) -> onnx.ModelProto:
    model, _ = build(frame.columns, problem(kind), TypeAdapter(FeaturizeSpec).validate_python({}))
    return model


def answers(comparison: Comparison, name: str) -> np.ndarray:
    scores = comparison.prepared.scores_new(comparison.fitted[name])
    return comparison.heads[name].predict(scores)


@pytest.mark.parametrize("kind", KINDS)
def test_files_take_raw_rows_and_give_what_scikit_learn_gives(kind, tmp_path):
    comparison = compared(kind)
    _, valid = parts(kind, 400, 200)
    sizes = publish(comparison, featurized(valid, kind), tmp_path / "baselines")
    assert sizes == {p.stem: p.stat().st_size for p in (tmp_path / "baselines").iterdir()}
    assert set(sizes) == {"dummy", "linear", "hist_gradient_boosting"}
    for name in comparison.fitted:
        running = session((tmp_path / "baselines" / f"{name}.onnx").read_bytes())
        inputs = [item.name for item in running.get_inputs()]
        found = running.run(None, valid.feeds(inputs))[-1]
        expected = answers(comparison, name)
        scale = comparison.prepared.target.scale if kind == "regression" else 1.0
        np.testing.assert_allclose(found / scale, expected / scale, atol=1e-5)
        for start, stop in [(0, 1), (13, 15), (57, 74)]:
            alone = running.run(None, valid.feeds(inputs, start, stop))[-1]
            np.testing.assert_array_equal(alone, found[start:stop])


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_log_odds_are_not_carried_beyond_the_train_rows(kind, tmp_path):
    train, valid = parts(kind, 300, 40)
    spec = BaselinesSpec.model_validate({"models": [{"kind": "linear"}]})
    comparison = compared(kind, spec=spec, train=train, valid=valid)
    publish(comparison, featurized(valid, kind), tmp_path)  # checks parity
    running = session((tmp_path / "linear.onnx").read_bytes())
    inputs = [item.name for item in running.get_inputs()]
    told = []
    for times in (1.0, 3.0):
        b = np.full(len(valid), times * float(np.nanmax(train["b"])))
        frame = Frame(valid.columns, {**valid.data, "b": b}, valid.row)
        told.append(running.run(None, frame.feeds(inputs))[-1])
    assert np.array_equal(*told) == (kind == "binary")


@pytest.mark.parametrize(
    ("effect", "is_straight"), [(lambda b: 3 * b, True), (lambda b: 3 * np.tanh(b), False)]
)
def test_the_linear_model_is_not_bent_where_the_truth_is_straight(effect, is_straight, tmp_path):
    def changed(frame, seed):
        rng = np.random.default_rng(seed)
        b = rng.standard_t(4, size=len(frame)) if not is_straight else frame["b"]
        y = effect(b) + 0.2 * rng.normal(size=len(frame))
        return Frame(frame.columns, {**frame.data, "b": b, "y": y}, frame.row)

    train, valid = (changed(frame, n) for n, frame in enumerate(parts("regression", 400, 200)))
    spec = BaselinesSpec.model_validate({"models": [{"kind": "linear"}]})
    comparison = compared("regression", spec=spec, train=train, valid=valid)
    error = comparison.report["baselines"][0]["valid"]["rmse"]
    assert bool(comparison.fitted["linear"].straight) == is_straight
    assert error < 0.31 or not is_straight  # 0.34 where it is bent
    publish(comparison, featurized(valid, "regression"), tmp_path / "baselines")  # checks parity


def spoken(rows: int, seed: int) -> Frame:
    """Return texts of many lengths, of which those of one class have a word three times."""
    rng = np.random.default_rng(seed)
    words = np.array([f"word{number}" for number in range(30)])
    y = np.where(rng.random(rows) < 0.5, "often", "once").astype(object)
    said = [
        " ".join(rng.permutation([*rng.choice(words, rng.integers(2, 60)), *["goal"] * count]))
        for count in np.where(y == "often", 3, 1)
    ]
    data = {
        "size": rng.normal(size=rows),
        "kind": rng.choice([f"kind {number}" for number in range(15)], rows).astype(object),
        "said": np.array(said, dtype=object),
        "y": y,
    }
    kinds = ("number", "category", "text", "category")
    roles = [{"input"}, {"input"}, {"input"}, {"target"}]
    columns = tuple(map(Column, data, kinds, map(frozenset, roles)))
    return Frame(columns, data, np.arange(rows))


def test_trees_are_told_how_often_a_word_is_in_a_text(tmp_path):
    train, valid = spoken(300, 0), spoken(150, 1)
    models = ["linear", "neighbors", "hist_gradient_boosting"]
    spec = BaselinesSpec.model_validate({"models": [{"kind": kind} for kind in models]})
    tokens = PreprocessSpec.model_validate({"columns": {"said": {"use": "tokens"}}})
    comparison = compare(train, valid, problem("binary"), NoSamplingSpec(), tokens, spec)
    assert comparison.prepared.preprocessing.layout.codes == ("kind",)
    accuracy = {e["name"]: e["valid"]["accuracy"] for e in comparison.report["baselines"]}
    assert accuracy["hist_gradient_boosting"] == 1  # 0.90 of texts of one length
    publish(comparison, featurized(valid, "binary"), tmp_path / "baselines")  # checks parity
    for name in models:
        running = session((tmp_path / "baselines" / f"{name}.onnx").read_bytes())
        inputs = [item.name for item in running.get_inputs()]
        found = running.run(None, valid.feeds(inputs))[-1]
        alone = [running.run(None, valid.feeds(inputs, i, i + 1))[-1] for i in range(len(valid))]
        np.testing.assert_array_equal(np.concatenate(alone), found)


@pytest.mark.parametrize("kind", KINDS)
def test_linear_and_boosting_beat_the_dummy_on_valid(kind):
    report = compared(kind).report
    sign = 1 if report["higher_is_better"] else -1
    entries = {entry["name"]: entry for entry in report["baselines"]}
    dummy = entries.pop("dummy")
    for entry in entries.values():
        assert sign * entry["valid"][report["metric"]] > sign * dummy["valid"][report["metric"]]
    best = max(entries.values(), key=lambda entry: sign * entry["valid"][report["metric"]])
    assert report["best"] == best["name"]


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_same_inputs_give_the_same_bytes(kind, tmp_path):
    _, valid = parts(kind, 400, 200)
    contents, reports = [], []
    for name in ("a", "b"):
        comparison = compared(kind)
        publish(comparison, featurized(valid, kind), tmp_path / name)
        contents.append({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()})
        reports.append(json.dumps(jsonable(comparison.report)))
    assert contents[0] == contents[1]
    assert reports[0] == reports[1]


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda spec: spec.kind)
@pytest.mark.parametrize("columns", [["b"], ["cité"]], ids=["features only", "codes only"])
def test_every_baseline_does_with_features_or_codes_alone(baseline, columns, tmp_path):
    train, valid = (part.select([*columns, "y"]) for part in parts("multiclass", 300, 100))
    comparison = compared(
        "multiclass", train=train, valid=valid, spec=BaselinesSpec(models=(baseline,))
    )
    publish(comparison, featurized(train, "multiclass"), tmp_path / "baselines")


@pytest.mark.parametrize("sampling", [ClassWeightsSpec(), UnderSamplingSpec()])
def test_sampling_lifts_the_rare_class_of_every_baseline(sampling):
    spec = BaselinesSpec.model_validate({**FAST, "calibrate": False})
    plain, balanced = (compared("binary", sampling=s, spec=spec) for s in (None, sampling))
    for name in plain.fitted:
        before = answers(plain, name)[:, 1].mean()
        after = answers(balanced, name)[:, 1].mean()
        assert after > before + 0.03


def test_a_file_that_differs_stops_the_run_and_publishes_nothing(tmp_path):
    comparison = compared("binary")
    _, valid = parts("binary", 400, 200)
    fitted = comparison.fitted["linear"]
    fitted.intercept = fitted.intercept + np.array([0, 1e-3])
    shifted = fitted.to_onnx()
    fitted.intercept = fitted.intercept - np.array([0, 1e-3])
    fitted.to_onnx = lambda: shifted
    with pytest.raises(GateError, match="baseline `linear` in ONNX must give what scikit-learn"):
        publish(comparison, featurized(valid, "binary"), tmp_path / "baselines")
    assert not (tmp_path / "baselines").exists()


def test_flipped_labels_count_where_no_two_classes_are_close(tmp_path):
    comparison = compared("binary")
    _, valid = parts("binary", 400, 200)
    publish(comparison, featurized(valid, "binary"), tmp_path / "baselines")
    content = (tmp_path / "baselines" / "linear.onnx").read_bytes()
    expected = answers(comparison, "linear")
    other = Head(comparison.prepared.target, threshold=0.9)
    with pytest.raises(GateError, match=r"in [1-9]\d* labels"):
        check_parity("linear", content, valid, expected, other)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BOOSTERS)
def test_boosters_that_are_installed_become_files_like_any_other(name, kind, tmp_path):
    """`publish` compares each file with the library, on every valid row."""
    pytest.importorskip(name, reason=f"{name} is an extra")
    spec = BaselinesSpec.model_validate({"models": [{"kind": name, **BOOSTERS[name]}]})
    comparison = compared(kind, spec=spec)
    _, valid = parts(kind, 400, 200)
    publish(comparison, featurized(valid, kind), tmp_path / "baselines")
    dummy = compared(kind, spec=BaselinesSpec.model_validate({"models": [{"kind": "dummy"}]}))
    metric, higher = comparison.report["metric"], comparison.report["higher_is_better"]
    value, floor = (c.report["baselines"][0]["valid"][metric] for c in (comparison, dummy))
    assert value > floor if higher else value < floor


def test_many_classes_share_the_trees(monkeypatch):
    name = "hist_gradient_boosting"
    rounds = {}
    for trees in (8, 1000):
        monkeypatch.setattr("ninefold.baselines.trees.TREES", trees)
        spec = BaselinesSpec.model_validate({"models": [{"kind": name}]})
        rounds[trees] = compared("multiclass", spec=spec).fitted[name].model.n_iter_
    assert rounds == {8: 2, 1000: 100}


def test_all_installed_baselines_are_trained_unless_told_otherwise():
    found = {model.kind for model in BaselinesSpec().models}
    assert found == {b.kind for b in BASELINES if b.is_default}
    assert {"dummy", "linear", "hist_gradient_boosting"} <= found


def test_a_baseline_that_is_not_installed_is_refused_by_name():
    missing = [kind() for kind in KNOWN if not kind.is_installed()]
    for model in missing:
        with pytest.raises(ValidationError, match=f"pip install {model.package}"):
            BaselinesSpec(models=(model,))


def test_each_kind_may_stand_once():
    with pytest.raises(ValidationError, match="each kind once"):
        BaselinesSpec.model_validate({"models": [{"kind": "dummy"}, {"kind": "dummy"}]})
