"""The smallest workspace that takes every stage, and what it holds."""

import hashlib

from ruamel.yaml import YAML

from ninefold.config import read_yaml
from tests.end_to_end.commands import ninefold
from tests.end_to_end.tables import messy, write

FEWER = {"train": {"epochs": 2}, "evaluate": {"bootstrap": 100}, "crossvalidate": {"curve": False}}
NO_NETWORK = {"crossvalidate": {"network": False, "curve": False}}
OUTPUTS = ("data", "models", "reports")
TIMED = {"latency.json", "training_cost.json", "report.html"}
"""What tells how long something took, which no two runs agree on."""


def draft(folder):
    """Make the smallest workspace that takes every stage."""
    write(messy(160, "binary"), folder / "rows.csv")
    ninefold("init", "rows.csv", "--target", "y", "--yes", cwd=folder)
    lessen(folder / "params.yaml", FEWER)
    return folder


def lessen(params, changes):
    """Merge `changes` into those sections a params.yaml has."""
    yaml = YAML()
    settings = yaml.load(params)
    for section in settings.keys() & changes.keys():
        settings[section] = {**settings[section], **changes[section]}
    yaml.dump(settings, params)


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
