"""A model that knows its training: one of `tests.serving.models` with reference and metrics."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

from ninefold.columns import Column, Frame
from ninefold.evaluation.bootstrap import Clusters, estimate, replicates
from ninefold.evaluation.metrics import metric
from ninefold.export.describe import drift_reference
from ninefold.export.publish import as_json
from ninefold.head import Head
from tests.serving.models import COLUMNS, TARGETS, build, feeds, table

METRICS = {"binary": ("roc_auc", "log_loss"), "many": ("log_loss",), "regression": ("rmse",)}


def watched(path: Path, task: str = "binary", rows: int = 3000, masked: tuple[str, ...] = ()):
    """Write a model with `ninefold.drift`, `.head`, `.metrics` and `.masked` to `path`."""
    build(path, task)
    head = Head(TARGETS[task], temperature=1.3, threshold=0.45)
    train = table(rows, 11)
    arrays = {name: array.ravel() for name, array in feeds(train).items()}
    columns = tuple(Column(item.name, item.kind, format=item.format) for item in COLUMNS)
    frame = Frame(columns, arrays, np.arange(rows))
    prediction = predicted(path, train)
    y = truth(prediction, 12)
    found = {}
    for name in METRICS[task]:
        statistic = metric(name).prepare(y, prediction, head.threshold)
        drawn = replicates([statistic], Clusters(np.arange(rows), rows, "row"), 200, 0)
        found[name] = estimate(statistic(np.ones(rows)), drawn[:, 0], 0.95)
    model = onnx.load(path)
    held = {item.key: item.value for item in model.metadata_props}
    held |= {
        "ninefold.drift": as_json(drift_reference(frame, prediction, head)),
        "ninefold.head": as_json(head.to_json()),
        "ninefold.metrics": as_json({"test": found, "valid": found}),
        "ninefold.masked": as_json(masked),
    }
    onnx.helper.set_model_props(model, held)
    path.write_bytes(model.SerializeToString())
    return path


def predicted(path: Path, rows: list) -> np.ndarray:
    """Return probabilities `(N, K)` or values `(N,)`."""
    return ort.InferenceSession(path).run(None, feeds(rows))[-1]


def truth(prediction: np.ndarray, seed: int) -> np.ndarray:
    """Draw labels as likely as the model says they are, or values around its own."""
    random = np.random.default_rng(seed)
    if prediction.ndim == 1:
        return prediction + random.normal(0, 5, len(prediction))
    return (prediction.cumsum(axis=1) < random.random((len(prediction), 1))).sum(axis=1)
