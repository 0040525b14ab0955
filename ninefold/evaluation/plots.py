"""The tables that `dvc plots show` draws, with DVC's own templates, and how dvc.yaml declares them.

Every task writes every file of its own list; `definitions` is what dvc.yaml holds under `plots`.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ninefold.files import replacing
from ninefold.head import Head
from ninefold.problem import Task

MAX_ROWS = 10_000
"""Rows behind the confusion plot, which DVC counts itself."""
HISTORY = "models/network/history.csv"
FOLDER = "reports/plots"

LOSS = {
    "Loss": {
        "template": "linear",
        "x": "epoch",
        "y": {HISTORY: ["train_loss", "valid_loss"]},
        "y_label": "loss",
    },
    **{
        title: {"template": "linear", "x": "epoch", "y": {HISTORY: column}}
        for title, column in (
            ("Metric on valid", "metric"),
            ("Learning rate", "lr"),
            ("Gradient norm", "grad_norm"),
        )
    },
}
CLASSIFICATION = {
    "ROC": {
        "template": "simple",
        "x": "fpr",
        "y": {f"{FOLDER}/roc.csv": "tpr"},
        "x_label": "false positive rate",
        "y_label": "true positive rate",
    },
    "Precision and recall": {
        "template": "simple",
        "x": "recall",
        "y": {f"{FOLDER}/precision_recall.csv": "precision"},
    },
    "Calibration": {
        "template": "simple",
        "x": "predicted",
        "y": {f"{FOLDER}/calibration.csv": ["before", "after", "ideal"]},
        "x_label": "predicted probability",
        "y_label": "observed frequency",
    },
    "Confusion": {
        "template": "confusion_normalized",
        "x": "actual",
        "y": {f"{FOLDER}/confusion.csv": "predicted"},
    },
}
REGRESSION = {
    "Actual against predicted": {
        "template": "scatter",
        "x": "predicted",
        "y": {f"{FOLDER}/residuals.csv": "actual"},
    },
    "Residuals": {
        "template": "simple",
        "x": "residual",
        "y": {f"{FOLDER}/residual_histogram.csv": "rows"},
    },
}


def definitions(task: Task) -> list[dict[str, Any]]:
    """Return the content of dvc.yaml's `plots` for a task."""
    own = CLASSIFICATION if task == "classification" else REGRESSION
    return [{title: plot} for title, plot in {**own, **LOSS}.items()]


def write_plots(folder: Path, head: Head, content: Mapping[str, Any], seed: int) -> None:
    """Write the CSV files of the task into `folder`, which is replaced as a whole."""
    with replacing(folder) as temporary:
        temporary.mkdir()
        for name, rows in _tables(head, content, seed).items():
            (temporary / f"{name}.csv").write_text(_csv(*rows), encoding="utf-8")


Rows = tuple[Sequence[str], Sequence[Sequence[Any]]]


def _tables(head: Head, content: Mapping[str, Any], seed: int) -> dict[str, Rows]:
    """Return file stem -> header and rows; the header alone where nothing can be drawn."""
    if head.target.task == "regression":
        return _regression_tables(content.get("residuals", {}))
    drawn = content.get("curves", {"roc": [], "pr": []})
    return {
        "roc": _columns(drawn["roc"], "fpr", "tpr"),
        "precision_recall": _columns(drawn["pr"], "recall", "precision"),
        "calibration": _calibration(content.get("calibration", {})),
        "confusion": _confusion(content.get("confusion"), seed),
    }


def _columns(table: Sequence[Mapping[str, Any]], *names: str) -> Rows:
    return names, [[row[name] for name in names] for row in table]


def _calibration(content: Mapping[str, Any]) -> Rows:
    """One line per predicted probability of either curve, read off both by interpolation."""
    names = ("predicted", "before", "after", "ideal")
    if not content:
        return names, []
    bins = {key: content[key]["bins"] for key in ("before", "after")}
    xs = np.unique([row["predicted"] for table in bins.values() for row in table])
    ys = [
        np.interp(
            xs, [row["predicted"] for row in bins[key]], [row["observed"] for row in bins[key]]
        )
        for key in ("before", "after")
    ]
    return names, [list(row) for row in zip(xs, *ys, xs, strict=True)]


def _confusion(table: Mapping[str, Any] | None, seed: int) -> Rows:
    header = ("actual", "predicted")
    if table is None:
        return header, []
    counts = np.asarray(table["counts"])
    if counts.sum() > MAX_ROWS:
        random = np.random.default_rng(seed)
        counts = random.multivariate_hypergeometric(counts.ravel(), MAX_ROWS).reshape(counts.shape)
    names = table["classes"]
    pairs = [
        [actual, predicted]
        for i, actual in enumerate(names)
        for j, predicted in enumerate(names)
        for _ in range(counts[i, j])
    ]
    return header, pairs


def _regression_tables(content: Mapping[str, Any]) -> dict[str, Rows]:
    histogram = content.get("histogram", {"edges": [], "counts": []})
    edges = np.asarray(histogram["edges"])
    middles = ((edges[:-1] + edges[1:]) / 2).tolist() if len(edges) else []
    return {
        "residuals": _columns(content.get("points", []), "predicted", "actual"),
        "residual_histogram": (
            ("residual", "rows"),
            [list(row) for row in zip(middles, histogram["counts"], strict=True)],
        ),
    }


def _csv(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(
        [f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row] for row in rows
    )
    return text.getvalue()
