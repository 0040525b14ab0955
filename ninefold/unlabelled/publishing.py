"""Puts a model without a target together with its preprocessing: one file for raw rows."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ninefold
from ninefold.columns import Frame, spread
from ninefold.errors import GateError
from ninefold.export import ExportSpec, describe
from ninefold.export.adversarial import adversarial_rows
from ninefold.export.choosing import NETWORK
from ninefold.export.publish import DRIFT_ROWS, Published, as_json, sealed_with
from ninefold.export.reference import derive_with
from ninefold.files import replacing
from ninefold.problem import ProblemSpec
from ninefold.runtime import outputs_of, session
from ninefold.signature import METADATA_KEY, Signature
from ninefold.unlabelled.model import Model
from ninefold.unlabelled.receipt import receipt

if TYPE_CHECKING:
    from pathlib import Path

    import onnx


def publish(
    featurize: "onnx.ModelProto",
    model: Model,
    train: Frame,
    valid: Frame,
    problem: ProblemSpec,
    spec: ExportSpec,
    ingest: describe.Ingest | None = None,
    facts: Mapping[str, Any] | None = None,
    masked: Collection[str] = (),
    name: str = NETWORK,
) -> Published:
    """Return the file for raw rows and its receipt; see `ninefold.export.publish.publish`.

    Raises:
        GateError: the file does not run in a fresh process.
    """
    proto = composed(featurize, model, train)
    train, valid = model.raw(train), model.raw(valid)
    names = [info.name for info in proto.graph.input]
    bare = session(proto)
    rows = valid.select(names)
    golden = rows.take(describe.golden_positions(rows, spec.golden_rows))
    answers = outputs_of(bare, golden)
    # Another processor may round a pixel the other way: by one of 255.
    drawn = any(result.kind == "image" for result in model.results)
    tolerance = max(spec.tolerance, 1 / 250) if drawn else spec.tolerance
    metadata = {
        METADATA_KEY: signature(proto, train, model, problem, ingest, name).to_json(),
        "ninefold.golden": as_json(describe.golden(golden, answers, tolerance)),
        "ninefold.drift": as_json(_drift(bare, train.select(names), model)),
        "ninefold.masked": as_json(sorted(masked)),
        "ninefold.version": ninefold.__version__,
        **{f"ninefold.{key}": as_json(value) for key, value in (facts or {}).items()},
    }
    content = sealed_with(proto, metadata)
    held_out = rows.take(spread(len(rows), spec.held_out_rows))
    cases = {"held_out": held_out, **adversarial_rows(held_out, model.preprocessing.layout)}
    derived = derive_with(featurize, model.preprocessing.layout.columns)
    found = receipt(
        content, names, cases, lambda raw: model.predict(derived(raw)), model.results,
        spec.tolerance,
    )  # fmt: skip
    told = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    return Published(content, {**found, **told, "inputs": len(names)})


def _drift(bare: Any, raw: Frame, model: Model) -> dict[str, Any]:
    rows = raw.take(spread(len(raw), DRIFT_ROWS))
    told = rows.select([c.name for c in raw.columns if c.name not in model.arbitrary])
    return describe.drift_of_results(told, outputs_of(bare, rows), model.results)


def composed(featurize: "onnx.ModelProto", model: Model, train: Frame) -> "onnx.ModelProto":
    """Return the model for raw columns, in the order of the source."""
    columns = [column.name for column in train.columns if "derived" not in column.roles]
    found: onnx.ModelProto = model.composed(featurize, columns)
    return found


def signature(
    proto: "onnx.ModelProto",
    train: Frame,
    model: Model,
    problem: ProblemSpec,
    ingest: describe.Ingest | None = None,
    name: str = NETWORK,
) -> Signature:
    """Describe the inputs of the file by the train rows, and what the model says."""
    inputs = tuple(
        replace(item, minimum=None, maximum=None) if item.name in model.arbitrary else item
        for item in describe.inputs_of(proto, train)
    )
    found = describe.signature_of(proto, inputs, train, problem, ingest, name)
    return replace(found, results=model.results)


def publish_peers(
    featurize: "onnx.ModelProto",
    peers: Mapping[str, Model],
    train: Frame,
    valid: Frame,
    folder: "Path",
    tolerance: float = 1e-5,
) -> dict[str, int]:
    """Write `<name>.onnx` per peer into `folder`; return the sizes in bytes.

    Raises:
        GateError: on the valid rows, a file does not give what its library gives.
    """
    from ninefold.unlabelled.receipt import compared

    sizes = {}
    with replacing(folder) as temporary:
        temporary.mkdir(parents=True)
        for name, model in peers.items():
            proto = composed(featurize, model, train)
            content = proto.SerializeToString(deterministic=True)
            raw = model.raw(valid)
            got = list(outputs_of(session(content), raw).values())
            found = compared(got, model.predict(raw), model.results, tolerance)
            if not found["pass"]:
                raise GateError(
                    f"baseline `{name}` in ONNX must give what its library gives, however: "
                    f"{'; '.join(found['reasons'])}. Nothing was published"
                )
            (temporary / f"{name}.onnx").write_bytes(content)
            sizes[name] = len(content)
    return sizes
