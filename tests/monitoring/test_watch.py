"""Batches against their training: what moved is named, what did not is left in peace."""

import json
import re
from types import SimpleNamespace

import numpy as np
import onnx
import pandas as pd
import pyarrow as pa
import pytest

from ninefold.columns import Column, Frame
from ninefold.errors import GateError, InputError
from ninefold.export.describe import described, drift_reference
from ninefold.head import Head
from ninefold.monitoring import MonitorSpec
from ninefold.monitoring.comparing import compare
from ninefold.monitoring.counting import Counter, _between
from ninefold.monitoring.page import render
from ninefold.monitoring.reference import Reference
from ninefold.monitoring.watch import watch
from ninefold.problem import ProblemSpec
from ninefold.quality_history import read_history
from ninefold.serving.model import read_model
from ninefold.target import Target
from tests.monitoring.models import predicted, truth, watched
from tests.monitoring.running import run
from tests.serving.models import CITY, SIZE, TARGETS, build, feeds, table
from tests.test_scoring import typed, written


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("watched")
    for task in ("binary", "many", "regression"):
        watched(folder / f"{task}.onnx", task)
    return folder


def look(folder, path, task="binary", labels=None, key=None, masked=(), **spec):
    return watch(folder / f"{task}.onnx", [path], MonitorSpec(**spec), labels, key, masked)


@pytest.mark.parametrize("task", ["binary", "many", "regression"])
def test_honest_rows_pass_from_every_kind_of_file(folder, tmp_path, task):
    for seed in (1, 2, 3):
        path = written(table(1500, seed), tmp_path / "a.csv")
        report = look(folder, path, task)
        assert (report["verdict"], report["findings"]) == ("pass", [])
        assert report["rows"] == 1500
    assert (
        look(folder, typed(table(1500, 3), tmp_path / "a.parquet"), task)["comparison"]
        == (report["comparison"])
    )


def larger(rows):
    return [{**row, SIZE: row[SIZE] and row[SIZE] + 25} for row in rows]


def gaps(rows):
    return [{**row, SIZE: None if n % 3 else row[SIZE]} for n, row in enumerate(rows)]


def elsewhere(rows):
    return [{**row, CITY: "Ulm" if n % 4 == 0 else row[CITY]} for n, row in enumerate(rows)]


