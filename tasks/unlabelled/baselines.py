"""Fit what the model is measured against, on its train rows."""

import onnx

from ninefold.aims import aim_of
from ninefold.columns import read_frame
from ninefold.files import write_json
from ninefold.unlabelled.preparing import prepare
from ninefold.unlabelled.publishing import publish_peers
from tasks.stage_io import StageIO


def run(io: StageIO) -> None:
    """Write `models/baselines/<name>.onnx` and `reports/baselines.json`."""
    problem = io.params("problem")
    aim = aim_of(problem.task)
    train, valid = (aim.rows(read_frame(io.dep(f"{name}.parquet"))) for name in ("train", "valid"))
    aim.check(train, problem)
    ready = prepare(train, valid, problem, io.params("preprocess"))
    peers = aim.peers(ready, {name: io.params(name) for name in aim.sections})
    featurize = onnx.load(io.dep("featurize.onnx"))
    sizes = publish_peers(featurize, peers.models, train, valid, io.out("models/baselines"))
    for entry in peers.report["baselines"]:
        entry["size_bytes"] = sizes[entry["name"]]
    write_json(io.out("baselines.json"), peers.report)
