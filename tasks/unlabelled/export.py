"""One ONNX file for raw rows; written only if it gives the model's numbers."""

from typing import Any

from ninefold.aims import aim_of
from ninefold.columns import read_frame
from ninefold.errors import InputError
from ninefold.export.describe import code_hash, hash_files
from ninefold.export.receipt import gate
from ninefold.files import read_json, replacing, write_json
from ninefold.unlabelled.publishing import publish
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Write reports/receipt.json, and models/model.onnx unless the gate refuses it."""
    import onnx

    train, valid = io.dep("train.parquet"), io.dep("valid.parquet")
    try:
        featurize = onnx.load_model_from_string(io.dep("featurize.onnx").read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"data/featurize.onnx cannot be read: {error}. Run again") from None
    evaluation, problem = read_json(io.dep("evaluation.json")), io.params("problem")
    facts: dict[str, Any] = {
        "metrics": {name: evaluation[name] for name in ("test", "valid")},
        "verdict": evaluation["verdict"],
        "test_set": evaluation["test_set"],
        "data": hash_files([train, valid]),
        "code": code_hash(),
        "leakage_ignored": [
            finding
            for finding in read_json(io.dep("leakage.json"))["findings"]
            if finding.get("ignored")
        ],
    }
    found = publish(
        featurize,
        aim_of(problem.task).load(io.dep("models/network")),
        read_frame(train),
        read_frame(valid),
        problem,
        io.params("export"),
        getattr(io.params("ingest"), "missing", ("",)),
        facts,
        io.params("validate").mask,
    )
    write_json(io.out("receipt.json"), found.receipt)
    gate(found.receipt)
    with replacing(io.out("model.onnx")) as temporary:
        temporary.write_bytes(found.content)
