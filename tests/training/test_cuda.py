"""Training on a GPU comes to what it comes to on a CPU; for machines that have one."""

import copy

import numpy as np
import pytest
import torch

from ninefold.autoencoding import AutoEncoderSpec
from ninefold.autoencoding.network import AutoEncoder, Reconstructing, dense_sides, step_sides
from ninefold.generating import GenerateSpec
from ninefold.generating.training import train as train_generator
from ninefold.networks import NetworkSpec
from ninefold.networks.augmenting import AugmentSpec
from ninefold.networks.cnn import CNNSpec
from ninefold.networks.mlp import MLPSpec
from ninefold.objectives import ObjectiveSpec, objective
from ninefold.registry import components
from ninefold.tagging import TagSpec
from ninefold.tagging.network import RecurrentTagger, StepEntropy
from ninefold.training import TrainSpec, memory
from ninefold.training.checkpoint import Checkpoint, key
from ninefold.training.device import reproducible
from ninefold.training.loop import Rows, Watch, train
from ninefold.training.optimizers import OptimizerSpec
from ninefold.training.probing import Probe
from ninefold.training.scoring_module import ScoringModule
from tests.networks.test_export import CASES, drawn, layout, tensors_for
from tests.training.test_checkpoint import KillAfter, Killed
from tests.training.test_fit import trained

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
CUDA = torch.device("cuda")
WATCH = Watch(lambda scores: float("nan"), higher_is_better=False)
STILL = CNNSpec(filters=(4, 6), hidden_size=8, dropout=0.0,
                augment=AugmentSpec(shift=0, rotate=0, zoom=0))  # fmt: skip


def on(device, rows):
    parts = [part.to(device) for part in rows.parts]
    return Rows(*parts[:4], tuple(parts[4:]))


