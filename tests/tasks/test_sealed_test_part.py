"""The test part through the whole pipeline: sealed, counted, and without a say before evaluate."""

import hashlib
import json
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import onnx
import pandas as pd
import pytest

from ninefold import cli
from ninefold.errors import InputError
from ninefold.files import read_json
from ninefold.sealing import Opening, read_ledger
from tasks import engine, healing, promoting
from tests.end_to_end.tables import messy, write
from tests.rounds import quick

ROWS = 260


def draft(folder, table, *options):
    """Make a workspace under git whose network and bootstrap are small."""
    workspace = folder / "ws"
    workspace.mkdir(parents=True)
    git(workspace, "init", "-q")
    data = write(table, folder / "d.csv")
    arguments = ["--target", "y", "--into", str(workspace), "--yes", *options]
    assert cli.main(["init", str(data), *arguments]) == 0
    change(workspace, "train:\n", "train:\n  epochs: 2\n  patience: 2\n  lr: 0.002\n")
    change(workspace, "evaluate:\n", "evaluate:\n  bootstrap: 100\n")
    change(workspace, "crossvalidate: {}", "crossvalidate: {network: false, curve: false}")
    return workspace


def change(workspace, old, new):
    path = workspace / "params.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def digest(path):
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    return {p.name: hashlib.md5(p.read_bytes()).hexdigest() for p in files}


def git(workspace, *arguments):
    command = ["git", "-c", "user.email=a@b.c", "-c", "user.name=a", *arguments]
    subprocess.run(command, cwd=workspace, check=True, capture_output=True)


def openings(workspace):
    return read_ledger(workspace / "test_ledger.jsonl")


def model(workspace):
    return digest(workspace / "models" / "model.onnx")


