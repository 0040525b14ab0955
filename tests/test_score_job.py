"""`ninefold score`: the same rows as `predict`, once each, whatever was killed in between."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from ninefold.errors import InputError
from ninefold.scoring import ScoreSpec, score
from ninefold.scoring.job import JobSpec, score_files
from ninefold.scoring.kept import kept_beside
from ninefold.scoring.marks import KINDS
from ninefold.serving.model import read_model
from ninefold.serving.rows import Rows
from tests.rounds import quick
from tests.serving.models import CITY, SIZE, build, feeds, table
from tests.test_scoring import typed, written


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return build(tmp_path_factory.mktemp("job") / "model.onnx")


def run(model, inputs, output, **spec):
    return score_files(model, inputs, output, JobSpec(**spec))


def folder_of(tmp_path):
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    written(table(230, 1), folder / "b.csv")
    typed(table(170, 2), folder / "a.parquet")
    written(table(60, 3), folder / "deep" / "c.csv.gz")
    written(table(9, 4), folder / ".hidden.csv")
    return folder


def test_many_sources_give_the_rows_that_predict_gives_of_each(model, tmp_path):
    folder = folder_of(tmp_path)
    keep = ("customer id",)
    done = run(model, [folder], tmp_path / "all.csv", rows_per_part=50, keep=keep)
    assert (done.rows, done.failed, done.before) == (460, 0, 0)
    found = pd.read_csv(tmp_path / "all.csv")
    assert list(found["source"].unique()) == ["a.parquet", "b.csv", "deep/c.csv.gz"]
    assert set(found["model_version"]) == {read_model(model).version}
    for name, rows in found.groupby("source"):
        score(model, folder / name, tmp_path / "one.csv", ScoreSpec(keep=keep))
        one = pd.read_csv(tmp_path / "one.csv")
        pd.testing.assert_frame_equal(rows[one.columns].reset_index(drop=True), one)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["all.csv", "in", "one.csv"]


def test_a_file_that_is_wrong_holds_up_no_other_of_its_folder(model, tmp_path):
    folder, out = folder_of(tmp_path), tmp_path / "out"
    (folder / "aa.csv").touch()
    with pytest.raises(InputError, match=r"aa.csv must hold a header .* The other 3 are scored"):
        run(model, [folder], out)
    (folder / "aa.csv").unlink()
    assert run(model, [folder], out).before == 460


def test_flags_are_those_of_the_server(model, tmp_path):
    rows = table(120, 5)
    rows[3][SIZE], rows[4][SIZE] = 500.0, None
    run(model, [written(rows, tmp_path / "a.csv")], tmp_path / "out.parquet")
    out = pd.read_parquet(tmp_path / "out.parquet")
    told = Rows(read_model(model)).flagger.flags(feeds(rows))
    for kind in KINDS:
        want = ["; ".join(told.get(i, {}).get(kind, [])) for i in range(len(rows))]
        assert out[f"flag_{kind}"].fillna("").tolist() == want
    assert out[[f"flag_{kind}" for kind in KINDS]].notna().any().all()


def test_a_folder_is_scored_file_by_file_and_only_what_changed_again(model, tmp_path, capsys):
    folder, out = folder_of(tmp_path), tmp_path / "out"
    (tmp_path / "nothing came yet").mkdir()
    run(model, [tmp_path / "nothing came yet", folder], out)
    files = {path.relative_to(out).as_posix(): path for path in out.rglob("*.parquet")}
    assert set(files) == {"a.parquet", "b.parquet", "deep/c.parquet"}
    before = {name: path.stat().st_ino for name, path in files.items()}
    assert run(model, [folder], out).before == 460
    written(table(30, 8), folder / "b.csv")
    assert run(model, [folder], out).before == 230
    assert "b.csv changed since" in capsys.readouterr().err
    after = {name: path.stat().st_ino for name, path in files.items()}
    assert [name for name in files if before[name] != after[name]] == ["b.parquet"]
    files["a.parquet"].write_bytes(b"edited")
    assert run(model, [folder], out).before == 90
    run(model, [folder], out, keep=("customer id",))
    assert "starts over" in capsys.readouterr().err
    assert len(pd.read_parquet(files["b.parquet"])["customer id"]) == 30


KILLED = """
import os, signal, sys
from ninefold.cli import main
from ninefold.scoring.kept import Kept

add = Kept.add_part

def add_and_die(self, name, sha256, part, *rest):
    line = add(self, name, sha256, part, *rest)
    if part == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return line

