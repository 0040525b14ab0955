"""The verdict of whole runs: nothing to learn, and an interaction that only a network finds."""

import json

import numpy as np
import pandas as pd
import pytest

from ninefold.cli import main
from ninefold.config import read_yaml
from tasks.__main__ import run_stage

ROWS = 1000
NETWORK = "  epochs: 60\n  network: {kind: mlp, hidden_size: 32, num_layers: 1, ensemble_size: 2}\n"


def judged(folder, outcome):
    random = np.random.default_rng(7)
    X = random.normal(size=(ROWS, 6))
    table = pd.DataFrame(X, columns=[f"x{i}" for i in range(6)]).assign(y=outcome(X, random))
    table.to_csv(folder / "data.csv", index=False)
    given = ["--target", "y", "--task", "regression", "--into", str(folder), "--yes"]
    assert main(["init", str(folder / "data.csv"), *given]) == 0
    params = folder / "params.yaml"
    text = params.read_text().replace("  network: {kind: mlp}\n", NETWORK)
    text = text.replace("crossvalidate: {}", "crossvalidate: {curve: false}")
    params.write_text(text.replace("evaluate:\n", "evaluate:\n  bootstrap: 200\n"))
    assert "hidden_size: 32" in params.read_text()
    for stage in read_yaml(folder / "dvc.yaml")["stages"]:
        if stage != "report":
            run_stage(folder, stage)
    read = lambda name: json.loads((folder / "reports" / name).read_text())  # noqa: E731
    return read("evaluation.json")["verdict"], read("receipt.json")


@pytest.mark.timeout(900)
def test_on_pure_noise_deep_learning_is_never_needed(tmp_path):
    verdict, receipt = judged(tmp_path, lambda X, random: random.normal(size=len(X)))
    assert verdict["answer"] in ("not needed", "inconclusive")
    assert verdict["p_better"] < 0.5
    assert receipt["pass"]
    is_ahead = verdict["answer"] == "inconclusive" and verdict["gain"] > 0
    assert receipt["model"] == ("network" if is_ahead else verdict["baseline"])


@pytest.mark.timeout(900)
@pytest.mark.thorough
def test_a_strong_interaction_needs_the_network(tmp_path):
    def products(X, random):
        return (X[:, ::2] * X[:, 1::2]).sum(axis=1) + 0.2 * random.normal(size=len(X))

    verdict, receipt = judged(tmp_path, products)
    assert verdict["answer"] == "needed", verdict["sentence"]
    assert set(verdict["evidence"]) == {"folds", "test"}
    assert receipt["model"] == "network"