FAULTS = {
    "a shift": (larger, "block", f"input `{SIZE}` is distributed otherwise"),
    "its predictions": (larger, "block", "predicted labels are distributed otherwise"),
    "gaps": (gaps, "block", f"`{SIZE}` is missing in 7"),
    "levels": (elsewhere, "warn", f"input `{CITY}` is distributed otherwise"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named(folder, tmp_path, name):
    change, verdict, message = FAULTS[name]
    path = written(change(table(1500, 4)), tmp_path / "a.csv")
    report = look(folder, path)
    assert report["verdict"] == verdict
    assert any(message in item["message"] for item in report["findings"])
    assert look(folder, path, min_rows=2000)["verdict"] == "pass"
    quiet = dict.fromkeys(("input_warn", "prediction_warn", "prediction_block", "range_warn"))
    assert look(folder, path, **quiet, missing_warn=None, missing_block=None)["verdict"] == "pass"


def test_rows_that_cannot_be_read_are_no_silence(folder, tmp_path):
    path = written(table(600, 4), tmp_path / "a.csv")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for share, verdict in ((0.01, "pass"), (0.1, "warn"), (1.0, "block")):
        frame.loc[: int(600 * share) - 1, SIZE] = "12 m²"
        frame.to_csv(path, index=False)
        report = look(folder, path)
        assert report["verdict"] == verdict
        assert report["failed"] == int(600 * share)
    assert "600 of 600 rows hold a cell that cannot be read" in report["findings"][0]["message"]
    assert report["rows"] == 0
    assert render(report)


def test_false_alarms_stay_rare_over_many_honest_batches(folder):
    model = read_model(folder / "binary.onnx")
    reference = Reference.of(model)
    counter = Counter(reference, model.signature)
    alarms = 0
    for seed in range(60):
        given = feeds(table(300, 100 + seed))
        found = compare(
            reference, model.signature, counter.count(given, model.run(given)), MonitorSpec()
        )
        alarms += any(item["severity"] != "pass" for item in found)
    assert alarms <= 2


def test_counts_of_parts_add_up_to_those_of_the_whole(folder):
    model = read_model(folder / "binary.onnx")
    counter = Counter(Reference.of(model), model.signature)
    parts = [feeds(table(count, count)) for count in (1, 7, 50)]
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    added = {}
    for part in parts:
        added = counter.add(added, counter.count(part, model.run(part)))
    assert added == counter.count(whole, model.run(whole))
    assert json.loads(json.dumps(added)) == added


def labelled(folder, tmp_path, task, seed=5):
    rows = table(1200, seed)
    path = written(rows, tmp_path / "rows.csv")
    return path, truth(predicted(folder / f"{task}.onnx", rows), seed + 1), rows


NAMES = {"binary": ["no", "yes"], "many": ["low", "mid", "high"]}


@pytest.mark.parametrize("task", ["binary", "many", "regression"])
def test_labels_that_arrive_later_are_joined_and_judged(folder, tmp_path, task):
    path, y, _ = labelled(folder, tmp_path, task)
    told = y if task == "regression" else np.array(NAMES[task])[y]
    late = pd.DataFrame({"customer id": np.arange(len(y)), "y": told})
    labels = tmp_path / "labels.csv"
    unknown = late[100:150].assign(y=None)  # known later; others come twice
    come = [unknown, late[100:].sample(frac=1, random_state=0), late[300:400]]
    pd.concat(come).to_csv(labels, index=False)
    report = look(folder, path, task, labels, "customer id")
    assert report["performance"]["rows"] == 1100
    assert report["performance"]["without_label"] == 100
    assert report["verdict"] == "pass"
    late.to_parquet(tmp_path / "all.parquet")
    in_order = look(folder, path, task, tmp_path / "all.parquet")["performance"]
    assert in_order["rows"] == 1200

    late["y"] = y + 40 if task == "regression" else np.array(NAMES[task])[::-1][y]
    late.to_csv(labels, index=False)
    report = look(folder, path, task, labels, "customer id")
    assert report["verdict"] == "block"
    assert in_order["metric"] in report["findings"][0]["message"]
    assert look(folder, path, task, labels, "customer id", performance="warn")["verdict"] == "warn"


def test_labels_that_belong_to_no_row_are_said(folder, tmp_path):
    path, y, _ = labelled(folder, tmp_path, "binary")
    labels = tmp_path / "labels.csv"
    late = pd.DataFrame({"customer id": np.arange(len(y)), "y": np.where(y > 0, "yes", "no")})
    late.assign(**{"customer id": late["customer id"] + 5000}).to_csv(labels, index=False)
    report = look(folder, path, "binary", labels, "customer id")
    assert "none of 1,200 labels belongs to a row here" in report["findings"][0]["message"]
    late[:0].to_csv(labels, index=False)
    assert look(folder, path, "binary", labels, "customer id")["verdict"] == "pass"


def test_labels_in_the_rows_themselves_are_used(folder, tmp_path):
    path, y, _ = labelled(folder, tmp_path, "binary")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame["y"] = np.where(y > 0, "yes", "no")
    frame.loc[:9, "y"] = ""
    frame.loc[10, "y"] = "perhaps"
    frame.to_csv(path, index=False)
    found = look(folder, path)["performance"]
    assert (found["rows"], found["without_label"], found["unknown_labels"]) == (1189, 11, 1)
    assert (found["severity"], "no class of the model: 1" in found["message"]) == ("warn", True)
    assert look(folder, path, performance="never")["performance"]["severity"] == "pass"


def test_labels_are_numbers_as_the_target_was_written(folder, tmp_path):
    """Those with a comma for the point counted as none, without a word."""
    path, y, _ = labelled(folder, tmp_path, "regression")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame["y"] = [f"{value:.3f}".replace(".", ",") for value in y]
    frame.to_csv(path, index=False)
    found = look(folder, path, "regression")["performance"]
    assert (found["rows"], found["unknown_labels"], found["severity"]) == (0, 1200, "warn")
    assert "labels that are no number: 1,200" in found["message"]

    model = onnx.load(folder / "regression.onnx")
    held = {item.key: item.value for item in model.metadata_props}
    head = json.loads(held["ninefold.head"])
    column = Column("y", "number", format=",")
    train = Frame((column,), {"y": np.array([1.0, 2.0])}, np.arange(2))
    head["target"]["format"] = Target.fit(train, ProblemSpec(task="regression", target="y")).format
    held["ninefold.head"] = json.dumps(head)
    onnx.helper.set_model_props(model, held)
    onnx.save(model, tmp_path / "regression.onnx")
    found = look(tmp_path, path, "regression")["performance"]
    assert (found["rows"], found["unknown_labels"], found["severity"]) == (1200, 0, "pass")


def test_labels_that_cannot_be_joined_are_refused(folder, tmp_path):
    path, y, _ = labelled(folder, tmp_path, "binary")
    labels = tmp_path / "labels.csv"
    frame = pd.DataFrame({"customer id": 1, "y": np.where(y > 0, "yes", "no")})
    frame.to_csv(labels, index=False)
    for key, rows, reason in [
        ("customer id", len(y), "'1' stands there twice"),
        ("nobody", len(y), "must have a column `nobody`"),
        (None, 7, "7 for 1200"),
    ]:
        frame[:rows].to_csv(labels, index=False)
        with pytest.raises(InputError, match=reason):
            look(folder, path, labels=labels, key=key)


def test_masked_columns_show_no_value(folder, tmp_path):
    path = written(elsewhere(table(900, 4)), tmp_path / "a.csv")
    report = look(folder, path, masked=(CITY,))
    page = render(report)
    assert f"input `{CITY}` is distributed otherwise" in json.dumps(report, ensure_ascii=False)
    assert "Köln" not in page + json.dumps(report, ensure_ascii=False)
    assert "Köln" in render(look(folder, path))
    assert not re.search(r"https?://(?!www\.w3\.org)|<script", page)


def test_a_model_without_a_reference_is_refused(tmp_path):
    with pytest.raises(InputError, match="Export it again"):
        look(tmp_path, written(table(9), tmp_path / "a.csv"), build(tmp_path / "x.onnx").stem)


def test_the_command_writes_report_and_history_and_ends_with_3(
    folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("monitor: {prediction_block: 0.5}\n")
    model = ["--model", str(folder / "binary.onnx")]
    assert run(written(table(600, 1), tmp_path / "good.csv"), *model) == 0
    assert "pass (600 rows" in capsys.readouterr().out
    bad = written(larger(table(600, 1)), tmp_path / "bad.csv")
    with pytest.raises(GateError, match="predicted labels are distributed otherwise"):
        run(bad, *model)
    assert json.loads((tmp_path / "reports/monitor/monitor.json").read_text())["verdict"] == "block"
    assert "bad.csv: block" in (tmp_path / "reports/monitor/index.html").read_text()
    history = read_history(tmp_path / "monitor_history.jsonl")
    assert [line["verdict"] for line in history] == ["pass", "block"]
    assert (tmp_path / ".ninefold/monitor_history.svg").is_file()
    (tmp_path / "params.yaml").write_text("monitor: {prediction_block: null}\n")
    assert run(bad, *model) == 0
    with pytest.raises(GateError):
        run(bad, *model, "--strict")


def test_what_is_mostly_zero_in_training_is_seen_to_move():
    """All deciles of such a column may be zero: zero needs a range of its own."""
    random = np.random.default_rng(3)

    def zeros(share, count, size=1.0):
        return np.where(random.random(count) < share, 0.0, size * random.exponential(1, count))

    names = ("rare", "never", "flag")
    train = [zeros(0.96, 3000), np.zeros(3000), (random.random(3000) < 0.04).astype(float)]
    columns = tuple(Column(name, "number") for name in names)
    held = drift_reference(
        Frame(columns, dict(zip(names, train, strict=True)), np.arange(3000)),
        np.full(3000, 0.5),
        Head(TARGETS["regression"]),
    )
    reference = Reference(3000, held["inputs"], held["outputs"], None, {}, frozenset())
    signature = SimpleNamespace(
        inputs=[described(c, v) for c, v in zip(columns, train, strict=True)]
    )

    def found(*values):
        counts = {n: {"missing": 0, "counts": _between(held["inputs"][n], v)}
                  for n, v in zip(names, values, strict=True)}  # fmt: skip
        compared = compare(
            reference, signature, {"rows": 500, "inputs": counts, "outputs": {}}, MonitorSpec()
        )
        return {i["column"]: i["moved"] for i in compared if i["severity"] != "pass"}

    assert not found(zeros(0.96, 500), np.zeros(500), (random.random(500) < 0.04).astype(float))
    moved = found(zeros(0.4, 500), zeros(0.5, 500), (random.random(500) < 0.5).astype(float))
    assert set(moved) == set(names)
    assert moved["never"].endswith("are 0, in training 100%")


def test_a_few_cells_in_another_unit_are_named(folder, tmp_path):
    rows = table(1500, 4)
    few = [{**row, SIZE: row[SIZE] and row[SIZE] * (1000 if n % 20 == 0 else 1)}
           for n, row in enumerate(rows)]  # fmt: skip
    report = look(folder, written(few, tmp_path / "a.csv"))
    said = [item["message"] for item in report["findings"]]
    assert any(f"`{SIZE}` lies out of the range of training in 4." in text for text in said), said
    assert look(folder, tmp_path / "a.csv", range_warn=None)["verdict"] == "pass"


def test_ids_join_labels_as_the_number_they_are(tmp_path):
    from ninefold.monitoring.labels import as_keys

    whole = as_keys(pa.array([7, -12, None, 100]))
    assert as_keys(pa.array([7.0, -12.0, None, 100.0])) == whole
    assert as_keys(pa.array(["7.0", " -12.00", "", "100"])) == whole
    assert as_keys(pa.array(["7.5", "1.0.0", "v1.0", ".0"])) == ["7.5", "1.0.0", "v1.0", ".0"]
