"""A convolutional network on 5,000 pictures of MNIST: test accuracy, and the training loop's speed.

Claims: at least 97.5 % on the test part that `split: {kind: auto}` seals (1,000 pictures); the
loop at least 1.3 times as fast as the same network under `DataLoader` and `torch.optim.AdamW`, with
weights and pictures as torch lays them out by itself. One thread, CPU time, best of three rounds.

    python benchmarks/pictures.py [accuracy] [speed]
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from ninefold.columns import Frame, to_frame
from ninefold.config import validate
from ninefold.datasets import read
from ninefold.datasets.mnist5k import MNIST5kSpec
from ninefold.networks.augmenting import AugmentSpec
from ninefold.networks.cnn import CNNSpec
from ninefold.networks.modules.cnn import CNN
from ninefold.networks.modules.dropout import FastDropout
from ninefold.objectives.cross_entropy import CrossEntropySpec
from ninefold.preprocessing import Layout, PreprocessSpec
from ninefold.preprocessing.layout import TensorLayout
from ninefold.problem import ProblemSpec
from ninefold.sampling import NoSamplingSpec
from ninefold.splitting import split
from ninefold.training import TrainSpec, fit
from ninefold.training.device import keep_freed_memory
from ninefold.training.loop import Rows, run_epoch, start_optimizer
from ninefold.training.memory import Pieces
from ninefold.training.schedules import Standing
from ninefold.training.scoring_module import ScoringModule

PROBLEM = ProblemSpec(target="digit", task="classification", metric="accuracy")
NETWORK = CNNSpec(filters=(16, 32, 64), hidden_size=128)
EPOCHS, BATCH, STEPS, ROUNDS = 20, 64, 25, 3


def parts() -> dict[str, Frame]:
    """Return train, valid and test part."""
    frame = to_frame(*read(MNIST5kSpec(), PROBLEM, Path()))
    found = split(frame, PROBLEM, validate("split", {"valid_size": 0.15, "test_size": 0.2}))
    return {name: frame.take(found.index(name)) for name in ("train", "valid", "test")}


def accuracy(rows: dict[str, Frame]) -> None:
    """Train as the stage does and print the accuracy on test."""
    spec = TrainSpec(network=NETWORK, epochs=EPOCHS, batch_size=BATCH)
    started = time.process_time()
    model = fit(rows["train"], rows["valid"], PROBLEM, NoSamplingSpec(), PreprocessSpec(), spec)
    seconds = time.process_time() - started
    labels = model.head.labels(model.predict(rows["test"]))
    right = float((labels == model.head.target.encode(rows["test"])).mean())
    print(f"test accuracy {right:.4f} of {len(labels)} pictures (claim: 0.975), "
          f"{model.facts['epochs']} epochs, {seconds:.0f} s CPU")  # fmt: skip


def speed() -> None:
    """Print CPU milliseconds per step of both loops, and their ratio."""
    torch.set_num_threads(1)
    keep_freed_memory()
    rows = random_rows()
    loops = [ours(rows), usual(rows)]
    times = np.array([[_milliseconds(epoch) for epoch in loops] for _ in range(ROUNDS + 1)])[1:]
    mine, theirs = times.min(axis=0)
    print(
        f"ms CPU per step of {BATCH} pictures: our loop {mine:.1f}, usual loop {theirs:.1f}; "
        f"usual / ours {theirs / mine:.2f} (claim: >= 1.3)"
    )


def _milliseconds(epoch: Callable[[], None]) -> float:
    started = time.process_time()
    epoch()
    return (time.process_time() - started) / STEPS * 1000


def random_rows() -> Rows:
    """Return noise the size of MNIST's pictures."""
    count, rng = BATCH * STEPS, np.random.default_rng(0)
    pictures = torch.from_numpy(rng.normal(size=(count, 1, 28, 28)).astype(np.float32))
    y = torch.from_numpy(rng.integers(0, 10, count))
    codes = torch.zeros(count, 0, dtype=torch.int64)
    return Rows(torch.zeros(count, 0), codes, y, torch.ones(count), (pictures,))


def module() -> ScoringModule:
    """Return the network, without augmentation: the usual loop has none."""
    still = AugmentSpec(shift=0, rotate=0, zoom=0)
    network = NETWORK.model_copy(update={"augment": still})
    picture = TensorLayout("image", "image", (1, 28, 28), (16, 16), ())
    layout = Layout((), (), (), (), (), (), (picture,))
    return ScoringModule(network.build(layout, 10, None, 0), CrossEntropySpec())


def ours(rows: Rows) -> Callable[[], None]:
    """Return one epoch of the package's loop."""
    spec, made = TrainSpec(network=NETWORK), module()
    optimizer, pieces, standing = start_optimizer(made, spec), Pieces(BATCH), Standing(1000, 0)

    def epoch() -> None:
        batches = rows.take(torch.randperm(len(rows))).batches(BATCH)
        run_epoch(made, optimizer, batches, spec, spec.optimizer.lr, 0, standing, pieces)

    return epoch


def usual(rows: Rows) -> Callable[[], None]:
    """Return one epoch as it is usually written: the same layers, pictures as torch lays them."""
    made = module().network
    assert isinstance(made, CNN)
    blocks, head = made.readers[0].get_submodule("blocks"), nn.Linear(NETWORK.hidden_size, 10)
    network = nn.Sequential(blocks, nn.Flatten(), made.hidden, head)
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, FastDropout):
                setattr(parent, name, nn.Dropout(child.p))
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    loader = DataLoader(TensorDataset(rows.tensors[0], rows.y), batch_size=BATCH, shuffle=True)

    def epoch() -> None:
        network.train()
        for pictures, y in loader:
            optimizer.zero_grad()
            torch.autograd.backward(nn.functional.cross_entropy(network(pictures), y))
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()

    return epoch


def main() -> int:
    """Measure what is asked for, or both."""
    wanted = sys.argv[1:] or ["accuracy", "speed"]
    if "accuracy" in wanted:
        accuracy(parts())
    if "speed" in wanted:
        speed()
    return 0


if __name__ == "__main__":
    sys.exit(main())
