"""Scoring and watching as flows."""

import hashlib
import json
import shutil
from pathlib import Path

import onnx
import pandas as pd
import pytest

from flows import session
from ninefold.errors import GateError, InputError
from ninefold.monitoring.judged import NothingNewError
from ninefold.production import place
from ninefold.scoring.job import JobSpec
from tasks import watching
from tasks.scoring import score
from tests.flows.test_run import ask
from tests.monitoring.models import watched
from tests.monitoring.test_watch import larger
from tests.pipelines import Workspace
from tests.serving.models import SIZE, table
from tests.test_scoring import written

PIPELINE = """\
stages:
  make:
    cmd: cp input.txt out.txt
    deps: [input.txt]
    outs: [out.txt]
"""


def test_folders_into_which_nothing_came_yet_are_no_failure(workspace):
    from flows.monitoring import look_at_rows
    from flows.scoring import score_rows

    (workspace.folder / "empty").mkdir()
    where = str(workspace.folder)
    for state in (
        score_rows.fn(where, ["empty"], "out", "models/model.onnx", {}, None),
        look_at_rows.fn(where, ["empty"], "models/model.onnx", None, None, False, None),
    ):
        assert (state.name, state.is_completed()) == ("Nothing to do", True)
        assert state.message == "no file is in empty yet"


def test_files_of_a_folder_are_judged_once_and_those_before_hide_none(workspace):
    folder = workspace.folder

    def verdict(follow=None):
        where = (folder, Path("models/model.onnx"), [Path("in")], Path("out"))
        done, report = score(*where, JobSpec(), follow)
        return done.rows, report and (report["data"], report["rows"], report["verdict"])

    def killed(report):
        raise KeyboardInterrupt

    assert verdict() == (600, ("good.csv", 600, "pass"))
    shutil.copy(folder / "bad.csv", folder / "in")
    with pytest.raises(KeyboardInterrupt):
        verdict(killed)
    assert verdict() == (1200, ("bad.csv", 600, "block"))
    assert verdict() == (1200, None)
    for rows, name in ((100, "few.csv"), (150, "more.csv")):
        written(larger(table(rows, rows)), folder / "in" / name)
        last = verdict()
    assert last == (1450, ("few.csv, more.csv", 250, "block"))


def test_a_scheduled_look_at_a_folder_is_at_what_came_since(workspace):
    folder = workspace.folder
    truth = pd.DataFrame({"y": ["yes"] * 1200})
    truth.iloc[:600].to_csv(folder / "labels.csv", index=False)

    def looked(follow=lambda report: None, labels=None):
        report = watching.look(folder, [Path("in")], labels=labels, follow=follow)
        measured = report["performance"]
        return report["data"], report["rows"], report["verdict"], measured and measured["rows"]

    def killed(report):
        raise KeyboardInterrupt

    assert looked() == ("good.csv", 600, "pass", None)
    with pytest.raises(NothingNewError, match=r"no file of .* is new"):
        looked()
    assert looked(labels=Path("labels.csv")) == ("good.csv", 0, "pass", 600)
    shutil.copy(folder / "bad.csv", folder / "in")
    with pytest.raises(KeyboardInterrupt):
        looked(killed)
    truth.to_csv(folder / "labels.csv", index=False)
    assert looked(labels=Path("labels.csv")) == ("bad.csv", 600, "block", 1200)
    by_hand = watching.look(folder, [Path("in")])
    assert (by_hand["rows"], by_hand["data"]) == (1200, "bad.csv, good.csv")


