"""Two small workspaces taken through every stage: two classes, and a regression."""

import csv

import numpy as np
import pytest

from ninefold.cli import main
from ninefold.config import read_yaml
from tasks.__main__ import run_stage

ROWS = 260
NAMES = ['size <cm> & "more"', "farbe ü", "when", "flag", "constant", "target"]


def _table(path, is_regression):
    random = np.random.default_rng(3)
    size = random.normal(size=ROWS)
    colour = random.choice(["<script>alert(1)</script>", "b & c", "ünï"], ROWS)
    days = np.datetime64("2021-01-01") + random.permutation(ROWS)
    signal = 2 * size + (colour == "ünï") + random.normal(size=ROWS) * 0.5
    target = np.round(1000 * signal, 2) if is_regression else np.where(signal > 1, "yes", "<no>")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(NAMES)
        for row in zip(size, colour, days, signal > 0, [1] * ROWS, target, strict=True):
            writer.writerow(["" if random.random() < 0.05 else row[0], *row[1:]])


def _workspace(folder, is_regression):
    data = folder / "data.csv"
    _table(data, is_regression)
    task = "regression" if is_regression else "classification"
    given = ["--target", "target", "--task", task, "--time", "when", "--into", str(folder)]
    assert main(["init", str(data), *given, "--yes"]) == 0
    params = folder / "params.yaml"
    text = params.read_text(encoding="utf-8")
    text = text.replace("train:\n", "train:\n  epochs: 3\n").replace(
        "evaluate:\n", "evaluate:\n  bootstrap: 100\n"
    )
    params.write_text(text, encoding="utf-8")
    for stage in read_yaml(folder / "dvc.yaml")["stages"]:
        run_stage(folder, stage)
    return folder


@pytest.fixture(scope="session", params=["classification", "regression"])
def workspace(request, tmp_path_factory):
    """A folder in which every stage has run."""
    folder = tmp_path_factory.mktemp(request.param)
    return _workspace(folder, request.param == "regression")
