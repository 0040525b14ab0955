"""Score the network and the baselines on valid, open the sealed test part, come to a verdict."""

from pathlib import Path
from typing import TYPE_CHECKING

from ninefold.columns import read_frame
from ninefold.evaluation.evaluate import evaluate, flat_metrics, measured
from ninefold.evaluation.part import Part, known_rows
from ninefold.evaluation.plots import write_plots
from ninefold.evaluation.predicting import baseline_files, costs, predict_with, titles_of
from ninefold.files import read_json, write_json
from ninefold.sealing import Opening, check_seal, facts, finished, hash_files, record
from ninefold.training import TrainedModel
from ninefold.training.model import HISTORY
from tasks.stage_io import StageIO

if TYPE_CHECKING:
    from collections.abc import Mapping


def run(io: StageIO) -> None:
    """Write reports/evaluation.json, reports/metrics.json, the plots' tables, and the ledger.

    Raises:
        GateError: the test part is not the one the split sealed.
    """
    network = io.dep("models/network")
    files = baseline_files(io.dep("models/baselines"))
    sealed = read_json(io.dep("manifest.json"))["seal"]
    check_seal(io.dep("test.parquet"), sealed)
    opening = Opening(sealed["rows_sha256"], hash_files(_compared(io, network, files)))
    record(io.journal(), [opening])
    model, spec = TrainedModel.load(network), io.params("evaluate")
    baselines = read_json(io.dep("baselines.json"))
    valid, test = (_part(io.dep(f"{n}.parquet"), n, model, files) for n in ("valid", "test"))
    content = evaluate(
        valid,
        test,
        model.head,
        io.params("problem"),
        spec,
        model.history,
        costs(model.facts, network, files),
        read_json(io.dep("folds.json")),
        {found["name"]: found["threshold"] for found in baselines["baselines"]},
        titles_of(baselines),
    )
    opening = finished(opening, *measured(content))
    record(io.journal(), [opening])
    content["test_set"] = facts(opening, sealed)
    write_json(io.out("evaluation.json"), content)
    write_json(io.out("metrics.json"), flat_metrics(content))
    write_plots(io.out("reports/plots"), model.head, content, spec.seed)


def _compared(io: StageIO, network: Path, baselines: "Mapping[str, Path]") -> dict[str, Path]:
    """Return the files that make a model another one."""
    files = {path.name: path for path in network.iterdir() if path.name != HISTORY}
    files |= {f"baseline {name}": path for name, path in baselines.items()}
    return files | {"featurize": io.dep("featurize.onnx")}


def _part(path: Path, name: str, model: TrainedModel, files: "Mapping[str, Path]") -> Part:
    frame = known_rows(read_frame(path), model.head, name)
    scores = model.scores(frame)
    baselines = {title: predict_with(file, frame) for title, file in files.items()}
    y = model.head.target.encode(frame)
    return Part(frame, y, scores, model.head.predict(scores), baselines)
