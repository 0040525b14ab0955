"""One model for several targets: from a CSV to answers with a name for each of them."""

import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest

from ninefold.files import read_json
from ninefold.serving.explanations import Explainer
from ninefold.serving.model import read_model
from ninefold.serving.rows import Rows
from tests.end_to_end.commands import ninefold
from tests.rounds import quick
from tests.unlabelled.workspaces import change, run

STAGES = (
    *("ingest", "featurize", "split", "audit", "explore", "baselines", "train", "crossvalidate"),
    *("evaluate", "export", "report"),
)
QUICK = {
    "train": "{epochs: 6, network: {kind: mlp, hidden_size: 16, num_layers: 1}}",
    "baselines": "{models: [{kind: dummy}, {kind: linear}, {kind: hist_gradient_boosting, "
    "max_iter: 10}]}",
    "evaluate": "{bootstrap: 100}",
    "crossvalidate": "{max_rows: 200, curve: false}",
    "split": "{kind: auto, folds: 3}",
}
TARGETS = {"values": ("price (€)", "days"), "labels": ("late", "broken")}


def table(kind, rows=400):
    rng = np.random.default_rng(0)
    size, age = rng.normal(size=rows), rng.uniform(0, 10, rows)
    colour = rng.choice(["red", "blue"], rows)
    price = 1000 * size + 300 * (colour == "red") + rng.normal(0, 80, rows)
    days = 0.02 * age - 0.01 * size + rng.normal(0, 0.01, rows)
    data = {"size": size, "age": age, "colour": colour}
    if kind == "values":
        return pd.DataFrame({**data, "price (€)": price, "days": days})
    late = np.where(price > 300, "yes", "no")
    return pd.DataFrame({**data, "late": late, "broken": (days > 0.12).astype(int)})


@pytest.fixture(scope="module", params=quick("labels", of=["values"]))
def trained(request, tmp_path_factory):
    folder, targets = tmp_path_factory.mktemp(request.param), TARGETS[request.param]
    table(request.param).to_csv(folder / "rows.csv", index=False)
    options = [item for name in targets for item in ("--target", name)]
    ninefold("init", "rows.csv", *options, "--into", "ws", "--yes", cwd=folder)
    change(folder / "ws", **QUICK)
    return request.param, targets, run(folder / "ws", *STAGES)


def test_no_target_is_an_input(trained):
    _, targets, workspace = trained
    names = {item.name for item in read_model(workspace / "models/model.onnx").inputs}
    assert names <= {"size", "age", "colour"}
    assert read_json(workspace / "reports/receipt.json")["pass"] is True
    layout = read_json(workspace / "models/network/layout.json")
    assert not set(targets) & {row["column"] for row in layout["treatments"]}


def test_every_target_is_measured_by_itself_and_all_together(trained):
    kind, targets, workspace = trained
    found = read_json(workspace / "reports/evaluation.json")
    metric = "rmse" if kind == "values" else "roc_auc"
    assert found["metric"]["name"] == metric
    assert tuple(found["outputs"]) == targets
    alone = [found["outputs"][name]["test"][metric] for name in targets]
    assert all(one["low"] <= one["value"] <= one["high"] for one in alone)
    mean = found["test"][metric]["value"]
    if kind == "labels":
        assert mean == pytest.approx(np.mean([one["value"] for one in alone]))
        assert found["test"]["roc_auc_micro"]["value"] > 0.8
    else:
        head = read_json(workspace / "models/network/network.json")["head"]
        spreads = [one["scale"] for one in head["target"]["each"]]
        parts = [one["value"] / spread for one, spread in zip(alone, spreads, strict=True)]
        assert mean == pytest.approx(np.mean(parts))
        assert alone[0]["value"] > 100 * alone[1]["value"]
    assert set(found["baselines"]) == {"dummy", "linear", "hist_gradient_boosting"}
    assert found["verdict"]["evidence"].keys() == {"folds", "test"}
    is_scaled = "standard deviations for the network" in found["verdict"]["sentence"]
    assert is_scaled == (kind == "values")


