"""Small models with all an exported one has: every kind of column, signature, golden rows."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from ninefold.columns import NAT
from ninefold.graph import Graph
from ninefold.head import Head
from ninefold.signature import METADATA_KEY, Input, Signature
from ninefold.target import Target

SIZE, CITY, MEMBER, WHEN, NOTE = "Größe (m²)", "city 'x'", "is.member", "signed up", "note, long"
CITIES = ("Köln", "東京", "New York")
WEEK_US = 7 * 24 * 3600 * 10**6
COLUMNS = (
    Input(SIZE, "number", 1.0, 90.0, has_missing=True, example=31.5),
    Input(CITY, "category", levels=CITIES, has_missing=True, example="Köln"),
    Input(MEMBER, "bool", example=True),
    Input(WHEN, "datetime", has_missing=True, format="%d.%m.%Y %H:%M", example=1388498700000000),
    Input(NOTE, "text", example="called back"),
)
TARGETS = {
    "binary": Target("y", "classification", ("no", "yes")),
    "many": Target("y", "classification", ("low", "mid", "high")),
    "regression": Target("y", "regression", (), 100.0, 20.0, 10.0, 250.0),
}


def scores(graph: Graph, outputs: int) -> str:
    """Grow raw columns -> scores (N, K)."""
    size = graph.input(SIZE, np.float64, ("N", 1))
    size = graph.Where(graph.IsNaN(size), 30.0, size)
    size = graph.Div(graph.Sub(graph.Clip(size, -1e6, 1e6), 40.0), 12.5)
    city = graph.input(CITY, str, ("N", 1))
    code = graph.LabelEncoder(
        city, keys_strings=["", *CITIES], values_int64s=[1, 2, 3, 4], default_int64=0
    )
    levels = graph.Gather(np.eye(5), graph.Reshape(code, np.array([-1])))
    member = graph.cast(graph.input(MEMBER, bool, ("N", 1)), np.float64)
    when = graph.input(WHEN, np.int64, ("N", 1))
    week = graph.Div(graph.cast(when, np.float64), float(WEEK_US))
    week = graph.Where(graph.Equal(when, np.int64(NAT)), 0.0, graph.Sub(week, graph.Floor(week)))
    note = graph.input(NOTE, str, ("N", 1))
    empty = graph.cast(graph.Equal(note, graph.constant([""])), np.float64)
    x = graph.cast(graph.Concat(size, levels, member, week, empty, axis=1), np.float32)
    rng = np.random.default_rng(7)
    hidden = graph.Gemm(x, rng.normal(0, 0.4, (9, 16)).astype(np.float32))
    weights = rng.normal(0, 0.6, (16, outputs)).astype(np.float32)
    return graph.Gemm(graph.Sigmoid(hidden), weights)


def build(path: Path, task: str = "binary", golden: Any = None, **changes: Any) -> Path:
    """Write a model to `path`; `golden` replaces its golden rows, `changes` its signature's."""
    target = TARGETS[task]
    head = Head(target, temperature=1.3, threshold=0.45)
    signature = Signature(
        inputs=COLUMNS,
        task=target.task,
        target="y",
        classes=target.classes,
        positive=target.positive,
        ignored=("customer id",),
        missing_tokens=("", "NA", "?"),
        outputs=head.outputs,
    )
    metadata = {METADATA_KEY: Signature(**{**vars(signature), **changes}).to_json()}
    model = _model(head, metadata)
    metadata["ninefold.golden"] = json.dumps(golden or recorded(model, head))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_model(head, metadata))
    return path


def _model(head: Head, metadata: dict[str, str]) -> bytes:
    graph = Graph("test")
    head.emit(graph, scores(graph, head.target.outputs))
    return graph.model(metadata).SerializeToString()


def recorded(model: bytes, head: Head) -> dict[str, Any]:
    """Return golden rows with what the model gives for them."""
    rows = [example(), {**example(), SIZE: None, CITY: None, WHEN: None, NOTE: None}]
    values = ort.InferenceSession(model).run(None, feeds(rows))
    outputs = {name: v.tolist() for name, v in zip(head.outputs, values, strict=True)}
    return {"rows": rows, "outputs": outputs, "tolerance": 1e-5}


def example() -> dict[str, Any]:
    """Return a row as a client sends it."""
    return {column.name: column.example for column in COLUMNS}


def feeds(rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Return the tensors of rows whose datetimes are microseconds: an encoding of our own."""

    def column(name: str, missing: Any, dtype: Any) -> np.ndarray:
        values = [missing if row[name] is None else row[name] for row in rows]
        return np.array(values, dtype=dtype).reshape(-1, 1)

    return {
        SIZE: column(SIZE, np.nan, np.float64),
        CITY: column(CITY, "", object),
        MEMBER: column(MEMBER, None, np.bool_),
        WHEN: column(WHEN, NAT, np.int64),
        NOTE: column(NOTE, "", object),
    }


def table(rows: int, seed: int = 0) -> list[dict[str, Any]]:
    """Return random rows with missing and unseen values."""
    rng = np.random.default_rng(seed)

    def some(values: Any, share: float = 0.15) -> list[Any]:
        return [None if rng.random() < share else value for value in values]

    return [
        dict(zip((SIZE, CITY, MEMBER, WHEN, NOTE), values, strict=True))
        for values in zip(
            some(rng.normal(40, 15, rows).tolist()),
            some(rng.choice([*CITIES, "Ünseen"], rows).tolist()),
            (rng.random(rows) < 0.5).tolist(),
            some((rng.integers(70_000, 30_000_000, rows) * 60 * 10**6).tolist()),
            some(rng.choice(["a b", 'say "hi"', "x, y", "two\nlines"], rows).tolist()),
            strict=True,
        )
    ]
