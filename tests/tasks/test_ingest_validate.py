import shutil
from pathlib import Path

import pytest

from ninefold.errors import GateError
from ninefold.files import read_json
from tasks.ingest import run as ingest
from tasks.stage_io import StageIO
from tasks.validate import run as validate

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ws")
    shutil.copy(ROOT / "dvc.yaml", folder)
    params = (ROOT / "params.yaml").read_text()
    assert "sample_rows: 30000" in params
    (folder / "params.yaml").write_text(params.replace("sample_rows: 30000", "sample_rows: 4000"))
    (folder / "expectations").mkdir()
    shutil.copy(ROOT / "expectations" / "flights.yaml", folder / "expectations")
    ingest(StageIO(folder, "ingest"))
    return folder


def test_the_flights_pass_their_suite(workspace):
    validate(StageIO(workspace, "validate"))
    report = read_json(workspace / "reports" / "quality.json")
    assert report["verdict"] == "pass", [e for e in report["expectations"] if not e["success"]]
    assert report["counts"]["expectations"] >= 40
    assert all(item["because"] for item in report["expectations"])


def test_a_blocked_gate_writes_everything_first(workspace):
    suite = workspace / "expectations" / "flights.yaml"
    suite.write_text(suite.read_text().replace("max_value: 5500", "max_value: 100"))
    shutil.rmtree(workspace / "reports" / "data_docs", ignore_errors=True)
    with pytest.raises(GateError, match="distance"):
        validate(StageIO(workspace, "validate"))
    assert read_json(workspace / "reports" / "quality.json")["verdict"] == "block"
    assert (workspace / "reports" / "data_docs" / "index.html").exists()