def test_answers_bear_the_targets_names(trained, tmp_path):
    kind, targets, workspace = trained
    rows = table(kind).drop(columns=list(targets)).head(30)
    rows.to_csv(tmp_path / "in.csv", index=False)
    ninefold(
        "predict", "models/model.onnx", tmp_path / "in.csv", tmp_path / "out.csv", cwd=workspace
    )
    by_file = pd.read_csv(tmp_path / "out.csv")
    model = read_model(workspace / "models/model.onnx")
    reader = Rows(model)
    batch = reader.read(rows.to_dict(orient="records"))
    answers = reader.answers(batch, model.run(batch.feeds))
    truth = table(kind).head(30)
    for name in targets:
        if kind == "values":
            served = [answer[name] for answer in answers]
            np.testing.assert_array_equal(served, by_file[name])
            assert np.corrcoef(served, truth[name])[0, 1] > 0.7
        else:
            served = [answer["probabilities"][name] for answer in answers]
            np.testing.assert_allclose(served, by_file[f"probability_{name}"], rtol=1e-6)
            assert by_file[f"label_{name}"].tolist() == [a["labels"][name] for a in answers]
    why = told_why(model, reader, batch)
    assert why["targets"]
    if kind == "values":
        assert why["answer"] == pytest.approx(answers[0][targets[0]])


def told_why(model, reader, batch):
    """Return why the first row got its answer, as a server tells it."""
    explainer = Explainer.of(model, reader)
    first = {name: values[:1] for name, values in batch.feeds.items()}
    told = explainer.explain(first, ort.RunOptions())
    added = sum(item["value"] for item in told["contributions"])
    assert told["expected"] + added == pytest.approx(told["answer"])
    if "targets" not in told:
        return told
    assert tuple(told["targets"]) == reader.signature.results[-1].names
    first_name, second = list(told["targets"])[:2]
    assert told["targets"][first_name]["answer"] == told["answer"]
    assert told["targets"][second]["unit"].endswith(second)
    for one in told["targets"].values():
        added = sum(item["value"] for item in one["contributions"])
        assert one["expected"] + added == pytest.approx(one["answer"])
    return told


def test_the_report_shows_every_target(trained):
    _, targets, workspace = trained
    page = (workspace / "reports/report.html").read_text()
    assert "could not be drawn" not in page
    assert "Target by target" in page
    for target in targets:
        assert f"What {target} depends on" in page
    for name in targets:
        assert f"Pictures of {name}" in page


def test_quantiles_rise_and_cover_what_they_promise(tmp_path):
    data = table("values", 600).drop(columns="days")
    data.to_csv(tmp_path / "rows.csv", index=False)
    ninefold("init", "rows.csv", "--target", "price (€)", "--into", "ws", "--yes", cwd=tmp_path)
    network = "network: {kind: mlp, hidden_size: 16, num_layers: 1}"
    objective = "objective: {kind: quantile, quantiles: [0.1, 0.5, 0.9]}"
    train = f"{{epochs: 30, {network}, {objective}}}"
    workspace = tmp_path / "ws"
    export = "{model: network}"
    change(workspace, **{**QUICK, "train": train, "export": export, "split": "{kind: auto}"})
    run(workspace, *(stage for stage in STAGES if stage != "explore"))
    assert read_json(workspace / "reports/receipt.json")["pass"] is True
    found = read_json(workspace / "reports/evaluation.json")["quantiles"]
    assert found["between"]["nominal"] == pytest.approx(0.8)
    assert 0.55 < found["between"]["value"] < 0.97
    below = [level["below"]["value"] for level in found["levels"]]
    assert below[0] < 0.35 < below[1] < 0.65 < below[2]
    model = read_model(workspace / "models/model.onnx")
    reader = Rows(model)
    batch = reader.read(data.drop(columns="price (€)").head(50).to_dict(orient="records"))
    for answer in reader.answers(batch, model.run(batch.feeds)):
        assert list(answer["quantiles"]) == ["0.1", "0.5", "0.9"]
        assert list(answer["quantiles"].values()) == sorted(answer["quantiles"].values())
        assert answer["value"] == answer["quantiles"]["0.5"]
    assert np.isfinite(told_why(model, reader, batch)["answer"])
    assert "was meant" in (workspace / "reports/report.html").read_text()


