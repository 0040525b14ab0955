"""One ONNX file for raw rows; written only if it gives the model's numbers."""

from typing import TYPE_CHECKING, Any

from ninefold.aims import aim_of
from ninefold.columns import Frame, read_frame
from ninefold.evaluation.predicting import baseline_files
from ninefold.export.choosing import Choice, choose
from ninefold.export.latency import latency
from ninefold.export.receipt import gate
from ninefold.files import read_json, replacing, write_json
from ninefold.runtime import session
from ninefold.unlabelled.measuring import NOT_ASKED
from ninefold.unlabelled.preparing import prepare
from ninefold.unlabelled.publishing import composed, publish
from ninefold.unlabelled.refitting import refit
from tasks.export import facts, read_featurize, told
from tasks.stage_io import StageIO

if TYPE_CHECKING:
    import onnx

    from ninefold.unlabelled.model import Model


def run(io: StageIO) -> None:
    """Write reports/receipt.json, and models/model.onnx unless the gate refuses it."""
    train, valid = read_frame(io.dep("train.parquet")), read_frame(io.dep("valid.parquet"))
    featurize = read_featurize(io)
    evaluation = read_json(io.dep("evaluation.json"))
    choice = _choice(io, evaluation)
    found = publish(
        featurize,
        _model(io, choice, featurize, train, valid),
        train,
        valid,
        io.params("problem"),
        io.params("export"),
        io.params("ingest"),
        facts(io, choice, evaluation),
        io.params("validate").mask,
        *([choice.name] if choice else []),
    )
    if io.has_out("latency.json"):
        write_json(io.out("latency.json"), _latencies(io, featurize, train, valid))
    write_json(io.out("receipt.json"), {**told(choice), **found.receipt})
    gate(found.receipt)
    with replacing(io.out("model.onnx")) as temporary:
        temporary.write_bytes(found.content)


def _choice(io: StageIO, evaluation: dict[str, Any]) -> Choice | None:
    """Return what is exported; None where there is no network, or dvc.yaml knows no baselines."""
    wanted, verdict = io.params("export").model, evaluation["verdict"]
    is_open = verdict["answer"] != NOT_ASKED or wanted == "baseline"
    return choose(wanted, verdict) if is_open and io.has_dep("models/baselines") else None


def _model(
    io: StageIO, choice: Choice | None, featurize: "onnx.ModelProto", train: Frame, valid: Frame
) -> "Model":
    problem = io.params("problem")
    aim = aim_of(problem.task)
    if choice is None or choice.is_network:
        return aim.load(io.dep("models/network"))
    ready = prepare(aim.rows(train), aim.rows(valid), problem, io.params("preprocess"))
    settings = {name: io.params(name) for name in aim.sections}
    file = io.dep("models/baselines") / f"{choice.name}.onnx"
    return refit(choice.name, file, featurize, ready, aim, settings)


def _latencies(
    io: StageIO, featurize: "onnx.ModelProto", train: Frame, valid: Frame
) -> dict[str, Any]:
    """Time the network's file and those of the baselines; they differ from run to run."""
    network = aim_of(io.params("problem").task).load(io.dep("models/network"))
    contents = {"network": composed(featurize, network, train).SerializeToString()}
    files = baseline_files(io.dep("models/baselines"))
    contents |= {name: path.read_bytes() for name, path in files.items()}
    rows = network.raw(valid)
    return {name: latency(session(content), rows) for name, content in contents.items()}
