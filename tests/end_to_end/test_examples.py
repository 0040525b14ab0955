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
from tests.pipelines import Workspace

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/params.yaml"))
ALIKE = {"co2_forecast", "digits", "digits_drawn", "rainy_hours", "spoken_vowels"}
"""Examples whose kind of data other tests take through every stage."""
ROWS, EPOCHS = 200, 2
FEWER = {
    "ingest:\n": f"ingest:\n  sample_rows: {ROWS}\n",
    "evaluate:\n": "evaluate:\n  bootstrap: 100\n",
    "crossvalidate: {}": "crossvalidate: {network: false, curve: false}",
    "  epochs: ": f"  epochs: {EPOCHS} # ",
}
FEWER_WITHOUT_TARGET = {
    "evaluate: {}": "evaluate: {bootstrap: 100}",
    "cluster:\n": "cluster:\n  bootstraps: 2\n  k_max: 4\n",
    "autoencoder:\n": "autoencoder:\n  epochs: 5\n",
    "  steps: ": "  steps: 50 # ",
    "  kind: nyc_weather\n": f"  kind: nyc_weather\n  sample_rows: {ROWS}\n",
    "  epochs: 30\ncrossvalidate: {}": "  epochs: 2\ncrossvalidate: {network: false, curve: false}",
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
    text = params.read_text(encoding="utf-8")
    learns = read_yaml(params)["problem"]["task"] in LEARNED
    for before, after in (FEWER if learns else FEWER_WITHOUT_TARGET).items():
        assert before in text or not learns
        text = text.replace(before, after, 1)
    params.write_text(text, encoding="utf-8")
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