def test_what_is_in_production_scores_and_is_watched_unless_another_is_named(workspace, model):
    folder, exported = workspace.folder, Path("models/model.onnx")
    content = onnx.load(model)
    onnx.helper.set_model_props(
        content, {**{item.key: item.value for item in content.metadata_props}, "of": "another"}
    )
    champion = content.SerializeToString()
    sha256 = hashlib.sha256(champion).hexdigest()

    def versions(named=None):
        looked = watching.look(folder, [Path("in")], named)["model"]
        done, _ = score(folder, named, [Path("in")], Path("out"), JobSpec())
        assert looked["version"] == done.model_version
        return done.model_version

    before = versions()
    place(folder / "registry", sha256).parent.mkdir(parents=True)
    place(folder / "registry", sha256).write_bytes(champion)
    assert versions() == before
    (folder / "registry" / "production.json").write_text(json.dumps({"sha256": sha256}))
    assert (versions(), versions(exported)) == (sha256[:12], before)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return watched(tmp_path_factory.mktemp("model") / "model.onnx")


@pytest.fixture
def workspace(tmp_path, model):
    made = Workspace(tmp_path / "watched", PIPELINE)
    made.write("params.yaml", "validate: {}\n")
    (made.folder / "models").mkdir()
    shutil.copy(model, made.folder / "models")
    (made.folder / "in").mkdir()
    written(table(600, 1), made.folder / "in" / "good.csv")
    written(larger(table(600, 2)), made.folder / "bad.csv")
    return made


def run(flow, *arguments, **options):
    return session.run(None, lambda: lambda: flow(*arguments, **options, return_state=True))


def newest(server, flow):
    """Return the newest run of a flow and its artifacts by key."""
    (found,) = ask(
        server, "flow_runs/filter", flows={"name": {"any_": [flow]}},
        sort="START_TIME_DESC", limit=1,
    )  # fmt: skip
    made = ask(server, "artifacts/filter", flow_runs={"id": {"any_": [found["id"]]}})
    return found, {item["key"]: item for item in made}


def test_the_score_flow_shows_rows_flags_and_drift(server, workspace):
    from flows.scoring import score

    folder = workspace.folder
    assert "wrote 600 rows to out" in run(score, str(folder), ["in"], "out")
    found, made = newest(server, "score")
    assert found["state"]["name"] == "Scored"
    assert json.loads(made["score-rows"]["data"])[0]["rows"] == 600
    flags = json.loads(made["score-flags"]["data"])
    out = pd.read_parquet(folder / "out" / "good.parquet")
    missing = int(out["flag_missing"].str.contains(SIZE, regex=False).sum())
    assert {"what": "missing", "column": SIZE, "rows": missing} in flags
    drift = json.loads(made["monitor"]["data"])
    assert {item["severity"] for item in drift} == {"pass"}

    said = run(score, str(folder), ["in"], "out")
    assert said == "wrote 0 rows to out, where 600 were"

    said = run(score, str(folder), ["in", "bad.csv"], "all.csv", options={"keep": ["customer id"]})
    assert ": warn (1,200 rows" in said
    assert len(pd.read_csv(folder / "all.csv")) == 1200
    with pytest.raises(InputError, match="is missing"):
        run(score, str(folder), ["nowhere"], "out")
    with pytest.raises(InputError, match=r"unknown key `options\.kep`"):
        run(score, str(folder), ["in"], "out", options={"kep": 1})


def test_the_monitor_flow_stops_where_a_threshold_blocks(server, workspace):
    from flows.monitoring import monitor

    folder = str(workspace.folder)
    assert "pass (600 rows" in run(monitor, folder, ["in"])
    with pytest.raises(GateError, match="predicted labels are distributed otherwise"):
        run(monitor, folder, ["bad.csv"])
    found, made = newest(server, "monitor")
    assert found["state"]["name"] == "Gate stopped"
    assert "reports/monitor/index.html" in str(made["monitor-index"]["data"])
    with pytest.raises(InputError, match="is missing"):
        run(monitor, folder, ["nowhere"])


def test_a_retrain_that_cannot_start_costs_no_budget(server, workspace):
    from flows.monitoring import monitor

    workspace.write("params.yaml", "monitor: {retrain: {on: block}}\n")
    for _ in range(2):
        with pytest.raises(GateError, match="no retrain: there is no deployment training/none"):
            run(monitor, str(workspace.folder), ["bad.csv"], training="training/none")
