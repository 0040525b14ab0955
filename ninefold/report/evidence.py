"""What a run left behind, read for the report."""

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ninefold.report import ReportSpec
from ninefold.sealing import Opening, looks, read_ledger

DOCUMENTS: Mapping[str, str] = {
    "profile": "profile.json",
    "quality": "quality.json",
    "manifest": "manifest.json",
    "exploration": "exploration.json",
    "leakage": "leakage.json",
    "baselines": "baselines.json",
    "folds": "folds.json",
    "training_cost": "training_cost.json",
    "diagnosis": "diagnosis.json",
    "evaluation": "evaluation.json",
    "receipt": "receipt.json",
    "explanation": "explanation.json",
    "latency": "latency.json",
    "network": "network.json",
    "layout": "layout.json",
    "ledger": "test_ledger.jsonl",
}
"""Name in the report -> file that a stage wrote."""
APART: Mapping[str, str] = {"tuning": "tuning.json"}
"""The same of documents that have a page of their own."""


@dataclass(frozen=True)
class Evidence:
    """The documents of a run, by name; one that is missing or damaged is an empty mapping."""

    spec: ReportSpec
    documents: Mapping[str, Mapping[str, Any]]
    history: tuple[Mapping[str, float], ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    expected: tuple[str, ...] = tuple(DOCUMENTS)
    """Documents that a run of this workspace leaves."""

    def __getattr__(self, name: str) -> Mapping[str, Any]:
        """Return a document: `evidence.quality`."""
        if name not in {*DOCUMENTS, *APART}:
            raise AttributeError(name)
        return self.documents.get(name, {})

    @property
    def task(self) -> str:
        """The task of the run; that of the demo where nothing says so."""
        found = self.params.get("problem")
        told = found.get("task") if isinstance(found, Mapping) else self.evaluation.get("task")
        return str(told or "classification")

    @property
    def metric(self) -> str:
        """Name of the reported metric, "" if it is not known."""
        found = self.evaluation.get("metric")
        return str(found["name"]) if isinstance(found, dict) else ""

    def title(self, name: str) -> str:
        """Return what people call a model: a baseline, or the network."""
        titles = {e["name"]: e.get("title") for e in self.baselines.get("baselines", ())}
        return titles.get(name) or name.replace("_", " ")

    @property
    def masked(self) -> frozenset[str]:
        """Columns whose values must not be shown: `validate.mask` of params.yaml."""
        found = self.params.get("validate")
        return frozenset((found.get("mask") or ()) if isinstance(found, Mapping) else ())

    @property
    def is_regression(self) -> bool:
        return self.evaluation.get("task") == "regression"


def read_documents(files: Mapping[str, Path]) -> dict[str, Mapping[str, Any]]:
    """Read the documents that exist; anything but a JSON object counts as missing.

    Raises:
        InputError: the ledger is damaged: without it nothing can be said of how often the test part
            was opened.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for name, path in files.items():
        try:
            content = (
                {"openings": [asdict(opening) for opening in read_ledger(path)]}
                if path.suffix == ".jsonl"
                else json.loads(path.read_text(encoding="utf-8"))
            )
        except (OSError, ValueError):
            continue
        if isinstance(content, dict):
            found[name] = content
    return found


def openings_of(evidence: Evidence) -> list[Opening]:
    """Return how often the test part of the run was opened, its own model among them."""
    openings = [Opening(**found) for found in evidence.ledger.get("openings", ())]
    return looks(openings, evidence.evaluation["test_set"])


def read_history(path: Path) -> tuple[Mapping[str, float], ...]:
    """Read the training history; () if there is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple(
                {key: float(value) for key, value in row.items()} for row in csv.DictReader(file)
            )
    except (OSError, ValueError, TypeError):
        return ()
