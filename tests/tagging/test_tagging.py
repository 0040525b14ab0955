"""A label for each step: every stage, the same numbers everywhere; padding says nothing."""

import json
import shutil

import numpy as np
import onnxruntime as ort
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold.columns import read_frame
from ninefold.errors import ConfigError, InputError
from ninefold.files import read_json
from ninefold.runtime import outputs_of, session
from ninefold.serving.limits import Limits
from ninefold.serving.model import read_model
from ninefold.serving.rows import Rows
from ninefold.serving.step_explanations import StepExplainer
from ninefold.serving.tables import rows_of
from ninefold.tagging.evaluating import statistics_of
from ninefold.tagging.labels import UNKNOWN, UNSEEN, encode
from tasks.__main__ import run_stage
from tests.browser import BROWSER, opened
from tests.end_to_end.commands import ninefold
from tests.serving.conftest import running
from tests.unlabelled.workspaces import change, run

NAMES = np.array(["idle", "run", "spin"], dtype=object)
ALL = ("ingest", "validate", "featurize", "split", "audit", "explore", "baselines", "train",
       "crossvalidate", "evaluate", "export", "report")  # fmt: skip


def machines(count, seed=0):
    """Return steps whose label is that of a noisy value, or of the step before: 1 to 23 a row."""
    rng = np.random.default_rng(seed)
    parts = []
    for entity in range(count):
        steps = 1 + (entity * 7) % 23
        turns = rng.random(steps) < 0.2
        drawn = rng.integers(3, size=steps)
        state = np.array([drawn[np.flatnonzero(turns[: t + 1]).max(initial=0)]
                          for t in range(steps)])  # fmt: skip
        labels = NAMES[state].copy()
        labels[rng.random(steps) < 0.05] = None
        load = state + rng.normal(scale=0.7, size=steps)
        load[rng.random(steps) < 0.05] = np.nan
        parts.append(
            pd.DataFrame(
                {
                    "entity": f"e{entity:03d}",
                    "t": np.arange(steps),
                    "load": load.round(4),
                    "heat": rng.normal(size=steps).round(4),
                    "plant": ["north", "south"][entity % 2],
                    "state": labels,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def tagged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tags")
    machines(110).to_csv(folder / "steps.csv", index=False)
    options = ("--entity", "entity", "--time", "t", "--target", "state", "--task", "tagging")
    ninefold("init", "steps.csv", *options, "--into", "ws", "--yes", cwd=folder)
    change(
        folder / "ws", tag="{hidden_size: 12, epochs: 12, lr: 0.01}", evaluate="{bootstrap: 100}",
        export="{model: network}",
    )  # fmt: skip
    return run(folder / "ws", *ALL)


@pytest.fixture(scope="module")
def model(tagged):
    found = read_model(tagged / "models" / "model.onnx")
    return found, Rows(found)


def test_every_stage_takes_labels_of_steps(tagged):
    receipt = read_json(tagged / "reports" / "receipt.json")
    assert receipt["pass"] is True
    assert receipt["max_delta"] <= 1e-5
    assert receipt["cases"]["sequences"]["n"] == 17
    assert receipt["cases"]["reversed"]["max_delta"] == 0.0
    found = read_json(tagged / "reports" / "evaluation.json")
    common = found["baselines"]["most_frequent"]["test"]["accuracy"]["value"]
    assert found["test"]["accuracy"]["value"] > common + 0.15
    table = np.array(found["confusion"])
    assert table.sum() == found["steps"]["test"]
    right = np.trace(table) / table.sum()
    assert right == pytest.approx(found["test"]["accuracy"]["value"])
    page = (tagged / "reports" / "report.html").read_text(encoding="utf-8")
    assert "The labels of steps" in page
    assert "could not be drawn" not in page
    assert set(read_json(tagged / "reports" / "latency.json")) == {
        "network",
        "linear",
        "most_frequent",
    }
    assert page.count("µs") >= 6


def test_long_tables_lists_and_rows_get_the_same_labels(tagged, model, tmp_path):
    new = machines(11, seed=3).drop(columns="state")
    new.sample(frac=1.0, random_state=0).to_csv(tmp_path / "new.csv", index=False)
    file = "models/model.onnx"
    ninefold("predict", file, tmp_path / "new.csv", tmp_path / "a.parquet", cwd=tagged)
    table = pq.read_table(tmp_path / "a.parquet").to_pandas().set_index("entity").sort_index()
    found, rows = model
    sent = [
        {"sequence": own[["load", "heat"]].replace({np.nan: None}).to_numpy().tolist(),
         "plant": own["plant"].iloc[0]}
        for _, own in new.groupby("entity")
    ]  # fmt: skip
    batch = rows.read(json.loads(json.dumps(sent)))
    answers = rows.answers(batch, found.run(batch.feeds))
    for answer, (entity, own) in zip(answers, new.groupby("entity"), strict=True):
        assert len(answer["tags"]) == len(own)
        assert answer["tags"] == json.loads(table.loc[entity, "tags"])
        for name, chances in answer["probabilities"].items():
            assert chances == json.loads(table.loc[entity, f"probability_{name}"])


def test_labels_are_explained_by_steps_and_columns(model):
    found, rows = model
    cell = [[0.1, 0.0], [2.2, 0.0], [2.0, None], [1.9, 0.3]]
    batch = rows.read([{"sequence": cell, "plant": "north"}, {"sequence": [[2.0, None]]}])
    for row, count in ((0, 4), (1, 1)):
        feeds = {name: values[row : row + 1] for name, values in batch.feeds.items()}
        told = StepExplainer.of(found, rows).explain(feeds, ort.RunOptions())
        assert [step["step"] for step in told["steps"]] == list(range(count))
        reasons = [item for step in told["steps"] for item in step["because"]]
        assert all(np.isfinite(item["value"]) for item in reasons)
        assert {item.get("column") for item in reasons} == {None, "plant"}
        if count > 1:
            of_steps = [item for item in told["steps"][3]["because"] if "first" in item]
            assert max(of_steps, key=lambda item: item["value"])["first"] in (1, 2, 3)


def test_a_csv_of_rows_holds_sequences_as_json(model):
    found, rows = model
    cells = [
        "[[1, 0.5], [2, null]]",
        '{"load": [1, 2], "heat": [0.5, null]}',
        "[[1, 0.5",
        "[" * 9999,
    ]
    plain = [{"sequence": [[1, 0.5], [2, None]], "plant": "north"}]
    said = rows.answers(rows.read(plain), found.run(rows.read(plain).feeds))
    limits = Limits()
    for number, cell in enumerate(cells):
        body = pd.DataFrame({"sequence": [cell], "plant": ["north"]}).to_csv(index=False)
        table = rows_of(body.encode(), "text/csv", found.signature, limits).rows
        if number < 2:
            batch = rows.read(table)
            assert rows.answers(batch, found.run(batch.feeds)) == said
        else:
            assert table[0]["sequence"] == cell


@pytest.mark.skipif(BROWSER is None, reason="no chromium")
def test_the_page_shows_a_line_for_each_step(tagged, tmp_path):
    with running("models/model.onnx", cwd=tagged) as (url, _), opened(url, tmp_path / "p") as page:
        page.until("document.getElementById('f0')?.value")
        page.run("document.getElementById('f0').value = '[[1, 0.5], [2, null], [0.1, 0.3]]'")
        page.press("#predict")
        page.until("!!document.querySelector('#result table')")
        assert page.run("document.querySelectorAll('#result tr').length") == 4
        assert page.run("document.querySelector('#result').scrollWidth <= innerWidth")
        assert "how sure" in page.run("document.querySelector('#result').innerText")


STEPS = st.lists(
    st.lists(st.floats(-9, 9, allow_nan=False) | st.just(float("nan")), min_size=2, max_size=2),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS, more=st.integers(0, 9), beside=STEPS)
def test_padding_and_rows_beside_change_no_bit(model, steps, more, beside):
    found, _ = model
    own = np.array(steps, dtype=np.float64).reshape(-1, 2)
    padded = np.concatenate([own, np.full((more, 2), np.nan)])

    def said(*cells):
        feeds = {item.name: np.full((len(cells), 1), "", dtype=object) for item in found.inputs}
        feeds["sequence"] = np.empty(len(cells), dtype=object)
        feeds["sequence"][:] = list(cells)
        return found.run(feeds)

    alone = said(own)
    for other in (said(padded), said(padded, np.array(beside, dtype=float).reshape(-1, 2))):
        for name, values in alone.items():
            count = len(own)
            np.testing.assert_array_equal(other[name][0, :count], values[0, :count])
            assert not other[name][0, count:].any()


def test_folds_of_whole_sequences_decide_and_the_baseline_is_exported(tagged):
    folds = read_json(tagged / "reports" / "folds.json")
    assert len(folds["rounds"]) == 5
    assert set(folds["means"]) == {"network", "linear", "most_frequent"}
    assert sum(found["new_rows"] for found in folds["rounds"]) == 72
    evaluation = read_json(tagged / "reports" / "evaluation.json")
    verdict = evaluation["verdict"]
    assert (verdict["answer"], verdict["baseline"], folds["best"]) == (
        "not needed",
        "linear",
        "linear",
    )
    assert 0 < verdict["evidence"]["folds"]["p_value"] < 0.05
    exported, baselines = tagged / "models" / "model.onnx", tagged / "models" / "baselines"
    kept = exported.read_bytes()
    change(tagged, export="{}")
    run_stage(tagged, "export")
    receipt, found = read_json(tagged / "reports" / "receipt.json"), read_model(exported)
    assert (receipt["pass"], receipt["model"], found.signature.model) == (True, "linear", "linear")
    rows = read_frame(tagged / "data" / "splits" / "valid.parquet")
    rows = rows.select([item.name for item in found.inputs])
    both = (exported.read_bytes(), (baselines / "linear.onnx").read_bytes())
    ours, theirs = (outputs_of(session(file), rows) for file in both)
    for name, values in theirs.items():
        np.testing.assert_array_equal(ours[name], values)
    exported.write_bytes(kept)


def test_training_says_which_of_its_settings_is_wrong(tagged, tmp_path):
    healthy = read_json(tagged / "reports" / "diagnosis.json")
    assert healthy["findings"] == []
    assert "data.too_little" not in healthy["looked_for"]
    assert healthy["metric"] == "accuracy"
    assert 0.5 < healthy["valid"] < 1
    page = (tagged / "reports" / "report.html").read_text(encoding="utf-8")
    assert "Diagnosis of training" in page
    folder = shutil.copytree(tagged, tmp_path / "ws")
    change(folder, tag="{hidden_size: 12, epochs: 12, lr: 1.0}")
    run_stage(folder, "train")
    told = ninefold("diagnose", cwd=folder).stdout
    assert "learning_rate.too_high: With tag.lr 1 the loss on train" in told
    found = read_json(folder / "reports" / "diagnosis.json")["findings"]
    assert ["tag", "lr"] in [fix["path"] for finding in found for fix in finding["fix"]]


def test_few_sequences_are_passed_over_more_often(tagged, tmp_path):
    folder = shutil.copytree(tagged, tmp_path / "ws")
    change(folder, tag="{hidden_size: 4, patience: 1, lr: 1.0}")
    run_stage(folder, "train")
    facts = read_json(folder / "models" / "network" / "network.json")["facts"]
    assert facts["settings"]["epochs"] == 120
    assert facts["epochs"] < 120


def test_a_label_never_learnt_is_a_mistake_of_every_model():
    codes = encode([["idle", "spin", None]], ("idle", "run"), 4)
    assert codes.tolist() == [[0, UNSEEN, UNKNOWN, UNKNOWN]]
    said = np.array([[0, 1, 1, -1]]), np.full((1, 4, 2), 0.5, dtype=np.float32)
    found = {name: of(None) for name, of in statistics_of(codes, *said).items()}
    assert found["accuracy"] == 0.5
    assert found["f1_macro"] == pytest.approx((1 + 0 + 0) / 3)
    assert found["log_loss"] > 7


def test_labels_that_are_none_are_told_before_anything_is_fitted(tagged):
    change(tagged, problem="{task: tagging, target: plant, ids: [entity]}")
    with pytest.raises(InputError, match=r"ingest\.tags"):
        run_stage(tagged, "train")
    change(tagged, problem="{task: tagging, target: state, ids: [entity], metric: rmse}")
    with pytest.raises(ConfigError, match=r"problem\.metric"):
        run_stage(tagged, "baselines")


def test_a_table_of_tags_needs_an_entity(tmp_path):
    machines(3).to_csv(tmp_path / "steps.csv", index=False)
    done = ninefold("init", "steps.csv", "--target", "state", "--task", "tagging", "--yes",
                    cwd=tmp_path, code=2)  # fmt: skip
    assert "--entity" in done.stderr
