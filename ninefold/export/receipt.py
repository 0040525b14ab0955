"""The parity gate: the file, in a fresh process, against torch and the parts it was made from."""

import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import ninefold
from ninefold.columns import Array, Frame, spread
from ninefold.errors import GateError
from ninefold.head import Head
from ninefold.replay import write_tensors
from ninefold.runtime import is_ragged

TIMEOUT_S = 900
ALONE_ROWS = 400
SMALL_BATCH = 7
TIE = 1e-6
"""Closer to the threshold than this, float32 cannot tell the two labels apart."""


@dataclass(frozen=True)
class Outputs:
    """Labels `(N,)` (none for regression) and probabilities `(N, K)` or values `(N,)`; of several
    targets `(N, T)` each.
    """

    labels: list[Any]
    prediction: Array

    def take(self, rows: Array | slice) -> "Outputs":
        index = np.arange(len(self.prediction))[rows]
        return Outputs(
            [self.labels[i] for i in index] if self.labels else [], self.prediction[index]
        )


def receipt(
    model: bytes,
    inputs: Sequence[str],
    cases: Mapping[str, Frame],
    reference: Callable[[Frame], Array],
    head: Head,
    tolerance: float,
) -> dict[str, Any]:
    """Compare the file with `reference` on every case; return what reports/receipt.json holds.

    Every case runs as one batch; some of its rows also alone, in sevens and in reversed order,
    which must give the same bits.

    Args:
        model: the file's bytes.
        inputs: names of its inputs, in order.
        cases: case -> raw rows.
        reference: raw rows -> all that the outputs rest on, see `Head.whole`.
        head: decides labels.
        tolerance: largest difference of a probability, or of a value divided by the target's scale.
    """
    names, frames = list(cases), list(cases.values())
    bounds, alone, batches = plan(cases)
    feeds = {n: np.concatenate([frame[n] for frame in frames]) for n in inputs}
    found = run_fresh(model, feeds, batches)
    if head.quantiles:
        found = Outputs([], np.asarray(found.labels))
    whole = found.take(slice(0, int(bounds[-1])))
    results = {
        name: _compare(whole.take(slice(start, stop)), reference(frame), head, tolerance)
        for name, frame, start, stop in zip(names, frames, bounds[:-1], bounds[1:], strict=True)
    }
    rest = found.take(slice(int(bounds[-1]), len(found.prediction)))
    expected, size = whole.take(alone), len(alone)
    for position, name in enumerate(("batch_1", f"batch_{SMALL_BATCH}", "reversed")):
        part = rest.take(slice(position * size, (position + 1) * size))
        part = part.take(slice(None, None, -1)) if name == "reversed" else part
        results[name] = _identical(part, expected)
    return {
        "pass": all(case["pass"] for case in results.values()),
        "tolerance": tolerance,
        "unit": "spread of the target" if head.target.task == "regression" else "probability",
        "rows": int(bounds[-1]),
        "max_delta": max(case["max_delta"] for case in results.values()),
        "flips": sum(case["flips"] for case in results.values()),
        "cases": results,
        "reasons": [f"{name}: {why}" for name, case in results.items() for why in case["reasons"]],
    }


def plan(cases: Mapping[str, Frame]) -> tuple[Array, Array, list[Array]]:
    """Return where each case begins and ends among all rows, the rows that run again, and the runs.

    The runs: every case whole, then the rows `(n,)` that run again alone, in sevens and reversed.
    """
    bounds = np.cumsum([0, *(len(frame) for frame in cases.values())])
    alone = spread(int(bounds[-1]), ALONE_ROWS)
    batches = [np.arange(start, stop) for start, stop in itertools.pairwise(bounds)]
    batches += (
        [np.asarray([row]) for row in alone]
        + [alone[i : i + SMALL_BATCH] for i in range(0, len(alone), SMALL_BATCH)]
        + [alone[::-1]]
    )
    return bounds, alone, batches


def gate(found: Mapping[str, Any]) -> None:
    """Raise `GateError` unless the receipt is clean."""
    if not found["pass"]:
        raise GateError(
            "export: the file must give the model's numbers, however: "
            f"{'; '.join(found['reasons'][:5])}. Nothing was published; every case stands in "
            "receipt.json"
        )


