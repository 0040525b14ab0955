"""Models of known quality, and a workspace with what split, evaluate and export leave."""

import hashlib
import json
from pathlib import Path

import numpy as np

from ninefold.columns import Column, Frame, write_frame
from ninefold.export.publish import as_json
from ninefold.files import write_json
from ninefold.graph import Graph
from ninefold.head import Head
from ninefold.sealing import seal
from ninefold.signature import METADATA_KEY, Input, Signature
from ninefold.target import Target

ROWS = 600
TARGET = Target("y", "classification", ("no", "yes"))
PARAMS = """\
problem: {task: classification, target: y}
evaluate: {bootstrap: 200, slices: [city]}
"""
DVC_YAML = """\
stages:
  evaluate:
    cmd: exec python -m tasks evaluate
    deps: [data/splits/test.parquet, data/splits/manifest.json]
    outs: [reports/evaluation.json]
    meta: {journal: test_ledger.jsonl}
  export:
    cmd: exec python -m tasks export
    deps: [reports/evaluation.json]
    outs: [models/model.onnx, reports/receipt.json]
artifacts:
  model: {path: models/model.onnx, type: model}
"""


def rows(seed: int = 0) -> Frame:
    """Return rows whose class depends on `x`, and on nothing else."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, ROWS)
    data = {
        "x": x,
        "noise": rng.normal(0, 1, ROWS),
        "city": rng.choice(np.asarray(["a", "b"], dtype=object), ROWS),
        "y": np.where(rng.random(ROWS) < 1 / (1 + np.exp(-2 * x)), "yes", "no").astype(object),
    }
    columns = (
        Column("x", "number", frozenset({"input"})),
        Column("noise", "number", frozenset({"input"})),
        Column("city", "category", frozenset({"input"})),
        Column("y", "category", frozenset({"target"})),
    )
    return Frame(columns, data, np.arange(ROWS))


def model(
    noise: float = 0.0,
    upside_down: str = "",
    scale: float = 2.0,
    test: str = "",
    target: Target = TARGET,
    **more: object,
) -> bytes:
    """Return a file that is the worse, the more `noise` it takes for signal.

    `upside_down` names a city where it is wrong; `scale` makes it more or less sure of itself;
    `test` is the test part it says it was measured on; `target` says which class is positive.
    """
    graph = Graph("known")
    x, n = graph.input("x", np.float64, ("N", 1)), graph.input("noise", np.float64, ("N", 1))
    city = graph.input("city", str, ("N", 1))
    signal = graph.Add(graph.Mul(x, scale), graph.Mul(n, noise))
    away = graph.Equal(city, graph.constant([upside_down or "nowhere"]))
    signal = graph.cast(graph.Where(away, graph.Neg(signal), signal), np.float32)
    both = [graph.Mul(signal, np.float32(0)), signal]
    scores = graph.Concat(*(both if target.positive == "yes" else both[::-1]), axis=1)
    head = Head(target)
    head.emit(graph, scores)
    signature = Signature(
        inputs=(Input("x", "number"), Input("noise", "number"), Input("city", "category")),
        task="classification",
        target="y",
        classes=target.classes,
        positive=target.positive,
        threshold=0.5,
        outputs=head.outputs,
    )
    facts = {"head": head.to_json(), "test_set": {"rows_sha256": test, "model": str(noise)}, **more}
    metadata = {f"ninefold.{key}": as_json(value) for key, value in facts.items()}
    return graph.model({METADATA_KEY: signature.to_json(), **metadata}).SerializeToString()


class Workspace:
    """A workspace after a run; `export` is what the next run leaves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "data" / "splits").mkdir(parents=True)
        (folder / "dvc.yaml").write_text(DVC_YAML)
        self.params()
        self.split(0)

    def params(self, promote: str = "{}") -> None:
        (self.folder / "params.yaml").write_text(f"{PARAMS}promote: {promote}\n")

    def split(self, seed: int) -> None:
        """Seal a test part."""
        path, frame = self.folder / "data" / "splits" / "test.parquet", rows(seed)
        write_frame(path, frame)
        target = np.asarray([name == "yes" for name in frame["y"]], dtype=np.uint64) + seed
        self.sealed = seal(path, frame.row, target)
        write_json(path.with_name("manifest.json"), {"seal": self.sealed})

    def export(self, receipt: bool = True, **quality: object) -> str:
        """Write a model and its receipt; return its hash."""
        content = model(**{"test": self.sealed["rows_sha256"], **quality})
        path = self.folder / "models" / "model.onnx"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        told = {"pass": receipt, "sha256": sha256, "reasons": [] if receipt else ["batch_7: flips"]}
        (self.folder / "reports").mkdir(exist_ok=True)
        (self.folder / "reports" / "receipt.json").write_text(json.dumps(told))
        return sha256
