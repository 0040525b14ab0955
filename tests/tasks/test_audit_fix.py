"""`ninefold audit --fix`: params.yaml is repaired as the findings say, and stays readable."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flows.artifacts
from ninefold import cli
from ninefold.config import load_params, read_yaml
from ninefold.errors import ConfigError
from tasks import engine, repairing
from tasks.drafting.workspace import start_dvc
from tests.end_to_end.tables import messy, write

ROOT = Path(__file__).resolve().parents[2]
QUICK = "crossvalidate: {network: false, curve: false}"
PARAMS = """\
# What to predict
problem:
  target: y   # the one
  task: classification
  ids: ["row id"]
  available_at: {}         # {COLUMN: after}
  # perhaps "closed"
ingest: {kind: file, path: d.csv}   # flow
featurize:
  derive:
    - {name: a, kind: expression, expression: "b + 1"}      # near
    - {name: c,   kind: expression, expression: b}
split:
  kind: given
  path: parts.csv          # theirs
  valid_size:   0.1
train: {network: {kind: mlp}}
report:
  title: null
"""


def finding(kind, *fix, severity="block", **more):
    return {"kind": kind, "severity": severity, "remedy": "r", **more,
            "fix": [{"path": list(path), "value": value} for path, value in fix]}  # fmt: skip


def fixed(text, *findings, severities=("block",)):
    plan = repairing.plan(findings, severities)
    return plan, repairing.edited(text, plan.changes)


AFTER = ("problem", "available_at")
KIND = ("split", "kind")


def test_only_what_changes_is_touched():
    _, text = fixed(PARAMS, finding("target.copy", ((*AFTER, "leak: ß"), "after")),
                    finding("id.predictive", (("problem", "ids"), ["nr", "row id"])))  # fmt: skip
    old, new = PARAMS.splitlines(), text.splitlines()
    assert len(old) == len(new)
    changed = [b for a, b in zip(old, new, strict=True) if a != b]
    assert changed == [
        '  ids: ["row id", nr]',
        '  available_at: {"leak: ß": after} # {COLUMN: after}',
    ]


def test_a_new_kind_of_split_loses_settings_it_does_not_have():
    _, text = fixed(PARAMS, finding("group.overlap", (KIND, "group")))
    assert read_yaml_text(text)["split"] == {"kind": "group", "valid_size": 0.1}
    assert "# near" in text


def test_two_kinds_of_split_become_the_one_that_does_both():
    plan, text = fixed(PARAMS, finding("group.overlap", (KIND, "group")),
                       finding("time.order", (KIND, "time")))  # fmt: skip
    assert read_yaml_text(text)["split"]["kind"] == "group_time"
    assert "does both" in plan.notes[0]


def test_findings_that_disagree_are_explained_and_left_alone():
    place = (*AFTER, "x")
    plan, text = fixed(PARAMS, finding("a.b", (place, "after")), finding("c.d", (place, "before")))
    assert text == PARAMS
    assert plan.notes == (
        "problem.available_at.x is left alone, because findings disagree: a.b wants 'after'; c.d "
        "wants 'before'",
    )


def test_ignored_findings_and_lesser_ones_are_left_alone():
    findings = [
        finding("a.b", ((*AFTER, "x"), "after"), ignored={"reason": "r", "severity": "block"}),
        finding("c.d", ((*AFTER, "z"), "after"), severity="warn"),
        finding("e.f"),
    ]
    plan = repairing.plan(findings, ("block",))
    assert plan.changes == ()
    assert [item["kind"] for item in plan.unmended] == ["e.f"]
    assert [c.place for c in repairing.plan(findings, ("block", "warn")).changes] == [
        "problem.available_at.z"
    ]


def read_yaml_text(text):
    return repairing._plain(text)


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]),
                min_size=1, max_size=12).filter(lambda s: s.strip() == s)  # fmt: skip


@settings(max_examples=15)
@given(names=st.lists(NAMES, min_size=1, max_size=4, unique=True), empty=st.booleans())
def test_any_column_name_survives_and_no_comment_is_lost(names, empty):
    text = PARAMS if empty else PARAMS.replace("available_at: {}", "available_at:\n    q: after")
    findings = [finding("target.copy", ((*AFTER, name), "after")) for name in names]
    findings += [finding("id.predictive", (("problem", "ids"), [name])) for name in names]
    _, after = fixed(text, *findings)
    content, before = read_yaml_text(after), read_yaml_text(text)
    assert content["problem"]["available_at"] == {
        **before["problem"]["available_at"], **dict.fromkeys(names, "after")
    }  # fmt: skip
    assert content["problem"]["ids"] == list(dict.fromkeys(["row id", *names]))
    assert {k: v for k, v in content.items() if k != "problem"} == {
        k: v for k, v in before.items() if k != "problem"
    }
    for comment in ("# What to predict", "# the one", "# near", "# theirs", '# perhaps "closed"'):
        assert comment in after
    assert repairing.edited(after, repairing.plan(findings, ("block",)).changes) == after


def test_what_would_not_be_valid_is_not_written(tmp_path):
    (tmp_path / "params.yaml").write_text(PARAMS)
    change = repairing.Change(("split", "valid_sise"), 0.1, ("a.b",))
    with pytest.raises(ConfigError, match=r"Nothing was written") as caught:
        repairing.write(tmp_path, [change])
    assert "\n" not in str(caught.value)
    assert (tmp_path / "params.yaml").read_text() == PARAMS
    with pytest.raises(ConfigError, match=r"problem\.target must be a mapping"):
        repairing.edited(PARAMS, [repairing.Change(("problem", "target", "x"), 1, ())])
    with pytest.raises(ConfigError, match="YAML, however: line 2, column 1: a tab"):
        repairing.edited("a:\n\tb: 1\n", [])
    with pytest.raises(ConfigError, match="mapping of sections, however: it is empty"):
        repairing.edited("# nothing\n", [])


def audit(folder, capsys, *options):
    code = cli.main(["-C", str(folder), "audit", *options])
    return code, capsys.readouterr().out


@pytest.fixture(autouse=True)
def _stay(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.mark.thorough
def test_a_split_file_that_leaks_gives_way_to_a_split_of_ours(tmp_path, capsys):
    table = messy(300, "binary")
    table["member"] = [f"m{n % 37:03d}" for n in range(300)]
    write(table, tmp_path / "d.csv")
    parts = np.resize(["train", "train", "valid", "test"], 300)
    pd.DataFrame({"row": range(300), "part": parts}).to_csv(tmp_path / "parts.csv", index=False)
    given = ["--target", "y", "--group", "member", "--split", str(tmp_path / "parts.csv")]
    options = [*given, "--into", str(tmp_path / "ws"), "--yes"]
    assert cli.main(["init", str(tmp_path / "d.csv"), *options]) == 0
    capsys.readouterr()
    code, said = audit(tmp_path / "ws", capsys)
    assert code == 3
    assert "group.overlap" in said
    code, said = audit(tmp_path / "ws", capsys, "--fix")
    assert code == 0, said
    assert "-      - ${split.path}" in said
    assert "+  kind: group" in said
    assert "next: `ninefold audit`" in said
    assert audit(tmp_path / "ws", capsys)[0] == 0
    before = (tmp_path / "ws" / "params.yaml").read_bytes()
    code, said = audit(tmp_path / "ws", capsys, "--fix")
    assert (code, "nothing to fix" in said) == (0, True)
    assert (tmp_path / "ws" / "params.yaml").read_bytes() == before


def flights(folder):
    """The demo workspace on few flights, with dep_delay left among the features."""
    text = (ROOT / "params.yaml").read_text().replace("    dep_delay: after\n", "")
    for old, new in (
        ("sample_rows: 30000", "sample_rows: 2000"),
        ("train:\n", "train:\n  epochs: 2\n"),
        ("evaluate:\n", "evaluate:\n  bootstrap: 100\n"),
        ("crossvalidate: {}", QUICK),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "expectations").mkdir(parents=True)
    (folder / "params.yaml").write_text(text)
    pipeline = (ROOT / "tasks" / "templates" / "dvc.yaml").read_text()
    (folder / "dvc.yaml").write_text(pipeline.replace("    deps:\n      - ${ingest.path}\n", ""))
    shutil.copy(ROOT / "expectations" / "flights.yaml", folder / "expectations" / "suite.yaml")
    start_dvc(folder)
    return text


def test_flights_with_the_delay_at_departure_stop_are_repaired_and_pass(tmp_path, capsys):
    before = flights(tmp_path / "ws")
    code, said = audit(tmp_path / "ws", capsys, "--json")
    assert code == 3
    blocking = [f for f in json.loads(said)["findings"] if f["severity"] == "block"]
    assert {name for found in blocking for name in found["columns"]} == {"dep_delay"}
    assert not (tmp_path / "ws" / "models").exists()

    code, said = audit(tmp_path / "ws", capsys, "--fix")
    assert code == 0, said
    after = (tmp_path / "ws" / "params.yaml").read_text()
    added = [line for line in after.splitlines() if line not in before.splitlines()]
    assert added == ["    dep_delay: after"]
    assert after.replace(added[0] + "\n", "") == before
    assert "+    dep_delay: after" in said

    happened = engine.run_stages(tmp_path / "ws")
    assert happened["report"] == "executed"
    report = json.loads((tmp_path / "ws" / "reports" / "leakage.json").read_text())
    assert report["verdict"] != "block"
    assert (tmp_path / "ws" / "models" / "model.onnx").is_file()


def test_an_accepted_finding_stays_in_report_metadata_and_artifact(tmp_path, capsys):
    import onnx

    table = messy(300, "binary")
    table["leak"] = table["y"].map({"yes": "A", "no": "B"})
    write(table, tmp_path / "d.csv")
    options = ["--target", "y", "--into", str(tmp_path / "ws"), "--yes"]
    assert cli.main(["init", str(tmp_path / "d.csv"), *options]) == 0
    path = tmp_path / "ws" / "params.yaml"
    text = path.read_text()
    line = next(line for line in text.splitlines() if line.startswith("audit: {}"))
    ignore = "audit: {ignore: [{finding: target.copy, columns: [leak], reason: known at noon}]}"
    text = text.replace(line, ignore).replace("train:\n", "train:\n  epochs: 2\n")
    assert "crossvalidate: {}" in text
    text = text.replace("crossvalidate: {}", QUICK)
    path.write_text(text)
    engine.run_stages(tmp_path / "ws")
    assert "known at noon" in (tmp_path / "ws" / "reports" / "report.html").read_text()
    proto = onnx.load(tmp_path / "ws" / "models" / "model.onnx")
    said = {p.key: p.value for p in proto.metadata_props}["ninefold.leakage_ignored"]
    (kept,) = json.loads(said)
    assert (kept["kind"], kept["ignored"]["reason"]) == ("target.copy", "known at noon")
    report = json.loads((tmp_path / "ws" / "reports" / "leakage.json").read_text())
    rows = flows.artifacts.TABLES["leakage.json"](report)
    assert "known at noon" in {row.get("accepted because") for row in rows}
    capsys.readouterr()
    assert "ignored: known at noon" in audit(tmp_path / "ws", capsys)[1]
    assert load_params(tmp_path / "ws")["audit"].ignore[0].reason == "known at noon"
    assert read_yaml(path)["audit"]["ignore"]
