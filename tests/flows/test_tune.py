"""`ninefold tune` under Prefect: the search alone, then its winner in params.yaml."""

import argparse
import json

import pytest

from flows.commands import tune as command
from ninefold.config import load_params
from ninefold.errors import ConfigError
from tests.end_to_end.workspaces import draft
from tests.flows.test_run import ask

TUNE = """tune:
  folds: 2
  space:
    train.lr: {low: 0.0001, high: 0.1, log: true}
"""
NETWORK = "network: {kind: mlp, hidden_size: 8, num_layers: 1, ensemble_size: 2}"


def run(*arguments):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.main(parser.parse_args(arguments))


def test_the_search_runs_as_a_flow_and_applies_its_winner(server, tmp_path, capsys, monkeypatch):
    folder = draft(tmp_path)
    monkeypatch.chdir(folder)
    params = folder / "params.yaml"
    text = params.read_text().replace("network: {kind: mlp}", NETWORK)
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith("tune:")]
    params.write_text("".join(lines) + TUNE)
    with pytest.raises(ConfigError, match="--trials"):
        run("--trials", "0", "--json")
    assert run("--trials", "3", "--json") == 0
    out = capsys.readouterr()
    found = json.loads(out.out)
    assert len(found["trials"]) == 3
    assert "+  trials: 3" in out.err
    assert not (folder / "models").exists()

    assert run("--apply") == 0
    said = capsys.readouterr().out
    assert "6 cached" in said
    changed = {change["path"]: change["to"] for change in found["changes"]}
    assert load_params(folder)["train"].lr == changed.get("train.lr", 0.002)
    assert ("+  lr:" in said) == bool(changed)

    flow_run = ask(server, "flow_runs/filter", sort="START_TIME_DESC", limit=1)[0]
    assert flow_run["state"]["name"] == "Completed"
    made = ask(server, "artifacts/filter", flow_runs={"id": {"any_": [flow_run["id"]]}})
    (table,) = [item for item in made if item["key"] == "tune-tuning" and item["type"] == "table"]
    assert len(json.loads(table["data"])) == 3
    assert any("reports/tuning.html" in str(item["data"]) for item in made)