Kept.add_part = add_and_die
sys.exit(main(sys.argv[1:]))
"""
"""A scoring command that is killed when it has kept its third part."""


@pytest.mark.parametrize("name", quick("out.csv", "out", of=["out.csv.gz", "out.parquet"]))
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(model, tmp_path, name):
    folder = tmp_path / "in"
    folder.mkdir()
    source = written(table(1500, 1), folder / "a.csv")
    header, _, body = source.read_text().partition("\n")
    source.write_text(f"{header}\n{body * 30}")
    typed(table(300, 2), folder / "b.parquet")
    whole = tmp_path / "whole" / name
    whole.parent.mkdir()
    run(model, [folder], whole, with_input=name == "out")
    options = ["--with-input"] if name == "out" else []
    command = [sys.executable, "-m", "ninefold", "score", str(model), str(folder)]
    command += [str(tmp_path / name), *options, "--rows-per-part", "3000"]
    killed = [sys.executable, "-c", KILLED, *command[3:]]
    assert subprocess.run(killed, check=False).returncode == -9
    assert not (tmp_path / name).exists() or not any((tmp_path / name).iterdir())
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "goes on after" in done.stderr
    assert "wrote 45300 rows" in done.stdout
    assert "had been scored before" in done.stdout
    for path in [whole] if whole.is_file() else whole.rglob("*.parquet"):
        again = tmp_path / name / path.relative_to(whole)
        assert again.read_bytes() == path.read_bytes()


def test_one_process_scores_into_an_output(model, tmp_path):
    source = written(table(20, 1), tmp_path / "a.csv")
    with (
        kept_beside(tmp_path / "o.csv", "another"),
        pytest.raises(InputError, match="another one does"),
    ):
        run(model, [source], tmp_path / "o.csv")
    assert run(model, [source], tmp_path / "o.csv").rows == 20


def test_what_a_registry_has_in_production_scores(model, tmp_path):
    content = model.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    registry = tmp_path / "registry"
    (registry / "versions").mkdir(parents=True)
    (registry / "versions" / f"{sha256}.onnx").write_bytes(content)
    source = written(table(20, 1), tmp_path / "a.csv")
    with pytest.raises(InputError, match=r"production\.json"):
        run(registry, [source], tmp_path / "o.csv")
    (registry / "production.json").write_text(json.dumps({"sha256": sha256}))
    assert run(registry, [source], tmp_path / "o.csv").model_version == sha256[:12]
    (registry / "versions" / f"{sha256}.onnx").unlink()
    with pytest.raises(InputError, match=r"`dvc artifacts get \. model --stage production"):
        run(registry, [source], tmp_path / "o.csv")


def test_damaged_parts_and_torn_journals_cost_only_themselves(model, tmp_path):
    """A cell that stops the run near its end stands in for a kill: the parts before it stay."""
    source, out = tmp_path / "a.csv", tmp_path / "out.csv"
    written(table(40_000, 1), source)
    good = source.read_bytes()
    run(model, [source], tmp_path / "whole.csv")
    kept = tmp_path / ".out.csv.scoring"
    for damage in ("part", "journal"):
        source.write_bytes(good + b"1,x,K,True,,n\n")
        with pytest.raises(InputError, match="row 40000"):
            run(model, [source], out, rows_per_part=1)
        parts = sorted(kept.glob("*.arrows"))
        assert parts
        assert not out.exists()
        if damage == "part":
            parts[0].write_bytes(b"nothing")
        else:
            (kept / "journal.jsonl").write_bytes((kept / "journal.jsonl").read_bytes()[:-20])
        with pytest.raises(InputError, match="row 40000"):
            run(model, [source], out, rows_per_part=1)
    source.write_bytes(good)
    assert run(model, [source], out, rows_per_part=1).before == 0
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert not kept.exists()


def test_mistakes_are_named_before_anything_is_scored(model, tmp_path):
    folder, out = folder_of(tmp_path), tmp_path / "out"
    (tmp_path / "none").mkdir()
    text = tmp_path / "text"
    text.write_text("")
    for inputs, output, reason in [
        ([tmp_path / "nowhere"], out, "is missing"),
        ([tmp_path / "none"], out, "has none"),
        ([folder], folder / "out", "outside of INPUT"),
        ([folder], text, "must be a folder, or a file"),
        ([folder / "b.csv"], folder / "b.csv", "must differ"),
        ([folder / "b.csv", folder], out, "`b` stands twice"),
    ]:
        with pytest.raises(InputError, match=reason):
            run(model, inputs, output)
    assert not out.exists()


def test_unreadable_cells_leave_their_rows_without_prediction_and_flags(model, tmp_path):
    rows = table(40, 6)
    written(rows, tmp_path / "a.csv")
    frame = pd.read_csv(tmp_path / "a.csv", dtype=str, keep_default_na=False)
    frame.loc[7, SIZE], frame.loc[7, CITY] = "x", "nowhere"
    frame.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(InputError, match="row 7"):
        run(model, [tmp_path / "a.csv"], tmp_path / "o.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    done = run(model, [tmp_path / "a.csv"], tmp_path / "o.csv", on_error="null")
    out = pd.read_csv(tmp_path / "o.csv")
    assert done.failed == 1
    assert out.loc[7].drop(["error", "model_version"]).isna().all()
    assert np.isfinite(out.drop(7)["probability_yes"]).all()
