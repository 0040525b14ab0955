"""One table as a user would bring it, what leaks in it, and how the audit answers."""

import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ninefold.columns import Frame, to_array
from ninefold.config import validate
from ninefold.datasets import read
from ninefold.features import FeaturizeSpec, build, featurize
from ninefold.leakage import AuditSpec, audit
from ninefold.problem import ProblemSpec
from ninefold.splitting import split
from tasks.drafting.proposals import propose

Array = np.ndarray[Any, Any]
LEAST_OVERLAP = 0.5
"""Share of the planted rows that a finding must name, and of the named that must be planted."""


@dataclass(frozen=True)
class Trial:
    """A table with the declarations of a user.

    `part` `(N,)` is "train", "valid", "test" or "" where the user brings a split. `leak` is "" for
    an honest table; otherwise a finding of one of `families` must name one of `columns`, or `rows`,
    of which Ninefold's own split leaves those in test. Of `pairs` of rows, one copied from the
    other, those in test leak whose other one is not.
    """

    name: str
    table: pd.DataFrame
    target: str
    leak: str = ""
    families: frozenset[str] = frozenset()
    columns: frozenset[str] = frozenset()
    rows: frozenset[int] = frozenset()
    pairs: tuple[tuple[int, int], ...] = ()
    task: str | None = None
    time: str | None = None
    group: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    horizon: str | None = None
    part: Array | None = None


@dataclass(frozen=True)
class Answer:
    """What the audit said of a trial, and the CPU seconds it took (the audit alone)."""

    trial: Trial
    report: dict[str, Any]
    seconds: float
    loud: list[dict[str, Any]] = field(init=False)
    """Findings that stop or warn."""

    def __post_init__(self) -> None:
        loud = [item for item in self.report["findings"] if item["severity"] != "info"]
        object.__setattr__(self, "loud", loud)

    @property
    def verdict(self) -> str:
        return str(self.report["verdict"])

    def is_found(self) -> bool:
        """Tell whether a finding that stops or warns names what was planted."""
        return any(_names_it(item, self.trial) for item in self.loud)

    def is_found_by(self, kind: str) -> bool:
        """Tell whether a finding of this kind does."""
        return any(_names_it(item, self.trial) for item in self.loud if item["kind"] == kind)


def _names_it(finding: dict[str, Any], trial: Trial) -> bool:
    if finding["kind"].partition(".")[0] not in trial.families:
        return False
    if trial.columns & set(finding["columns"]):
        return True
    named = set(finding["rows"])
    both = len(named & trial.rows)
    return both > 0 and both >= LEAST_OVERLAP * max(len(named), len(trial.rows))


def run(trial: Trial) -> Answer:
    """Take a trial through ingest, featurize, split and audit with default settings."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frame, problem = _ingest(folder, trial)
        content: dict[str, Any] = {}
        if trial.part is not None:
            rows = pd.DataFrame({"row": np.arange(len(trial.table)), "part": trial.part})
            rows[rows["part"] != ""].to_csv(folder / "parts.csv", index=False)
            content = {"kind": "given", "path": "parts.csv"}
        parts = split(frame, problem, validate("split", content), folder)
    start = time.process_time()
    tested = frozenset(frame.row[parts.part == "test"].tolist())
    leaking = trial.rows if trial.part is not None else trial.rows & tested
    trial = replace(trial, rows=leaking | _leaking(trial.pairs, tested))
    kind = parts.manifest["split"]["kind"]
    report = audit(frame, parts.part, problem, AuditSpec(), kind)
    return Answer(trial, report, time.process_time() - start)


def _leaking(pairs: tuple[tuple[int, int], ...], tested: frozenset[int]) -> frozenset[int]:
    """Return the test rows of pairs that are apart; of all, where a split keeps all together."""
    ways = [way for pair in pairs for way in (pair, pair[::-1]) if way[0] in tested]
    return frozenset({row for row, other in ways if other not in tested} or {a for a, _ in ways})


def _ingest(folder: Path, trial: Trial) -> tuple[Frame, ProblemSpec]:
    """Read and featurize as `ninefold init --yes` and the stages do."""
    source = validate("ingest", _written(trial.table, folder))
    first = ProblemSpec(target=trial.target, task="classification")
    table, columns = read(source, first, folder)
    declared = [trial.time, *trial.group, *trial.ids, *trial.after]
    found = propose(table, columns, (trial.target,), filter(None, declared))
    is_free = trial.time is None and not trial.group and trial.part is None
    problem = validate(
        "problem",
        {
            "target": trial.target,
            "task": trial.task or found.task,
            "time": found.time if is_free else trial.time,
            "horizon": trial.horizon,
            "group": list(trial.group),
            "ids": list(dict.fromkeys(trial.ids or found.ids)),
            "available_at": dict.fromkeys(trial.after, "after"),
        },
    )
    table, columns = read(source, problem, folder)
    data = {c.name: to_array(table[c.name], c.kind) for c in columns}
    raw = Frame(columns, data, np.asarray(table["_row"].to_numpy()))
    model, derived = build(columns, problem, FeaturizeSpec())
    return featurize(raw, model, derived), problem


def _written(table: pd.DataFrame, folder: Path) -> dict[str, str]:
    """Write a table as a user has it, and return how it is read."""
    if "image" not in table:
        table.to_csv(folder / "data.csv", index=False)
        return {"kind": "file", "path": "data.csv"}
    arrays: dict[str, Any] = {
        str(name): np.stack(values.to_list()) if name == "image" else values.to_numpy().astype(str)
        for name, values in table.items()
    }
    np.savez(folder / "data.npz", **arrays)
    return {"kind": "arrays", "path": "data.npz"}
