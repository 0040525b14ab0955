"""The smallest workspace that takes every stage, and what it holds."""

import hashlib

from ninefold.config import read_yaml
from tests.end_to_end.commands import ninefold
from tests.end_to_end.tables import messy, write

FEWER = {
    "train:\n": "train:\n  epochs: 2\n",
    "evaluate:\n": "evaluate:\n  bootstrap: 100\n",
    "crossvalidate: {}": "crossvalidate: {curve: false}",
}
OUTPUTS = ("data", "models", "reports")
TIMED = {"latency.json", "training_cost.json", "report.html"}
"""What tells how long something took, which no two runs agree on."""


def draft(folder):
    """Make the smallest workspace that takes every stage."""
    write(messy(160, "binary"), folder / "rows.csv")
    ninefold("init", "rows.csv", "--target", "y", "--yes", cwd=folder)
    params = folder / "params.yaml"
    text = params.read_text()
    for before, after in FEWER.items():
        assert before in text
        text = text.replace(before, after)
    params.write_text(text)
    return folder


def digests(workspace):
    files = [p for name in OUTPUTS for p in (workspace / name).rglob("*") if p.is_file()]
    return {
        str(p.relative_to(workspace)): p.name in TIMED or hashlib.md5(p.read_bytes()).hexdigest()
        for p in files
    }


def stages(workspace):
    return list(read_yaml(workspace / "dvc.yaml")["stages"])


def temporary(workspace):
    return [p for p in workspace.rglob("*.tmp") if ".dvc" not in p.parts]
