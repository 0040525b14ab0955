"""Every network, exported and run by ONNX Runtime in a fresh process, gives torch's numbers."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from ninefold.export.network import module_to_onnx
from ninefold.networks import NetworkSpec
from ninefold.networks.cnn import CNNSpec
from ninefold.networks.mlp import MLPSpec
from ninefold.networks.rnn import RNNSpec
from ninefold.networks.series_cnn import SeriesCNNSpec
from ninefold.objectives import ObjectiveSpec, objective
from ninefold.preprocessing import Layout
from ninefold.preprocessing.layout import TensorLayout, tensor_name
from ninefold.problem import Task
from ninefold.registry import components
from ninefold.training.scoring_module import ScoringModule

BATCHES = (1, 2, 3, 17)
ROWS = 300
RUNNER = (
    f"BATCHES, ROWS = {BATCHES}, {ROWS}"
    + """
import sys, numpy as np, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
for line in sys.stdin:
    model, given, answers = line.rstrip().split(chr(9))
    session = onnxruntime.InferenceSession(open(model, "rb").read(), options)
    rows = np.load(given)
    names = [item.name for item in session.get_inputs()]
    run = lambda a, b: session.run(None, {name: rows[name][a:b] for name in names})[0]
    whole = run(0, ROWS)
    parts = [np.concatenate([run(a, a + n) for a in range(0, ROWS, n)]) for n in BATCHES]
    np.savez(answers, whole=whole, parts=np.stack(parts))
    assert "torch" not in sys.modules
    print("done", flush=True)
"""
)


@pytest.fixture(scope="module")
def apart():
    """A process without torch; it runs the file in one path on the rows in the next."""
    command = [sys.executable, "-c", RUNNER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def run(*paths):
            process.stdin.write("\t".join(paths) + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == "done\n"

        yield run
        process.stdin.close()
        assert process.wait(20) == 0


NETWORKS = [kind() for kind in components("ninefold.networks", NetworkSpec)]
SMALL = CNNSpec(filters=(4, 6), hidden_size=8)
PICTURE = TensorLayout("picture", "image", (3, 13, 17), (4, 4), ())
SERIES = TensorLayout("series", "sequence", (-1, 5), (2, 4, 0), ())
TEXT = TensorLayout("text", "tokens", (9,), (5,), (), cardinality=30)


def tensors_for(network: NetworkSpec) -> tuple[TensorLayout, ...]:
    if not network.reads_tensors:
        return ()
    return {"cnn": (PICTURE,), "text_cnn": (TEXT,)}.get(network.kind, (SERIES,))


CASES: list[tuple[NetworkSpec, Task, int, int, int]] = [
    *((network, "classification", 2, 20, 2) for network in NETWORKS),
    (MLPSpec(ensemble_size=1, hidden_size=17, normalization="batch"), "regression", 1, 1, 0),
    (MLPSpec(ensemble_size=3, activation="gelu", normalization="layer"), "classification", 5, 0, 3),
    (MLPSpec(ensemble_size=1, hidden_size=9, activation="tanh"), "regression", 1, 3, 0),
    (MLPSpec(num_layers=0, embedding="none", ensemble_size=2), "classification", 3, 4, 1),
    (
        SMALL.model_copy(update={"pooling": "stride", "normalization": "none", "hidden_size": 0}),
        "classification", 4, 0, 1,
    ),
    (RNNSpec(cell="lstm", hidden_size=9, num_layers=2, bidirectional=True, pooling="mean",
             head_size=7), "regression", 1, 0, 0),
    (SeriesCNNSpec(filters=(6, 9), kernel_size=3, pooling="max"), "regression", 1, 0, 0),
]  # fmt: skip
FURTHER: list[tuple[NetworkSpec, Task, int, int, int]] = [
    *(
        (MLPSpec(ensemble_size=1, hidden_size=9, activation=name), "regression", 1, 3, 0)
        for name in ("leaky_relu", "elu", "sigmoid")
    ),
    (SMALL.model_copy(update={"summary": "average", "pooling": "average"}), "regression", 1, 0, 0),
    (RNNSpec(cell="lstm", hidden_size=9, num_layers=1, head_size=0), "regression", 1, 0, 0),
    (RNNSpec(cell="gru", hidden_size=9, num_layers=2, bidirectional=True, head_size=7),
     "regression", 1, 0, 0),
]  # fmt: skip
ALIKE = {"focal", "huber", "mae", "mse"}
"""Objectives whose scores are computed as another's are."""