def run_fresh(model: bytes, feeds: Mapping[str, Array], batches: Sequence[Array]) -> Outputs:
    """Return labels and prediction of the file, run in a fresh process; see `run_outputs`."""
    *labels, prediction = run_outputs(model, feeds, batches)
    return Outputs(labels[0].tolist() if labels else [], prediction)


def run_outputs(model: bytes, feeds: Mapping[str, Array], batches: Sequence[Array]) -> list[Array]:
    """Run the file in a process that imports numpy and onnxruntime only (`ninefold.replay`).

    Returns every output, rows in the order of the batches.

    Raises:
        GateError: the file does not run there.
    """
    with tempfile.TemporaryDirectory(prefix="ninefold-receipt-") as name:
        folder = Path(name)
        (folder / "model.onnx").write_bytes(model)
        numbered = {str(i): array for i, array in enumerate(feeds.values())}
        tensors = {key: array for key, array in numbered.items() if is_ragged(array)}
        numbers = {key: array for key, array in numbered.items() if array.dtype != object}
        rest = numbered.keys() - tensors.keys() - numbers.keys()
        texts = {key: numbered[key].tolist() for key in sorted(rest)}
        write_tensors(folder / "tensors.npz", tensors)
        np.savez(folder / "numbers.npz", **numbers)  # type: ignore[arg-type]
        (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
        (folder / "batches.json").write_text(json.dumps([b.tolist() for b in batches]))
        root = str(Path(ninefold.__file__).parents[1])
        done = subprocess.run(
            [sys.executable, "-m", "ninefold.replay", str(folder / "model.onnx"), str(folder)],
            env={**os.environ, "PYTHONPATH": root},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise GateError(
                f"export: the file must run in a process without torch, however: {why}. "
                "Nothing was published"
            )
        with np.load(folder / "outputs.npz") as outputs:
            found = {int(position): outputs[position] for position in outputs.files}
        spoken = json.loads((folder / "outputs.json").read_text("utf-8"))
        found |= {int(p): np.asarray(values, dtype=object) for p, values in spoken.items()}
        return [found[position] for position in sorted(found)]


def _compare(got: Outputs, expected: Array, head: Head, tolerance: float) -> dict[str, Any]:
    """Compare one case with the reference."""
    finite = _finite_rows(got.prediction) & _finite_rows(expected)
    delta = np.abs(got.prediction[finite].astype(np.float64) - expected[finite]) / head.unit
    worst = float(delta.max(initial=0.0))
    flips, ties = _flips(got.take(finite), expected[finite], head)
    reasons = []
    if not finite.all():
        reasons.append(f"{int((~finite).sum())} rows give no finite number")
    if worst > tolerance:
        reasons.append(f"differs by {worst:.2g}, {tolerance:g} is allowed")
    if flips:
        reasons.append(f"{flips} labels differ")
    return {
        "n": len(expected),
        "max_delta": worst,
        "flips": flips,
        "ties": ties,
        "pass": not reasons,
        "reasons": reasons,
    }


def _finite_rows(prediction: Array) -> Array:
    return np.asarray(np.isfinite(prediction).reshape(len(prediction), -1).all(axis=1))


def _flips(got: Outputs, expected: Array, head: Head) -> tuple[int, int]:
    """Return how many labels differ, and how many only because of a tie in float32."""
    if head.target.task == "regression" or not got.labels:
        return 0, 0
    wanted = head.spoken(head.labels(expected))
    differs = np.asarray(got.labels, dtype=wanted.dtype) != wanted
    ties = differs & (head.margin(expected) <= TIE)
    return int((differs & ~ties).sum()), int(ties.sum())


def _identical(got: Outputs, expected: Outputs) -> dict[str, Any]:
    """Compare the same rows in other batches, bit by bit."""
    same = got.prediction.view(np.uint8).reshape(len(got.prediction), -1)
    same = same == expected.prediction.view(np.uint8).reshape(len(got.prediction), -1)
    changed = ~same.all(axis=1)
    flips = sum(a != b for a, b in zip(got.labels, expected.labels, strict=True))
    delta = np.abs(got.prediction.astype(np.float64) - expected.prediction)
    reasons = (
        [f"{int(changed.sum())} rows give other bits than in a large batch"]
        if changed.any()
        else []
    )
    return {
        "n": len(got.prediction),
        "max_delta": float(np.nanmax(delta, initial=0.0)),
        "flips": flips,
        "ties": 0,
        "pass": not reasons and not flips,
        "reasons": reasons,
    }
