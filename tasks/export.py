"""One ONNX file for raw rows; written only if it gives the numbers of the model it holds."""

from typing import TYPE_CHECKING, Any

from ninefold.columns import Frame, read_frame
from ninefold.errors import InputError
from ninefold.evaluation.predicting import baseline_files
from ninefold.export.baseline import ExportedBaseline, refit
from ninefold.export.choosing import Choice, choose
from ninefold.export.describe import code_hash, hash_files
from ninefold.export.latency import latency
from ninefold.export.publish import publish
from ninefold.export.receipt import gate
from ninefold.files import read_json, replacing, write_json
from ninefold.runtime import session
from ninefold.training import TrainedModel
from ninefold.training.model import read_spec
from tasks.stage_io import StageIO

if TYPE_CHECKING:
    import onnx


def run(io: StageIO) -> None:
    """Write reports/receipt.json, and models/model.onnx unless the gate refuses it."""
    train, valid = read_frame(io.dep("train.parquet")), read_frame(io.dep("valid.parquet"))
    featurize = read_featurize(io)
    evaluation = read_json(io.dep("evaluation.json"))
    spec = io.params("export")
    goal = read_spec(io.dep("models/network")).objective
    beyond = goal.beyond_baselines if goal is not None else ""
    choice = choose(spec.model, evaluation["verdict"], beyond)
    model = _model(io, choice, featurize, train, valid)
    found = publish(
        featurize,
        model,
        train,
        valid,
        io.params("problem"),
        spec,
        io.params("ingest"),
        facts(io, choice, evaluation),
        choice.name,
        io.params("validate").mask,
    )
    write_json(io.out("explanation.json"), found.explanation)
    write_json(io.out("latency.json"), _latencies(io, choice, found.content, valid))
    write_json(io.out("receipt.json"), {**told(choice), **found.receipt})
    gate(found.receipt)
    with replacing(io.out("model.onnx")) as temporary:
        temporary.write_bytes(found.content)


def told(choice: Choice | None) -> dict[str, str]:
    """Return what reports/receipt.json says of the choice; nothing where there was none."""
    return {"model": choice.name, "title": choice.title, "why": choice.why} if choice else {}


def read_featurize(io: StageIO) -> "onnx.ModelProto":
    """Read the graph of the derived columns. Raises `InputError`."""
    import onnx

    try:
        return onnx.load_model_from_string(io.dep("featurize.onnx").read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"data/featurize.onnx cannot be read: {error}. Run again") from None


def _model(
    io: StageIO, choice: Choice, featurize: "onnx.ModelProto", train: Frame, valid: Frame
) -> TrainedModel | ExportedBaseline:
    if choice.is_network:
        return TrainedModel.load(io.dep("models/network"))
    return refit(
        choice.name,
        io.dep("models/baselines") / f"{choice.name}.onnx",
        featurize,
        train,
        valid,
        io.params("problem"),
        io.params("sampling"),
        io.params("preprocess"),
        io.params("baselines"),
    )


def _latencies(io: StageIO, choice: Choice, content: bytes, valid: Frame) -> dict[str, Any]:
    """Time the file and those of the baselines; they differ from run to run.

    The network is timed where it is what is exported: to translate it only for that would take as
    long as all the rest.
    """
    files = baseline_files(io.dep("models/baselines"))
    contents = {name: path.read_bytes() for name, path in files.items()} | {choice.name: content}
    return {name: latency(session(file), valid) for name, file in contents.items()}


def facts(io: StageIO, choice: Choice | None, evaluation: dict[str, Any]) -> dict[str, Any]:
    """Return what the file says of itself beside its signature; `choice` is None without rivals."""
    is_baseline = choice is not None and not choice.is_network
    of_model = evaluation["baselines"][choice.name] if choice and is_baseline else evaluation
    return {
        **(
            {"model": {"name": choice.name, "title": choice.title, "why": choice.why}}
            if choice
            else {}
        ),
        "metrics": {part: of_model[part] for part in ("test", "valid")},
        "verdict": evaluation["verdict"],
        "test_set": evaluation["test_set"],
        "data": hash_files([io.dep("train.parquet"), io.dep("valid.parquet")]),
        "code": code_hash(),
        "leakage_ignored": [
            finding
            for finding in read_json(io.dep("leakage.json"))["findings"]
            if finding.get("ignored")
        ],
    }