def stage(workspace, name):
    return subprocess.run(
        [sys.executable, "-m", "tasks", name], cwd=workspace, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace after its first run, committed."""
    workspace = draft(tmp_path_factory.mktemp("sealed"), messy(ROWS, "binary"))
    engine.run_stages(workspace)
    git(workspace, "add", "-A")
    git(workspace, "commit", "-q", "-m", "first")
    return workspace


@pytest.mark.thorough
def test_another_workspace_gives_the_same_model_and_look(workspace, tmp_path):
    other = draft(tmp_path, messy(ROWS, "binary"))
    engine.run_stages(other)
    assert model(other) == model(workspace)
    assert openings(other) == openings(workspace)


def test_looks_are_counted_and_the_model_depends_on_none_of_them(workspace):
    (look,) = openings(workspace)
    evaluation = read_json(workspace / "reports" / "evaluation.json")
    sealed = read_json(workspace / "data" / "splits" / "manifest.json")["seal"]
    assert look.value == evaluation["test"][look.metric]["value"]
    assert look.standard_error > 0
    assert evaluation["test_set"].items() >= {**sealed, "opening": look.name}.items()
    page = workspace / "reports" / "report.html"
    assert "opened once" in page.read_text()
    first = model(workspace)
    properties = onnx.load(workspace / "models" / "model.onnx").metadata_props
    said = json.loads({p.key: p.value for p in properties}["ninefold.test_set"])
    assert said == evaluation["test_set"]

    assert engine.run_stages(workspace, ["evaluate"], force=True)["evaluate"] == "executed"
    assert openings(workspace) == (look,)
    assert model(workspace) == first

    change(workspace, "lr: 0.002", "lr: 0.02")
    assert engine.run_stages(workspace)["evaluate"] == "executed"
    assert len(openings(workspace)) == 2
    assert "opened 2 times; with that many looks a gain below" in page.read_text()
    assert model(workspace) != first

    change(workspace, "lr: 0.02", "lr: 0.002")
    assert engine.run_stages(workspace)["evaluate"] == "restored"
    assert len(openings(workspace)) == 2
    assert "opened 2 times" in page.read_text()
    assert model(workspace) == first

    # Taken back with git, the second look is still known to DVC's run-cache; so are the numbers
    # of the first, changed by hand. What no cache knows any more, Git may.
    ledger, both = workspace / "test_ledger.jsonl", openings(workspace)
    git(workspace, "checkout", "-q", "test_ledger.jsonl")
    assert openings(workspace) == both[:1]
    ledger.write_text(json.dumps({**asdict(look), "value": 0.999}) + "\n")
    said = "\n".join(healing.heal(workspace))
    assert f"said {look.metric} 0.999 of a model measured at" in said
    engine.run_stages(workspace)
    assert openings(workspace) == both
    assert model(workspace) == first
    forgotten = Opening(look.test, "forgotten", look.metric, 0.5, 0.1)
    ledger.write_text("".join(json.dumps(asdict(o)) + "\n" for o in (*both, forgotten)))
    git(workspace, "commit", "-qam", "a look from elsewhere")
    ledger.unlink()
    healing.heal(workspace)
    assert set(openings(workspace)) == {*both, forgotten}
    git(workspace, "reset", "-q", "--soft", "HEAD~")
    ledger.write_text("".join(json.dumps(asdict(o)) + "\n" for o in both))

    # A new feature makes another test file of the same test rows.
    derive = "{name: n, kind: expression, expression: visits + 1}"
    change(workspace, "featurize: {}\n", f"featurize: {{derive: [{derive}]}}\n")
    engine.run_stages(workspace, ["evaluate"])
    again = read_json(workspace / "data" / "splits" / "manifest.json")["seal"]
    assert again["file_sha256"] != sealed["file_sha256"]
    assert again["rows_sha256"] == sealed["rows_sha256"]
    assert len(openings(workspace)) == 3


def test_a_look_that_is_cut_off_is_counted_and_finished_by_the_next(workspace, monkeypatch):
    """evaluate fails after it has opened the test part: a slice that is no column."""
    before = openings(workspace)
    params = (workspace / "params.yaml").read_text()
    change(workspace, "lr: 0.002", "lr: 0.003")
    change(workspace, "  bootstrap: 100\n", "  bootstrap: 100\n  slices: [nope]\n")
    change(workspace, '  slices: ["', '  # slices: ["')
    with pytest.raises(InputError, match="nope"):
        engine.run_stages(workspace, ["evaluate"])
    assert openings(workspace)[:-1] == before
    assert openings(workspace)[-1].value is None
    change(workspace, "  slices: [nope]\n", "")
    engine.run_stages(workspace, ["evaluate"])
    assert len(openings(workspace)) == len(before) + 1
    assert openings(workspace)[-1].value is not None
    (workspace / "params.yaml").write_text(params)


def test_a_test_part_that_was_touched_stops_evaluate_in_one_line(workspace):
    path = workspace / "data" / "splits" / "test.parquet"
    whole = path.read_bytes()
    path.chmod(0o644)
    before = openings(workspace)
    try:
        path.write_bytes(whole + b" ")
        done = stage(workspace, "evaluate")
    finally:
        path.write_bytes(whole)
    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "as the split sealed it" in done.stderr
    assert openings(workspace) == before


@pytest.mark.parametrize("task", quick("binary", of=["regression"]))
def test_nothing_before_evaluate_depends_on_the_test_rows(task, tmp_path):
    parts = np.resize(["train", "train", "valid", "train", "test"], ROWS)
    made = {}
    for name in ("honest", "poisoned"):
        table = messy(ROWS, task)
        test = parts == "test"
        if name == "poisoned":
            rng = np.random.default_rng(5)
            for column in ("Größe (m²)", "visits"):
                table[column] = table[column].astype(float)
                table.loc[test, column] = rng.normal(1e6, 1e5, test.sum()).round(2)
            table.loc[test, "city"] = "Atlantis"
            table.loc[test, "remarks"] = "poison poison"
            table.loc[test, "is.member"] = ~table.loc[test, "is.member"]
            shuffled = rng.permutation(table.loc[test, "y"].to_numpy())
            table.loc[test, "y"] = shuffled if task == "binary" else shuffled * 1e4
        (tmp_path / name).mkdir()
        split = tmp_path / name / "parts.csv"
        pd.DataFrame({"row": range(ROWS), "part": parts}).to_csv(split, index=False)
        workspace = draft(tmp_path / name, table, "--split", str(split))
        engine.run_stages(workspace, ["baselines", "train"])
        made[name] = {
            place: digest(workspace / place)
            for place in (
                "data/featurize.onnx",
                "data/splits/train.parquet",
                "data/splits/valid.parquet",
                "data/splits/folds.parquet",
                "models/network",
                "models/baselines",
                "reports/baselines.json",
            )
        } | {"test": digest(workspace / "data/splits/test.parquet")}
    assert made["honest"].pop("test") != made["poisoned"].pop("test")
    assert made["honest"] == made["poisoned"]


def test_the_exported_model_can_be_promoted_without_another_opening(workspace):
    engine.run_stages(workspace, ["export"])
    before = openings(workspace)
    outcome = promoting.promote(workspace)
    assert outcome.action == "promote", outcome.reasons
    assert outcome.tags == ("tags model@v0.0.1 and model#production#1",)
    assert openings(workspace) == before


def test_a_damaged_ledger_is_one_line(workspace):
    path = workspace / "test_ledger.jsonl"
    text = path.read_text()
    try:
        path.write_text(text + "<<<<<<< HEAD\n")
        with pytest.raises(InputError, match="must be an opening"):
            engine.run_stages(workspace)
    finally:
        path.write_text(text)