def material(network, task="classification", outputs=2, features=20, codes=2, count=400):
    """Return an untrained module and rows, whose target the first number tells."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(count, features)).astype(np.float32)
    C = rng.integers(0, 30, size=(count, codes))
    tensors = tensors_for(network)
    given = [drawn(tensor, rng)[:count] for tensor in tensors]
    told = X[:, 0] if features else C[:, 0] if codes else given[0].reshape(count, -1)[:, 1]
    y = np.nan_to_num(told, posinf=0, neginf=0).clip(-3, 3).astype(np.float32)
    if task == "classification":
        y = (np.argsort(np.argsort(y)) * outputs // count).astype(np.int64)
    built = network.build(layout(features, codes, tensors), outputs, X, seed=0)
    x, c, goal, *rest = map(torch.from_numpy, (X, C, y, *given))
    rows = Rows(x, c, goal, torch.ones(count), tuple(rest))
    return ScoringModule(built, objective(None, task)), rows


def course(module, rows, device=CUDA, observers=(), **fields):
    """Train a copy of a module on a device; return it and what training came to."""
    spec = TrainSpec.model_validate({"epochs": 5, "batch_size": 64, **fields})
    with reproducible(0, 1, device):
        taught = copy.deepcopy(module).to(device)
        placed = on(device, rows)
        seen = (*observers, Probe(placed))
        return taught, train(taught, placed, placed, WATCH, spec, seen)


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{spec.kind} {task} {n}" for n, (spec, task, *_) in enumerate(CASES)]
)
def test_every_network_learns_and_is_the_same_back_on_the_cpu(case):
    module, rows = material(*case)
    taught, outcome = course(module, rows, epochs=8)
    losses = [epoch.train_loss for epoch in outcome.history]
    assert all(np.isfinite(losses))
    assert min(losses) < losses[0]
    scores = taught.scores(*on(CUDA, rows).parts[:2], *on(CUDA, rows).tensors)
    back = taught.cpu().scores(rows.x, rows.codes, *rows.tensors)
    np.testing.assert_allclose(back, scores, atol=5e-3)  # cuDNN convolves in TF32


@pytest.mark.parametrize("spec", components("ninefold.training.optimizers", OptimizerSpec))
def test_every_optimizer_comes_as_far_as_on_the_cpu(spec):
    network = MLPSpec(hidden_size=32, num_layers=2, ensemble_size=2, dropout=0.0)
    module, rows = material(network)
    fields = {"optimizer": {"kind": spec().kind}, "l1": 1e-6, "ema": 0.9}
    found = [course(module, rows, device, **fields)[1] for device in (CUDA, torch.device("cpu"))]
    ends = [outcome.history[-1].train_loss for outcome in found]
    assert ends[0] < found[0].history[0].train_loss
    assert ends[0] == pytest.approx(ends[1], rel=0.5, abs=0.05)


@pytest.mark.parametrize("loss", components("ninefold.objectives", ObjectiveSpec))
def test_every_objective_falls(loss):
    goal = loss()
    network = MLPSpec(hidden_size=32, num_layers=2, ensemble_size=2)
    task = goal.task
    module, rows = material(network, task, 1 if task == "regression" else 3)
    if goal.kind == "labels":
        rows = Rows(rows.x, rows.codes, (rows.x[:, :3] > 0).long(), rows.weight)
    module.objective = goal
    history = course(module, rows, epochs=8)[1].history
    assert history[-1].train_loss < history[0].train_loss


@pytest.mark.parametrize("network", [MLPSpec(dropout=0.0), STILL])
def test_a_replayed_gradient_is_the_one_that_was_to_be_computed(network, monkeypatch):
    module, rows = material(network)
    _, replayed = course(module, rows)
    monkeypatch.setattr(memory, "is_replayable", lambda *given: False)
    _, computed = course(module, rows)
    for name in ("train_loss", "grad_norm", "valid_loss"):
        ours, theirs = ([getattr(e, name) for e in o.history] for o in (replayed, computed))
        assert ours == pytest.approx(theirs, rel=0.05)


def test_masks_differ_from_replay_to_replay():
    network = MLPSpec(hidden_size=32, ensemble_size=1, dropout=0.5)
    module, rows = material(network)
    pieces, placed = memory.Pieces(400), on(CUDA, rows)
    taught = module.to(CUDA).train()
    optimizer = TrainSpec().optimizer.over(taught, weight_decay=0.0)
    losses = {float(pieces.take(optimizer, taught, placed, 0.0, 1.0)[0]) for _ in range(5)}
    assert len(losses) == 5


@pytest.mark.parametrize("network", ["mlp", "rnn"])
def test_a_run_that_was_killed_goes_on(network, tmp_path):
    (spec,) = (kind for kind in components("ninefold.networks", NetworkSpec)
               if kind().kind == network)  # fmt: skip
    module, rows = material(spec())
    file = Checkpoint(tmp_path / "run", key({}, ()), every_s=0.0)
    with pytest.raises(Killed):
        course(module, rows, observers=(KillAfter(2), file))
    _, resumed = course(module, rows, observers=(file,))
    _, whole = course(module, rows)
    assert len(resumed.history) == len(whole.history)
    ends = [outcome.history[-1].valid_loss for outcome in (resumed, whole)]
    assert ends[0] == pytest.approx(ends[1], rel=0.05)


def test_a_batch_beyond_the_gpus_memory_is_worked_off_in_pieces(capfd):
    network = MLPSpec(hidden_size=1024, ensemble_size=8)
    module, rows = material(network, count=400)
    many = Rows(*(part.repeat(100, *[1] * (part.ndim - 1)) for part in rows.parts))
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(3e9 / total)
    try:
        _, outcome = course(module, many, batch_size=40_000, epochs=2)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        torch.cuda.empty_cache()
    assert outcome.micro_batch_size < 40_000
    assert np.isfinite(outcome.history[-1].train_loss)
    assert "do not fit into memory at once" in capfd.readouterr().err


@pytest.mark.parametrize(
    "fields", [{}, {"variational": True}, {"noise": 0.2}], ids=["plain", "variational", "noisy"]
)
@pytest.mark.parametrize("kind", ["dense", "recurrent"])
def test_autoencoders(kind, fields):
    spec = AutoEncoderSpec.model_validate({"width": 16, "epochs": 8, **fields})
    torch.manual_seed(0)
    x = torch.randn(300, 2) @ torch.randn(2, 12)
    places = np.arange(10).reshape(5, 2), np.array([10, 11])
    sides = dense_sides(12, 3, spec) if kind == "dense" else step_sides(places, 3, spec)
    network = AutoEncoder(sides, 3, noise=spec.noise, variational=spec.variational)
    module = ScoringModule(network, Reconstructing(12, spec.beta))
    rows = Rows(x, torch.zeros((300, 0), dtype=torch.int64), x, torch.ones(300))
    history = course(module, rows, epochs=8)[1].history
    assert history[-1].train_loss < history[0].train_loss


def test_a_tagger():
    torch.manual_seed(0)
    network = RecurrentTagger(3, 0, 4, TagSpec(hidden_size=8))
    steps = torch.randn(200, 7, 3)
    steps[:, :, 0] = (torch.arange(7) < torch.randint(1, 8, (200, 1))).float()
    y = torch.where(steps[:, :, 0] > 0, torch.randint(0, 4, (200, 7)), -1)
    empty = torch.zeros(200, 0)
    rows = Rows(empty, empty.long(), y, torch.ones(200), (steps,))
    history = course(ScoringModule(network, StepEntropy()), rows)[1].history
    assert history[-1].train_loss < history[0].train_loss


def test_a_generator():
    wide = np.random.default_rng(0).normal(3.0, 2.0, (500, 4)).astype(np.float32)
    shape = {"groups": [[0, 1]], "flags": [2], "bools": []}
    layers, history, _ = train_generator(wide, shape, GenerateSpec(steps=200, device="cuda"))
    assert np.isfinite(history[-1]["wasserstein"])
    assert layers.widths[-1] == 4


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_fit_comes_as_far_as_on_the_cpu(kind):
    found = [trained(kind, device=device) for device in ("cuda", "cpu")]
    name = found[0].facts["metric"]
    ours, theirs = (model.facts["valid"][name] for model in found)
    assert ours == pytest.approx(theirs, rel=0.08)
    assert {p.device.type for p in found[0].module.parameters()} == {"cpu"}
