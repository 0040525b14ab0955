"""Measure the model and the baselines on valid and on the sealed test part."""

import csv
import io as text_io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ninefold.aims import Aim, Contested, Tested, aim_of
from ninefold.columns import read_frame
from ninefold.evaluation.evaluate import flat_metrics, measured
from ninefold.evaluation.predicting import baseline_files, costs, titles_of
from ninefold.files import read_json, replacing, write_json
from ninefold.runtime import outputs_of, session
from ninefold.sealing import Opening, check_seal, facts, finished, hash_files, record
from ninefold.training.model import HISTORY
from tasks.stage_io import StageIO

if TYPE_CHECKING:
    from ninefold.columns import Frame


def run(io: StageIO) -> None:
    """Write reports/evaluation.json, reports/metrics.json, the plots' tables, and the ledger.

    Raises:
        GateError: the test part is not the one the split sealed.
    """
    network, files = io.dep("models/network"), baseline_files(io.dep("models/baselines"))
    sealed = read_json(io.dep("manifest.json"))["seal"]
    check_seal(io.dep("test.parquet"), sealed)
    compared = {path.name: path for path in network.iterdir() if path.name != HISTORY}
    compared |= {f"baseline {name}": path for name, path in files.items()}
    compared |= {"featurize": io.dep("featurize.onnx")}
    opening = Opening(sealed["rows_sha256"], hash_files(compared))
    record(io.journal(), [opening])
    problem = io.params("problem")
    aim = aim_of(problem.task)
    names, model = ("train", "valid", "test"), aim.load(network)
    parts = {name: aim.rows(read_frame(io.dep(f"{name}.parquet"))) for name in names}
    said = {name: _said(files, model.raw(parts[name], name)) for name in aim.asked}
    titles = titles_of(read_json(io.dep("baselines.json")))
    tested = Tested(parts, said, problem, io.params("evaluate"), titles=titles)
    if isinstance(aim, Contested):
        folds = read_json(io.dep("folds.json")) if io.has_dep("folds.json") else {}
        tested = replace(tested, folds=folds, cost=costs(model.facts, network, files))
    content = aim.evaluate(model, tested)
    opening = finished(opening, *measured(content))
    record(io.journal(), [opening])
    content["test_set"] = facts(opening, sealed)
    write_json(io.out("evaluation.json"), content)
    write_json(io.out("metrics.json"), flat_metrics(content))
    _write_plots(io.out("reports/plots"), aim, content)


def _said(files: Mapping[str, Path], frame: "Frame") -> dict[str, list[Any]]:
    """Return what each file says of the rows, output by output."""
    return {
        name: list(outputs_of(session(path.read_bytes()), frame).values())
        for name, path in files.items()
    }


def _write_plots(folder: Path, aim: Aim, content: Mapping[str, Any]) -> None:
    with replacing(folder) as temporary:
        temporary.mkdir()
        for name, (header, rows) in aim.tables(content).items():
            buffer = text_io.StringIO()
            csv.writer(buffer, lineterminator="\n").writerows([header, *rows])
            (temporary / f"{name}.csv").write_text(buffer.getvalue(), encoding="utf-8")
