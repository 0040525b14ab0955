"""Workspaces of tasks that learn no target, run stage by stage in this process."""

from pathlib import Path

import numpy as np
import pandas as pd

from ninefold.clustering.fitting import fit
from ninefold.clustering.model import ClusterModel
from ninefold.columns import read_frame
from ninefold.config import validate
from ninefold.preprocessing import PreprocessSpec
from ninefold.problem import ProblemSpec
from ninefold.runtime import session
from ninefold.unlabelled.preparing import prepare
from tasks.__main__ import run_stage
from tests.end_to_end.commands import ninefold

STAGES = ("ingest", "featurize", "split", "audit", "baselines", "train", "evaluate", "export")
"""Those that compute; validate and explore are the same for every task."""


def blobs(rows: int = 360, seed: int = 0) -> pd.DataFrame:
    """Return three groups in two numbers, with gaps, names and a column of many levels."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, rows)
    table = pd.DataFrame(
        {
            "Größe (m²)": rng.normal(group * 6.0, 1.0).round(3),
            "weight": rng.normal((group == 1) * 7.0, 1.0).round(3),
            "colour": np.array(["red", "blue", "green"])[group],
            "is new": rng.random(rows) < 0.5,
            "city": np.array([f"c{i}" for i in range(12)])[rng.integers(0, 12, rows)],
            "kind": np.array(["a", "b", "c"])[group],
        }
    )
    table.loc[rng.random(rows) < 0.05, "weight"] = np.nan
    return table


def draft(folder: Path, table: pd.DataFrame, task: str, *options: str, **changes: str) -> Path:
    """Write a table and draft its workspace; `changes` are whole sections of params.yaml."""
    table.to_csv(folder / "rows.csv", index=False)
    ninefold("init", "rows.csv", "--task", task, *options, "--into", "ws", "--yes", cwd=folder)
    workspace = folder / "ws"
    change(workspace, **changes)
    return workspace


def change(workspace: Path, **changes: str) -> None:
    """Replace whole sections of params.yaml."""
    lines, kept, skips = (workspace / "params.yaml").read_text().splitlines(), [], False
    for line in lines:
        if not line.startswith((" ", "#")):
            skips = line.split(":")[0] in changes
        if not skips:
            kept.append(line)
    kept += [f"{name}: {content}" for name, content in changes.items()]
    (workspace / "params.yaml").write_text("\n".join(kept) + "\n")


def refined(workspace: Path, **encoder: object) -> ClusterModel:
    """Return two clusters of a workspace's rows, refined with an encoder of few epochs; its file
    must sort rows as it does.
    """
    train, valid = (read_frame(workspace / f"data/splits/{p}.parquet") for p in ("train", "valid"))
    ready = prepare(train, valid, ProblemSpec(task="clustering"), PreprocessSpec())
    settings = {"k": 2, "encoder": {"latent": 3, "epochs": 2, **encoder}, "refine": {"epochs": 12}}
    model = fit(ready, validate("cluster", settings))
    running = session(model.net())
    feeds = {"X": ready.X, "codes": ready.codes}
    (found,) = running.run(None, {item.name: feeds[item.name] for item in running.get_inputs()})
    np.testing.assert_allclose(found, model.scores(ready.X, ready.codes), atol=1e-5)
    assert model.facts["refined"]["epochs"] >= 10
    return model


def run(workspace: Path, *stages: str) -> Path:
    """Run stages in order."""
    for stage in stages or STAGES:
        run_stage(workspace, stage)
    return workspace
