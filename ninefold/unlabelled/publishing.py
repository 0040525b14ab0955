"""Puts a model without a target together with its preprocessing: one file for raw rows."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import checker, helper

import ninefold
from ninefold.columns import Array, Frame
from ninefold.errors import GateError
from ninefold.export import ExportSpec, describe
from ninefold.export.adversarial import adversarial_rows
from ninefold.export.publish import Published
from ninefold.export.reference import derive_with
from ninefold.files import jsonable, replacing
from ninefold.problem import ProblemSpec
from ninefold.runtime import run_chunks, session
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
    missing_tokens: Sequence[str] = ("",),
    facts: Mapping[str, Any] | None = None,
) -> Published:
    """Return the file for raw rows and its receipt; see `ninefold.export.publish.publish`.

    Raises:
        GateError: the file does not run in a fresh process.
    """
    proto = composed(featurize, model, train)
    train, valid = model.raw(train), model.raw(valid)
    names = [info.name for info in proto.graph.input]
    outputs = [info.name for info in proto.graph.output]
    bare = session(proto)
    rows = valid.select(names)
    golden = rows.take(describe.golden_positions(rows, spec.golden_rows))
    metadata = {
        METADATA_KEY: signature(names, outputs, train, model, problem, missing_tokens).to_json(),
        "ninefold.golden": _json(describe.golden(golden, run(bare, golden), spec.tolerance)),
        "ninefold.version": ninefold.__version__,
        **{f"ninefold.{key}": _json(value) for key, value in (facts or {}).items()},
    }
    helper.set_model_props(proto, dict(sorted(metadata.items())))
    checker.check_model(proto, full_check=True)
    content = proto.SerializeToString(deterministic=True)
    held_out = rows.take(_spread(len(rows), spec.held_out_rows))
    cases = {"held_out": held_out, **adversarial_rows(held_out, model.preprocessing.layout)}
    derived = derive_with(featurize, model.preprocessing.layout.columns)
    found = receipt(
        content, names, cases, lambda raw: model.predict(derived(raw)), model.results,
        spec.tolerance,
    )  # fmt: skip
    return Published(content, {**found, "bytes": len(content), "inputs": len(names)})


def composed(featurize: "onnx.ModelProto", model: Model, train: Frame) -> "onnx.ModelProto":
    """Return the model for raw columns, in the order of the source."""
    columns = [column.name for column in train.columns if "derived" not in column.roles]
    found: onnx.ModelProto = model.composed(featurize, columns)
    return found


def signature(
    names: Sequence[str],
    outputs: Sequence[str],
    train: Frame,
    model: Model,
    problem: ProblemSpec,
    missing_tokens: Sequence[str] = ("",),
) -> Signature:
    """Describe the inputs `names` by the train rows, and what the model says."""
    raw = [c.name for c in train.columns if "derived" not in c.roles]
    others = dict.fromkeys([*raw, *problem.ids, *problem.available_at])
    return Signature(
        inputs=tuple(describe.described(train.column(name), train[name]) for name in names),
        task=problem.task,
        target=problem.target,
        ignored=tuple(name for name in others if name not in set(names)),
        missing_tokens=tuple(dict.fromkeys(["", *missing_tokens])),
        outputs=tuple(outputs),
        results=model.results,
    )


def run(bare: Any, raw: Frame) -> dict[str, Array]:
    """Return output name -> array of a session's outputs for raw rows."""
    names = [item.name for item in bare.get_outputs()]
    parts = [outputs for _, outputs in run_chunks(bare, raw)]
    if not parts:
        return {name: np.empty(0) for name in names}
    return {name: np.concatenate([part[i] for part in parts]) for i, name in enumerate(names)}


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
            got = list(run(session(content), raw).values())
            found = compared(got, model.predict(raw), model.results, tolerance)
            if not found["pass"]:
                raise GateError(
                    f"baseline `{name}` in ONNX must give what its library gives, however: "
                    f"{'; '.join(found['reasons'])}. Nothing was published"
                )
            (temporary / f"{name}.onnx").write_bytes(content)
            sizes[name] = len(content)
    return sizes


def _json(content: Any) -> str:
    return json.dumps(jsonable(content), ensure_ascii=False, sort_keys=False, allow_nan=False)


def _spread(count: int, most: int) -> Array:
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
