"""Search params in the folds of the train part; the test part is no dependency."""

import csv
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ninefold.columns import read_frame
from ninefold.config import Spec
from ninefold.files import jsonable, replacing, write_json
from ninefold.report import ReportSpec
from ninefold.report.evidence import Evidence
from ninefold.report.page import render
from ninefold.splitting import read_folds
from ninefold.tuning import journal
from ninefold.tuning.space import SECTIONS, Space, proposed, settings_of
from ninefold.tuning.tune import tune
from ninefold.tuning.work import Material
from tasks.stage_io import StageIO

PACKAGES = ("ninefold", "numpy", "onnxruntime", "optuna", "torch")
"""Packages whose version may change which trial wins."""
SHOWS = ("ninefold/report", "tasks/")
"""Code that shows what was found: a change there makes no other study."""
HOW_LONG = {"trials", "timeout_s", "workers", "scheduler"}
"""Keys of `tune` that do not make another study: more trials go on from those there are."""


def run(io: StageIO) -> None:
    """Search, or go on where the journal stands; write reports/tuning.{json,csv,html}.

    Raises:
        ConfigError: `tune.space` names what cannot be searched; before any data is read.
    """
    problem, spec = io.params("problem"), io.params("tune")
    specs = {
        "train": io.params("train"),
        "preprocess": io.params("preprocess"),
        "sampling": io.params("sampling"),
    }
    space = space_of(spec, specs)
    material = Material(
        read_frame(io.dep("train.parquet")),
        read_frame(io.dep("valid.parquet")),
        read_folds(io.dep("folds.parquet")),
        problem,
        space.settings,
        io.dep("featurize.onnx").read_bytes(),
        spec.folds,
    )
    found = tune(material, space, spec, io.journal() / f"{_study(io, {**specs, 'tune': spec})}.log")
    write_json(io.out("tuning.json"), found)
    _write_table(io.out("tuning.csv"), found)
    page = Evidence(
        ReportSpec(title="Tuning"),
        {"tuning": jsonable(found)},
        params=jsonable({"problem": problem, **specs, "tune": spec}),
        versions={name: version(name) for name in PACKAGES},
        expected=("tuning",),
    )
    with replacing(io.out("tuning.html")) as temporary:
        temporary.write_text(render(page), encoding="utf-8")


def space_of(spec: Any, specs: Mapping[str, Spec]) -> Space:
    """Return the search space of `tune`. Raises `ConfigError`."""
    settings = settings_of({name: specs[name] for name in SECTIONS})
    return Space.of(spec.space, settings, proposed(settings))


def _study(io: StageIO, specs: Mapping[str, Spec]) -> str:
    """Name the study by all that its trials depend on."""
    content = {name: spec.model_dump(mode="json") for name, spec in specs.items()}
    content["tune"] = {k: v for k, v in content["tune"].items() if k not in HOW_LONG}
    content["problem"] = io.params("problem").model_dump(mode="json")
    content["version"] = {name: version(name) for name in PACKAGES}
    deps = [str(dep) for dep in io.declared["deps"] if not str(dep).startswith(SHOWS)]
    return journal.key(content, [io.workspace / dep for dep in deps])


def _write_table(path: Path, found: Mapping[str, Any]) -> None:
    """Write one line per complete trial: its value, the best so far, and what it costs."""
    sign = 1.0 if found["metric"]["higher_is_better"] else -1.0
    complete = [trial for trial in found["trials"] if trial["state"] == "complete"]
    costs = list(complete[0]["cost"])
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["trial", "value", "best", *costs])
        best = None
        for trial in complete:
            value = trial["value"]
            best = value if best is None or sign * value > sign * best else best
            writer.writerow([trial["number"], value, best, *(trial["cost"][c] for c in costs)])