@pytest.mark.thorough
def test_quantiles_of_several_targets_stand_under_each(tmp_path):
    data, targets = table("values", 400), TARGETS["values"]
    data.to_csv(tmp_path / "rows.csv", index=False)
    options = [item for name in targets for item in ("--target", name)]
    ninefold("init", "rows.csv", *options, "--into", "ws", "--yes", cwd=tmp_path)
    network = "network: {kind: mlp, hidden_size: 16, num_layers: 1}"
    objective = "objective: {kind: quantile, quantiles: [0.1, 0.5, 0.9]}"
    quick = {"baselines": "{models: [{kind: linear}]}", "evaluate": "{bootstrap: 100}"}
    quick |= {"crossvalidate": "{max_rows: 100, curve: false}", "split": "{kind: auto, folds: 2}"}
    change(tmp_path / "ws", **quick, train=f"{{epochs: 30, {network}, {objective}}}")
    workspace = run(tmp_path / "ws", *(stage for stage in STAGES if stage != "explore"))
    receipt = read_json(workspace / "reports/receipt.json")
    assert receipt["pass"] is True
    assert receipt["model"] == "network"
    outputs = read_json(workspace / "reports/evaluation.json")["outputs"]
    for name in targets:
        below = [level["below"]["value"] for level in outputs[name]["quantiles"]["levels"]]
        assert below[0] < 0.35 < below[1] < 0.65 < below[2]
    rows = data.drop(columns=list(targets)).head(20)
    rows.to_csv(tmp_path / "in.csv", index=False)
    ninefold(
        "predict", "models/model.onnx", tmp_path / "in.csv", tmp_path / "out.csv", cwd=workspace
    )
    by_file = pd.read_csv(tmp_path / "out.csv")
    model = read_model(workspace / "models/model.onnx")
    reader = Rows(model)
    batch = reader.read(rows.to_dict(orient="records"))
    for row, answer in enumerate(reader.answers(batch, model.run(batch.feeds))):
        assert set(answer) == {*targets, "quantiles"}
        for name in targets:
            own = answer["quantiles"][name]
            assert list(own.values()) == sorted(own.values())
            assert own["0.5"] == answer[name] == by_file[name][row]
            assert own["0.9"] == by_file[f"quantile_0.9_{name}"][row]
    assert told_why(model, reader, batch)["targets"]
    page = (workspace / "reports/report.html").read_text()
    assert all(f"Quantiles of {name}" in page for name in targets)


@pytest.mark.thorough
def test_a_copy_of_the_second_target_stops_the_run(tmp_path):
    data = table("values")
    data["copy"] = data["days"] * 2
    data.to_csv(tmp_path / "rows.csv", index=False)
    ninefold("init", "rows.csv", "--target", "price (€)", "--target", "days", "--yes", cwd=tmp_path)
    done = ninefold("audit", "--json", cwd=tmp_path, code=3)
    assert '"copy"' in done.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--target", "days", "--target", "colour"), "must all be numbers or all have two"),
        (("--target", "days", "--target", "days"), "must name each target once"),
        (("--target", "days", "--target", "day"), "did you mean `days`"),
    ],
)
def test_targets_that_do_not_go_together_are_refused(options, says, tmp_path):
    table("values").to_csv(tmp_path / "rows.csv", index=False)
    done = ninefold("init", "rows.csv", *options, "--yes", cwd=tmp_path, code=2)
    assert says in done.stderr
