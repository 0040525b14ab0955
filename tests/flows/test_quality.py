"""`ninefold quality`: fresh rows judged without training, under Prefect, by exit code."""

import argparse
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from flows.commands import quality as command
from flows.quality import lines
from ninefold import cli
from ninefold.errors import GateError, InputError
from ninefold.quality_history import read_history
from tasks import fresh
from tasks.__main__ import run_stage
from tests.end_to_end.tables import write
from tests.flows.test_run import ask
from tests.sequences import walks, write_walks


def rows(count, seed):
    rng = np.random.default_rng(seed)
    size = rng.normal(50, 12, count).round(3)
    return pd.DataFrame(
        {
            "name": [f"N{n:05d}" for n in range(seed * 1000, seed * 1000 + count)],
            "size": size,
            "city": rng.choice(["Rome", "Oslo", "Bonn"], count, p=[0.5, 0.3, 0.2]),
            "ssn": [f"{n:04d}-{rng.integers(1000, 9999)}" for n in range(count)],
            "paid": rng.gamma(2, 10, count).round(2),
            "sold": np.where(size > 50, "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fresh")
    write(rows(1500, 0), folder / "d.csv")
    (folder / ".dvc").mkdir()
    given = ["--target", "sold", "--id", "name", "--available-after", "paid"]
    assert cli.main(["init", str(folder / "d.csv"), *given, "--into", str(folder), "--yes"]) == 0
    params = folder / "params.yaml"
    text = params.read_text()
    assert "validate: {}" in text
    params.write_text(text.replace("validate: {}", "validate: {mask: [ssn]}"))
    for stage in ("ingest", "validate", "featurize", "split", "explore"):
        run_stage(folder, stage)
    return folder


def test_honest_rows_pass_with_or_without_what_is_known_later(workspace, tmp_path):
    whole = rows(400, 3)
    for name, table in (("a", whole), ("b", whole.drop(columns=["sold", "paid"]))):
        report = fresh.check(workspace, write(table, tmp_path / f"{name}.csv"))
        assert report["findings"] == []
        assert report["verdict"] == "pass", [
            item for item in report["expectations"] if not item["success"]
        ]
    assert report["counts"]["expectations"] < len(rules(workspace))
    few = whole.head(6).assign(batch=7)[[*whole.columns[::-1], "batch"]]
    report = fresh.check(workspace, write(few, tmp_path / "few.csv"))
    added, said = (item["message"] for item in report["findings"])
    assert "column `batch`, which training did not have, is left aside" in added
    assert "6 rows are too few" in said
    assert report["verdict"] == "pass"


def rules(workspace):
    return json.loads((workspace / "reports" / "quality.json").read_text())["expectations"]


def unit(table):
    table["size"] *= 0.3937
    return table


def gaps(table):
    table.loc[::3, "city"] = None
    return table


def empty(table):
    table["size"] = None
    return table


FAULTS = {
    "a unit": (unit, "warn", "`size` is distributed otherwise"),
    "gaps": (gaps, "warn", "`city` is missing in 33"),
    "nothing left": (empty, "block", "`size` is missing in 100.0%"),
    "a column gone": (lambda t: t.drop(columns=["city"]), "block", "column `city` is missing"),
    "text for numbers": (lambda t: t.assign(size="big"), "block", "column `size` must be number"),
    "decimal commas": (
        lambda t: t.assign(**{n: t[n].astype(str).str.replace(".", ",") for n in ("size", "paid")}),
        "block",
        "2 columns hold numbers with a decimal comma where training did not: `size` ('",
    ),
    "another name": (
        lambda t: t.rename(columns={"size": "Size_cm"}),
        "block",
        "now called `Size_cm`",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.some(3)
def test_a_planted_fault_is_named(name, workspace, tmp_path):
    change, verdict, message = FAULTS[name]
    report = fresh.check(workspace, write(change(rows(600, 5)), tmp_path / "f.csv"))
    assert report["verdict"] == verdict
    assert any(message in item["message"] for item in report["findings"])
    page = (workspace / "reports" / "fresh" / "index.html").read_text()
    assert "f.csv" in page
    assert str(tmp_path) not in page
    docs = (workspace / "reports" / "fresh_docs" / "index.html").read_text()
    assert f"suite: {verdict}</h1>" in docs
    last = read_history(workspace / "quality_history.jsonl")[-1]
    assert last["data"] == "f.csv"
    assert last["warned" if verdict == "warn" else "blocked"] > 0


def test_cells_that_cannot_be_read_are_listed_and_all_else_is_checked(workspace, tmp_path):
    table = rows(300, 7).astype({"size": object})
    table.loc[[4, 9], "size"] = ["12,5", "n.n."]
    table.loc[17, "city"] = "Rom"
    report = fresh.check(workspace, write(table.assign(more=1), tmp_path / "f.csv"))
    assert report["verdict"] == "block"
    (said,) = [item["message"] for item in report["findings"] if item["severity"] == "block"]
    assert "2 of 300 cells are not: row 4 ('12,5'), row 9 ('n.n.')" in said
    assert any(i["columns"] == ["city"] and not i["success"] for i in report["expectations"])
    assert "info: column `more`, which training did not have, is left aside" in "\n".join(
        lines(report)
    )


def test_a_broken_rule_is_found_with_its_row_and_masked_values_stay_inside(workspace, tmp_path):
    table = rows(300, 6)
    table.loc[17, "city"] = "Rom"
    table.loc[18, "ssn"] = "secret-stuff"
    report = fresh.check(workspace, write(table, tmp_path / "f.csv"))
    (item,) = [i for i in report["expectations"] if not i["success"] and i["columns"] == ["city"]]
    assert [row["row"] for row in item["rows"]] == [17]
    files = [p for p in (workspace / "reports").rglob("*") if p.is_file()]
    assert not [p for p in files if "secret-stuff" in p.read_text(encoding="utf-8")]


def run(*arguments):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.main(parser.parse_args([str(a) for a in arguments]))


def test_the_command_runs_a_flow_with_artifacts_and_exit_codes(
    server, workspace, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(workspace)
    assert run(write(rows(300, 8), tmp_path / "good.csv"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "pass"
    wrong = unit(rows(600, 9))
    wrong.loc[17, "city"] = "Rom"
    bad = write(wrong, tmp_path / "bad.csv")
    with pytest.raises(GateError, match="distributed otherwise"):
        run(bad, "--strict")
    with pytest.raises(InputError, match="nowhere"):
        run(tmp_path / "nowhere.csv")
    found = ask(server, "flow_runs/filter", sort="START_TIME_DESC", limit=3)
    assert [item["state"]["name"] for item in found] == ["Wrong input", "Gate stopped", "Passed"]
    made = ask(server, "artifacts/filter", flow_runs={"id": {"any_": [found[1]["id"]]}})
    keys = {item["key"] for item in made}
    assert keys >= {"fresh-quality", "fresh-comparison", "fresh-failing-rows"}
    assert any("reports/fresh/index.html" in str(item["data"]) for item in made)

    (rows_shown,) = [item for item in made if item["key"] == "fresh-failing-rows"]
    (row,) = [r for r in json.loads(rows_shown["data"]) if "city: Rom" in r["values"]]
    assert row["row"] == 17
    assert "index.html" in rows_shown["description"]


def test_before_a_run_it_says_what_to_do(tmp_path):
    write(rows(100, 0), tmp_path / "d.csv")
    (tmp_path / ".dvc").mkdir()
    cli.main(
        ["init", str(tmp_path / "d.csv"), "--target", "sold", "--into", str(tmp_path), "--yes"]
    )
    with pytest.raises(InputError, match="ninefold run"):
        fresh.check(tmp_path, tmp_path / "d.csv")


def pictures(folder, count, seed, classes=("cat", "dog")):
    """Write tiny noisy pictures, one subfolder a class; without classes all lie in the folder."""
    rng = np.random.default_rng(seed)
    for name in classes:
        (folder / name).mkdir(parents=True)
        for n in range(count):
            pixels = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{n:03d}.png")
    return folder


def test_fresh_pictures_are_judged_by_size_channels_and_copies(tmp_path):
    given = ["init", str(pictures(tmp_path / "seen", 100, 0)), "--into", str(tmp_path), "--yes"]
    assert cli.main(given) == 0
    for stage in ("ingest", "validate", "featurize", "split", "explore"):
        run_stage(tmp_path, stage)
    report = fresh.check(tmp_path, pictures(tmp_path / "honest", 30, 1))
    assert (report["verdict"], report["findings"]) == ("pass", [])
    report = fresh.check(tmp_path, pictures(tmp_path / "unlabelled", 30, 2, classes=("",)))
    assert (report["verdict"], report["missing_columns"]) == ("pass", [])

    bad = pictures(tmp_path / "bad", 45, 3) / "cat"
    for n in range(20):
        picture = Image.open(bad / f"{n:03d}.png")
        (picture.convert("L") if n < 10 else picture.resize((8, 3))).save(bad / f"{n:03d}.png")
        Image.open(bad / "043.png").save(bad / f"{n + 20:03d}.png")
    (bad / "044.png").write_bytes(b"torn")
    report = fresh.check(tmp_path, bad.parent)
    failed = [i for i in report["expectations"] if not i["success"]]
    torn, *moved = (i["message"] for i in report["findings"])
    assert torn == "1 file holds no whole image: cat/044.png"
    assert ["`image brightness`" in message for message in moved] == [True]  # of the copies
    assert {"image height", "image channels"} <= {c for i in failed for c in i["columns"]}
    assert [r["values"]["image height"] for i in failed for r in i["rows"]
            if i["columns"] == ["image height"]] == [3] * 10  # fmt: skip
    assert [i["observed"] for i in failed if not i["columns"]] == [
        "20 of 89 rows (22.47%) repeat an earlier one"
    ]


def test_fresh_steps_are_read_into_the_channels_of_training(tmp_path):
    write_walks(tmp_path / "d.csv", 150)
    given = ["--target", "label", "--entity", "entity", "--time", "t", "--into", str(tmp_path)]
    assert cli.main(["init", str(tmp_path / "d.csv"), *given, "--yes"]) == 0
    for stage in ("ingest", "validate", "featurize", "split", "explore"):
        run_stage(tmp_path, stage)

    def checked(table):
        table.to_csv(tmp_path / "new.csv", index=False)
        report = fresh.check(tmp_path, tmp_path / "new.csv")
        return report["verdict"], [i["message"] for i in report["findings"]]

    table = walks(60, seed=1)
    assert checked(table) == ("pass", [])
    frozen = table.groupby("entity")["load"].transform("max")
    verdict, messages = checked(table.assign(load=frozen))
    assert verdict == "warn"
    assert any("`sequence load spread` is distributed otherwise" in said for said in messages)
    for other in (table.rename(columns={"heat": "heart"}), table.drop(columns="heat")):
        verdict, (message,) = checked(other)
        assert verdict == "block"
        assert message.startswith("new.csv must have the column `heat` (ingest.channels)")
    verdict, messages = checked(table.assign(plant=np.arange(len(table)).astype(str)))
    assert (verdict, "must have one value for each entity" in messages[0]) == ("block", True)