def drawn(tensor: TensorLayout, rng: np.random.Generator) -> np.ndarray:
    if tensor.kind == "tokens":
        return rng.integers(0, 30, (ROWS, *tensor.shape))
    if tensor.kind == "sequence":
        return drawn_sequences(rng, rng.integers(0, 12, ROWS), 12)
    return rng.normal(size=(ROWS, *tensor.shape)).astype(np.float32)


def drawn_sequences(rng: np.random.Generator, counts: np.ndarray, steps: int) -> np.ndarray:
    """Return sequences `(N, steps, 5)`; behind the last step stands garbage."""
    series = rng.normal(size=(len(counts), steps, 5)).astype(np.float32)
    is_there = np.arange(steps) < counts[:, None]
    series[:, :, 0] = is_there
    series[~is_there, 1:] = np.array([np.nan, 1e30, -np.inf, 7.0])
    return series


def layout(features: int, codes: int, tensors: tuple[TensorLayout, ...] = ()) -> Layout:
    names = tuple(f"f {n}" for n in range(features))
    return Layout(
        features=names,
        sources=names,
        continuous=tuple(range(0, features, 2)),
        codes=tuple(f"c {n}" for n in range(codes)),
        cardinalities=(30,) * codes,
        columns=(),
        tensors=tensors,
    )


@pytest.mark.parametrize(
    ("network", "task", "outputs", "features", "codes"),
    [*CASES, *(pytest.param(*case, marks=pytest.mark.thorough) for case in FURTHER)],
    ids=[f"{spec.kind} {task} F={f} C={c}" for spec, task, _, f, c in CASES + FURTHER],
)
def test_onnx_gives_torchs_numbers_whatever_the_batch(
    network, task, outputs, features, codes, tmp_path, apart
):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, features)).astype(np.float32)
    C = rng.integers(0, 30, size=(ROWS, codes))
    tensors = tensors_for(network)
    pictures = [drawn(tensor, rng) for tensor in tensors]
    module = ScoringModule(
        network.build(layout(features, codes, tensors), outputs, X, seed=0), objective(None, task)
    )
    module.train()
    module(*map(torch.from_numpy, (X, C, *pictures)))
    compare(module, [X, C, *pictures], outputs, tensors, tmp_path, apart)


@pytest.mark.parametrize(
    "loss",
    [
        pytest.param(
            kind(), id=kind().kind, marks=[pytest.mark.thorough] if kind().kind in ALIKE else []
        )
        for kind in components("ninefold.objectives", ObjectiveSpec)
    ],
)
@pytest.mark.some(3)
def test_scores_of_every_objective_are_exported(loss, tmp_path, apart):
    X = np.random.default_rng(0).normal(size=(ROWS, 3)).astype(np.float32)
    outputs = 3 if loss.task == "classification" else 1
    network = MLPSpec(ensemble_size=3, hidden_size=8, embedding="none")
    module = ScoringModule(network.build(layout(3, 0), outputs, X, seed=0), loss)
    compare(module, [X, np.zeros((ROWS, 0), dtype=np.int64)], outputs, (), tmp_path, apart)


def compare(module, rows, outputs, tensors, tmp_path, apart):
    """Export the module and compare it with torch, row by row and in batches."""
    X, C, *pictures = rows
    expected = module.scores(*map(torch.from_numpy, rows))
    model = module_to_onnx(module, X.shape[1], C.shape[1], outputs, tensors)
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    named = {tensor_name(position): array for position, array in enumerate(pictures)}
    np.savez(tmp_path / "rows.npz", X=X, codes=C, **named)
    paths = [str(tmp_path / name) for name in ("net.onnx", "rows.npz", "answers.npz")]
    apart(*paths)
    answers = np.load(tmp_path / "answers.npz")
    np.testing.assert_allclose(answers["whole"], expected, atol=1e-5)
    for part in answers["parts"]:
        np.testing.assert_array_equal(part, answers["whole"])
