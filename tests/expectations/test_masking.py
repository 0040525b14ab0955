"""Values of masked columns come out nowhere: not in JSON, not in pages, not in artifacts."""

import numpy as np
import pandas as pd
import pytest

from expectations.data_docs import HISTORY
from flows.artifacts import failing_rows
from ninefold import cli
from ninefold.errors import GateError
from ninefold.files import read_json
from ninefold.quality_history import KEPT, picture, read_history, remember
from tasks.__main__ import run_stage
from tests.end_to_end.tables import write

SECRET = [f"{n:03d}-{n % 97:02d}-{n * 7919 % 10000:04d}" for n in range(400)]
SUITE = """\
name: strict
expectations:
  - {type: expect_column_values_to_be_in_set, column: ssn, value_set: [417-11-2222], because: no}
  - {type: expect_column_mean_to_be_between, column: ssn, min_value: 1}
  - {type: expect_column_values_to_be_between, column: income, max_value: 71234.5, because: "75287"}
  - {type: expect_column_max_to_be_between, column: income, max_value: 1}
  - {type: expect_compound_columns_to_be_unique, column_list: [ssn, city]}
  - {type: expect_column_values_to_be_in_set, column: city, value_set: [Rome], because: all do}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("masked")
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"ssn": SECRET, "city": rng.choice(["Rome", "Oslo"], 400)})
    table["income"] = 70000.5 + np.arange(400) * 13.25
    table["y"] = np.where(rng.random(400) < 0.5, "yes", "no")
    table.loc[7, "ssn"] = SECRET[8]
    write(table, folder / "d.csv")
    (folder / ".dvc").mkdir()
    assert (
        cli.main(["init", str(folder / "d.csv"), "--target", "y", "--into", str(folder), "--yes"])
        == 0
    )
    params = folder / "params.yaml"
    text = params.read_text()
    assert "validate: {}" in text
    params.write_text(text.replace("validate: {}", "validate: {mask: [ssn, income]}"))
    (folder / "expectations" / "suite.yaml").write_text(SUITE)
    run_stage(folder, "ingest")
    with pytest.raises(GateError) as error:
        run_stage(folder, "validate")
    (folder / "said.txt").write_text(str(error.value))
    for stage in ("featurize", "split", "explore"):
        run_stage(folder, stage)
    return folder


def test_no_masked_value_leaves_the_data(workspace):
    secrets = [*SECRET, "417-11-2222", "71234.5", "70000.5", "70013.75", "75287"]
    places = [workspace / "reports", workspace / ".ninefold"]
    files = [*workspace.glob("*.txt"), *workspace.glob("quality_history*")]
    files += [file for place in places for file in place.rglob("*")]
    texts = {p: p.read_text(encoding="utf-8") for p in files if p.is_file()}
    assert len(texts) >= 8
    assert [(p.name, s) for p, text in texts.items() for s in secrets if s in text] == []
    rows = list(failing_rows(read_json(workspace / "reports" / "quality.json")))
    assert not [s for s in secrets if s in str(rows)]


def test_the_rows_and_the_rules_are_still_told(workspace):
    report = read_json(workspace / "reports" / "quality.json")
    first, *_, last = report["expectations"]
    assert first["unexpected_count"] == 400
    assert first["rows"][0] == {"row": 0, "values": {"ssn": "•••"}}
    assert first["kwargs"] == {"column": "ssn", "value_set": "•••"}
    assert last["rows"][0]["values"]["city"] == "Oslo"
    page = (workspace / "reports" / "data_docs" / "index.html").read_text()
    assert "Rules on masked columns" in page
    assert page.count("Oslo") > 3


def test_each_validation_is_remembered_and_drawn(workspace):
    (found,) = read_history(workspace / "quality_history.jsonl")
    assert (found["verdict"], found["rows"], found["expectations"]) == ("block", 400, 6)
    docs = workspace / "reports" / "data_docs"
    assert f'<img src="{HISTORY}"' in (docs / "index.html").read_text()
    assert (docs / HISTORY).resolve().read_text().count("<rect") == 1
    with pytest.raises(GateError):
        run_stage(workspace, "validate")
    assert len(read_history(workspace / "quality_history.jsonl")) == 2


def test_a_torn_line_costs_only_itself_and_old_ones_go(tmp_path):
    path = tmp_path / "history.jsonl"
    line = {
        "verdict": "warn",
        "warned": 1,
        "blocked": 0,
        "expectations": 3,
        "rows": 5,
        "at": "2026",
    }
    remember(path, line)
    with path.open("ab") as file:
        file.write(b'{"verdict": "pa')
    for number in range(KEPT + 20):
        remember(path, {**line, "rows": number})
    found = read_history(path)
    assert len(found) == KEPT
    assert found[-1]["rows"] == KEPT + 19
    assert picture([]).startswith("<svg")
    assert 'aria-label="The last 40 validations' in picture(found)
