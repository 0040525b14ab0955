"""Writes fitted baselines as ONNX files that take raw rows, and checks them against themselves."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ninefold.baselines.comparing import Comparison
from ninefold.columns import Array, Frame
from ninefold.compose import compose
from ninefold.errors import GateError
from ninefold.files import replacing
from ninefold.head import Head
from ninefold.runtime import run_chunks, session

if TYPE_CHECKING:
    import onnx

TOLERANCE = 1e-5


def publish(comparison: Comparison, featurize: "onnx.ModelProto", folder: Path) -> dict[str, int]:
    """Write `<name>.onnx` per baseline into `folder`; return the sizes in bytes.

    Raises:
        GateError: on the valid rows, a file does not give what scikit-learn gives.
    """
    prepared = comparison.prepared
    sizes: dict[str, int] = {}
    with replacing(folder) as temporary:
        temporary.mkdir(parents=True)
        for name, fitted in comparison.fitted.items():
            head = comparison.heads[name]
            model = compose(featurize, prepared.preprocessing.model, fitted.to_onnx(), head)
            content = model.SerializeToString(deterministic=True)
            expected = head.predict(prepared.scores_new(fitted))
            check_parity(name, content, comparison.valid, expected, head)
            (temporary / f"{name}.onnx").write_bytes(content)
            sizes[name] = len(content)
    return sizes


def check_parity(name: str, content: bytes, frame: Frame, expected: Array, head: Head) -> None:
    """Compare a file's answers on `frame` with `expected`: `(N, K)` probabilities, `(N,)` values,
    or `(N, T)` of several targets.

    Values may differ by 1e-5 standard deviations of the target, probabilities by 1e-5; labels may
    differ only where two classes are that close.

    Raises:
        GateError: they differ by more.
    """
    running = session(content)
    outputs = [parts for _, parts in run_chunks(running, frame)]
    found = np.concatenate([parts[-1] for parts in outputs])
    flips = 0
    if head.target.task != "regression":
        labels = np.concatenate([parts[0] for parts in outputs])
        differ = labels != head.spoken(head.labels(expected))
        flips = int((differ & (head.margin(expected) > TOLERANCE)).sum())
    apart = np.abs(found.astype(np.float64) - expected) / head.target.unit
    delta = float(apart.max(initial=0.0))
    if not delta <= TOLERANCE or flips:
        raise GateError(
            f"baseline `{name}` in ONNX must give what scikit-learn gives within {TOLERANCE:g}, "
            f"however: it differs by {delta:.2g}, and in {flips} labels, on {len(frame)} valid "
            f"rows. Nothing was published; leave `{name}` out of baselines.models to go on"
        )
