"""Fit dummy, linear and gradient boosting on the network's train rows, and score them."""

import onnx

from ninefold.baselines.comparing import compare
from ninefold.baselines.publishing import publish
from ninefold.columns import read_frame
from ninefold.files import write_json
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Write `models/baselines/<name>.onnx` and `reports/baselines.json`."""
    comparison = compare(
        read_frame(io.dep("train.parquet")),
        read_frame(io.dep("valid.parquet")),
        io.params("problem"),
        io.params("sampling"),
        io.params("preprocess"),
        io.params("baselines"),
    )
    featurize = onnx.load(io.dep("featurize.onnx"))
    sizes = publish(comparison, featurize, io.out("models/baselines"))
    for entry in comparison.report["baselines"]:
        entry["size_bytes"] = sizes[entry["name"]]
    write_json(io.out("baselines.json"), comparison.report)
