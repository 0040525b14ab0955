"""What the report shows of rows that come back: by column, by error, the strangest, as pictures."""

from typing import Any

import numpy as np

from ninefold.autoencoding.model import Reconstruction
from ninefold.columns import Array, Frame, is_missing, spread
from ninefold.pixels import stretched, thumbnail
from ninefold.unlabelled.space import owners

BARS = 30
SHOWN_ROWS = 10
SHOWN_PICTURES = 8


def columns(model: Reconstruction, frame: Frame) -> list[dict[str, Any]]:
    """Return how near each raw column comes back: R² of numbers, share of equal levels."""
    found = []
    for result, answer in zip(
        model.results[model.leading :], model.predict(frame)[model.leading :], strict=True
    ):
        column = frame.column(result.name)
        missing = is_missing(column.kind, frame[column.name])
        actual, back = frame[column.name][~missing], answer.values[~missing]
        if not len(actual):
            continue
        if column.kind in ("number", "datetime"):
            a, b = actual.astype(np.float64), back.astype(np.float64)
            usable = np.isfinite(a) & np.isfinite(b)
            spread = float(((a[usable] - a[usable].mean()) ** 2).sum()) if usable.any() else 0.0
            left = float(((a[usable] - b[usable]) ** 2).sum())
            item = {"measure": "r2", "value": 1 - left / spread if spread else None}
        else:
            item = {"measure": "equal", "value": float((actual == back).mean())}
        found.append({"column": column.name, **item})
    return sorted(found, key=lambda item: -(item["value"] if item["value"] is not None else -9.0))


def judged(model: Reconstruction, scores: Array) -> Array:
    """Return how unusual rows are, or else how far off they come back, `(N,)`."""
    return model.oddities(scores) if model.tells_anomalies else model.errors(scores)


def histogram(model: Reconstruction, frame: Frame, anomalies: Array | None) -> dict[str, Any]:
    """Return how the log10 of what rows are judged by is distributed, known `anomalies` apart."""
    errors = np.log10(np.maximum(judged(model, model.scores_of(frame)), 1e-12))
    edges = np.linspace(float(errors.min()), float(errors.max()) + 1e-9, BARS + 1)
    is_positive = np.zeros(len(errors), dtype=bool) if anomalies is None else anomalies
    threshold = model.facts.get("threshold")
    return {
        "edges": edges.tolist(),
        "ordinary": np.histogram(errors[~is_positive], edges)[0].tolist(),
        "anomalies": np.histogram(errors[is_positive], edges)[0].tolist()
        if anomalies is not None
        else None,
        "threshold": float(np.log10(max(threshold, 1e-12))) if threshold is not None else None,
    }


def gallery(model: Reconstruction, frame: Frame) -> list[dict[str, Any]]:
    """Return some test pictures, and those that come back worst, each beside what came back."""
    shape = model.facts["picture"]
    scores = model.scores_of(frame)
    errors = model.errors(scores)
    usual = spread(len(frame), SHOWN_PICTURES)
    worst = np.argsort(-errors, kind="stable")[:SHOWN_PICTURES]

    def drawn(flat: Array) -> Array:
        return np.asarray(flat.reshape(shape).transpose(1, 2, 0))

    found = []
    for title, rows in (("as they come", usual), ("those that come back worst", worst)):
        pairs = []
        for row in rows.tolist():
            given, back = scores[row, : model.size], scores[row, model.size : 2 * model.size]
            low, high = float(given.min()), float(given.max())
            sides = [stretched(drawn(np.clip(side, low, high))) for side in (given, back)]
            pairs.append(
                {
                    "row": int(frame.row[row]),
                    "error": float(errors[row]),
                    "pictures": [thumbnail(side) for side in sides],
                }
            )
        found.append({"title": title, "rows": pairs})
    return found


def strangest(model: Reconstruction, frame: Frame) -> list[dict[str, Any]]:
    """Return the rows with the largest error, and the columns that do not come back most."""
    scores = model.scores_of(frame)
    errors = judged(model, scores)
    names = owners(model.preprocessing.layout)
    rows = []
    for at in np.argsort(-errors, kind="stable")[:SHOWN_ROWS].tolist():
        size = model.size
        apart = (scores[at, :size].astype(np.float64) - scores[at, size : 2 * size]) ** 2
        by_column: dict[str, float] = {}
        for name, part in zip(names, apart.tolist(), strict=True):
            by_column[name] = by_column.get(name, 0.0) + part
        most = sorted(by_column, key=lambda name: -by_column[name])[:3]
        total = sum(by_column.values()) or 1.0
        shares = {name: by_column[name] / total for name in most}
        rows.append({"row": int(frame.row[at]), "error": float(errors[at]), "columns": shares})
    return rows
