"""Puts the file together, compares it, and only then lets it be written."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from onnx import checker, helper

import ninefold
from ninefold.columns import Frame, spread
from ninefold.compose import compose
from ninefold.explaining.explain import compact, explain
from ninefold.export import ExportSpec, describe
from ninefold.export.adversarial import adversarial_rows
from ninefold.export.baseline import ExportedBaseline
from ninefold.export.choosing import NETWORK
from ninefold.export.network import network_to_onnx
from ninefold.export.receipt import receipt
from ninefold.export.reference import Reference
from ninefold.files import jsonable
from ninefold.problem import ProblemSpec
from ninefold.runtime import outputs_of, session
from ninefold.signature import METADATA_KEY

if TYPE_CHECKING:
    import onnx

    from ninefold.training import TrainedModel

    Exported = TrainedModel | ExportedBaseline

DRIFT_ROWS = 20_000
"""Train rows behind the drift reference, evenly spread."""


@dataclass(frozen=True)
class Published:
    """The file's bytes, reports/receipt.json (see `ninefold.export.receipt.gate`) and
    reports/explanation.json.
    """

    content: bytes
    receipt: dict[str, Any]
    explanation: dict[str, Any] = field(default_factory=dict)


def publish(
    featurize: "onnx.ModelProto",
    model: "Exported",
    train: Frame,
    valid: Frame,
    problem: ProblemSpec,
    spec: ExportSpec,
    ingest: describe.Ingest | None = None,
    facts: Mapping[str, Any] | None = None,
    name: str = NETWORK,
    masked: Collection[str] = (),
) -> Published:
    """Return the file for raw rows and its receipt. The same model gives the same bytes.

    Args:
        featurize: raw columns -> derived columns.
        model: the trained network, or a fitted baseline.
        train: describes inputs, levels and drift reference.
        valid: held-out rows, for the receipt and the golden rows.
        problem: says what is to be predicted from what.
        spec: tolerance and numbers of rows.
        ingest: says how the source writes its cells.
        facts: more that the file's metadata holds, under `ninefold.<key>`, as JSON.
        name: what the model is called: `network`, or the baseline's kind.
        masked: columns of which no report may show a value; the file names them.

    Raises:
        GateError: the file does not run in a fresh process.
    """
    columns = [column.name for column in train.columns if "derived" not in column.roles]
    net = model.to_onnx() if isinstance(model, ExportedBaseline) else network_to_onnx(model)
    proto = compose(featurize, model.preprocessing.model, net, model.head, None, columns)
    names = [info.name for info in proto.graph.input]
    bare = session(proto)
    network = None if isinstance(model, ExportedBaseline) else model
    explained = explain(
        bare, names, model.head, train, valid, problem, spec.explanation, masked, network
    )
    background = train.select(names).take(spread(len(train), spec.explanation.background))
    metadata = {
        METADATA_KEY: describe.signature(proto, train, model.head, problem, ingest, name).to_json(),
        "ninefold.golden": as_json(_golden(bare, valid.select(names), spec)),
        "ninefold.drift": as_json(_drift(bare, train.select(names), model)),
        "ninefold.explanation": as_json(compact(explained, background)),
        "ninefold.head": as_json(model.head.to_json()),
        "ninefold.masked": as_json(sorted(masked)),
        "ninefold.version": ninefold.__version__,
        **{f"ninefold.{key}": as_json(value) for key, value in (facts or {}).items()},
    }
    content = sealed_with(proto, metadata)
    return Published(
        content, _receipt(content, names, featurize, model, valid, spec), jsonable(explained)
    )


def _receipt(
    content: bytes,
    names: Sequence[str],
    featurize: "onnx.ModelProto",
    model: "Exported",
    valid: Frame,
    spec: ExportSpec,
) -> dict[str, Any]:
    held_out = valid.select(names).take(spread(len(valid), spec.held_out_rows))
    cases = {"held_out": held_out, **adversarial_rows(held_out, model.preprocessing.layout)}
    reference = Reference.of(featurize, model)
    found = receipt(content, names, cases, reference.predict, model.head, spec.tolerance)
    told = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    return {**found, **told, "inputs": len(names)}


def _golden(bare: Any, raw: Frame, spec: ExportSpec) -> dict[str, Any]:
    rows = raw.take(describe.golden_positions(raw, spec.golden_rows))
    return describe.golden(rows, outputs_of(bare, rows), spec.tolerance)


def _drift(bare: Any, raw: Frame, model: "Exported") -> dict[str, Any]:
    rows = raw.take(spread(len(raw), DRIFT_ROWS))
    prediction = list(outputs_of(bare, rows).values())[-1]
    return describe.drift_reference(rows, prediction, model.head)


def sealed_with(proto: "onnx.ModelProto", metadata: Mapping[str, str]) -> bytes:
    """Return the checked file with its metadata; the same content, the same bytes."""
    helper.set_model_props(proto, dict(sorted(metadata.items())))
    checker.check_model(proto, full_check=True)
    return bytes(proto.SerializeToString(deterministic=True))


def as_json(content: Any) -> str:
    """Return what the file's metadata holds under one key."""
    return json.dumps(jsonable(content), ensure_ascii=False, sort_keys=False, allow_nan=False)
