"""Every example, on fewer rows, goes through every stage; its pipeline is the template's."""

import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ninefold.config import read_yaml
from ninefold.files import read_json
from ninefold.problem import LEARNED
from tasks.drafting.workspace import pipeline
from tasks.engine import run_stages
from tests.end_to_end import workspaces
from tests.pipelines import Workspace

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/params.yaml"))
ALIKE = {"co2_forecast", "digits", "digits_drawn", "rainy_hours", "spoken_vowels"}
"""Examples whose kind of data other tests take through every stage."""
FEWER = {
    **workspaces.FEWER,
    **workspaces.NO_NETWORK,
    "ingest": {"sample_rows": 200},
    "autoencoder": {"epochs": 5},
    "cluster": {"bootstraps": 2, "k_max": 4},
    "generate": {"steps": 50},
    "tag": {"epochs": 2},
}


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(path, id=path.name, marks=[pytest.mark.thorough] if path.name in ALIKE else [])
        for path in EXAMPLES
    ],
)
def test_an_example_runs_through_every_stage(example, tmp_path):
    folder = tmp_path / "ws"
    shutil.copytree(
        example, folder, ignore=shutil.ignore_patterns("data", "models", "reports", ".dvc")
    )
    params = folder / "params.yaml"
    learns = read_yaml(params)["problem"]["task"] in LEARNED
    workspaces.lessen(params, FEWER)
    workspace = object.__new__(Workspace)
    workspace.folder = folder
    workspace.dvc("init", "-q", "--no-scm")
    run_stages(folder)
    assert read_json(folder / "reports" / "receipt.json")["pass"] is True
    assert read_json(folder / "reports" / "quality.json")["verdict"] != "block"
    page = (folder / "reports" / "report.html").read_text(encoding="utf-8")
    assert "could not be drawn" not in page
    if read_json(folder / "reports" / "profile.json")["kinds"].get("image"):
        assert ("Filters of the first layer" in page) is learns
        assert page.count("data:image/png;base64,") > 20


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_has_the_stages_of_a_new_workspace(example):
    found = read_yaml(example / "dvc.yaml")
    task = read_yaml(example / "params.yaml")["problem"]["task"]
    template = YAML(typ="safe").load(pipeline(None, task))
    assert found["plots"] == template["plots"]
    for stages in (found, template):
        stages["stages"]["ingest"].pop("deps", None)
    assert found["stages"] == template["stages"]
