"""Claim: at batch 256 the training loop costs at most 1.6 times the bare matrix products of its
network, and the same network under the usual loop costs at least 1.5 times as much as ours.

Two networks: the default one (8 members, embeddings) on rows of the demo's shape, and a plain
20-256-256-256-2 perceptron. The usual loop is what a person writes: `nn.SiLU` and `nn.Dropout`,
`DataLoader(TensorDataset(...), batch_size, shuffle=True)`, `torch.optim.AdamW` as it comes, and the
same loss, dropout and clipping of gradients.

`python benchmarks/training_loop.py` prints the ratios: one thread, CPU time of the best of many
rounds, since other work on the machine only ever adds to it. Products and loops run in turns, each
in a process of its own; ours with the settings that `ninefold.training.fit` makes.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from ninefold.networks.mlp import MLPSpec
from ninefold.networks.modules.dropout import SiLULinear
from ninefold.objectives.cross_entropy import CrossEntropySpec
from ninefold.preprocessing import Layout
from ninefold.training import TrainSpec
from ninefold.training.device import keep_freed_memory
from ninefold.training.loop import Rows, run_epoch, start_optimizer
from ninefold.training.memory import Pieces
from ninefold.training.schedules import Standing
from ninefold.training.scoring_module import ScoringModule

BATCH, STEPS = 256, 12
LOOPS = ("products", "ours", "usual")
MOST_OVER_PRODUCTS, LEAST_USUAL = 1.6, 1.5
SPEC = TrainSpec()
LR = SPEC.optimizer.lr


@dataclass(frozen=True)
class Case:
    """A network and the table that it learns."""

    name: str
    network: MLPSpec
    features: int
    continuous: int
    levels: tuple[int, ...]
    rounds: int

    def rows(self) -> Rows:
        """Return random rows."""
        rng, count = np.random.default_rng(0), BATCH * STEPS
        X = rng.normal(size=(count, self.features)).astype(np.float32)
        codes = np.zeros((count, len(self.levels)), dtype=np.int64)
        for column, levels in enumerate(self.levels):
            codes[:, column] = rng.integers(0, levels, count)
        x, c, y = map(torch.from_numpy, (X, codes, rng.integers(0, 2, count)))
        return Rows(x, c, y, torch.ones(count))

    def module(self, rows: Rows) -> ScoringModule:
        """Return the package's network for these rows."""
        names = tuple(f"x{n}" for n in range(self.features))
        codes = tuple(f"c{n}" for n in range(len(self.levels)))
        layout = Layout(names, names, tuple(range(self.continuous)), codes, self.levels, ())
        return ScoringModule(self.network.build(layout, 2, rows.x.numpy(), 0), CrossEntropySpec())


Server = Callable[[Case, Connection], None]
"""Takes turns with a loop of its own, see `serve`."""
PLAIN = MLPSpec(ensemble_size=1, embedding="none", linear=False)
CASES = (
    Case("default network, 8 members", MLPSpec(), 50, 25, (30, 100), 12),
    Case("plain 20-256-256-256-2", PLAIN, 20, 0, (), 80),
)


def ours(case: Case) -> Callable[[], None]:
    """Return one epoch of the package's loop."""
    rows = case.rows()
    module = case.module(rows)
    optimizer, pieces, standing = start_optimizer(module, SPEC), Pieces(BATCH), Standing(1000, 0)

    def epoch() -> None:
        batches = rows.take(torch.randperm(len(rows))).batches(BATCH)
        run_epoch(module, optimizer, batches, SPEC, LR, 0, standing, pieces)

    return epoch


def usual(case: Case) -> Callable[[], None]:
    """Return one epoch as it is usually written."""
    network, loss, dataset, inputs = written(case)
    optimizer = torch.optim.AdamW(network.parameters(), lr=LR, weight_decay=SPEC.weight_decay)
    loader = DataLoader(dataset, batch_size=BATCH, shuffle=True)

    def epoch() -> None:
        network.train()
        for batch in loader:
            optimizer.zero_grad()
            torch.autograd.backward(loss(network(*batch[:inputs]), *batch[inputs:]))
            nn.utils.clip_grad_norm_(network.parameters(), SPEC.clip_norm)
            optimizer.step()

    return epoch


def written(case: Case) -> tuple[nn.Module, Callable[..., Tensor], TensorDataset, int]:
    """Return network, loss and rows as a person has them, and how many parts of a row go into
    the network; the others go into the loss.
    """
    rows = case.rows()
    if case.network == PLAIN:
        return plain(case), F.cross_entropy, TensorDataset(rows.x, rows.y), 1
    module = case.module(rows)
    dataset = TensorDataset(rows.x, rows.codes, rows.y, rows.weight)
    return with_torch_layers(module.network), module.objective.loss, dataset, 2


def plain(case: Case) -> nn.Module:
    """Return the perceptron from torch's layers."""
    layers: list[nn.Module] = []
    width, hidden = case.features, case.network.hidden_size
    for _ in range(case.network.num_layers):
        layers += [nn.Linear(width, hidden), nn.SiLU(), nn.Dropout(case.network.dropout)]
        width = hidden
    return nn.Sequential(*layers, nn.Linear(width, 2))


def with_torch_layers(network: nn.Module) -> nn.Module:
    """Replace the package's activation and dropout by torch's; the rest of the network stays."""
    layers = list[nn.Module]()
    for layer in network.hidden.children():  # type: ignore[union-attr]
        assert isinstance(layer, SiLULinear)
        linear = nn.Linear(layer.in_features, layer.out_features)
        linear.load_state_dict(layer.state_dict())
        layers += [linear, nn.SiLU(), nn.Dropout(layer.p)]
    network.hidden = nn.Sequential(*layers)
    return network


def products(case: Case) -> Callable[[], None]:
    """Return the matrix products of an epoch, forward, dX and dW, and nothing else.

    Without the dX of the embedding of numbers, which nothing needs.
    """
    module, folded = case.module(case.rows()), BATCH * case.network.ensemble_size
    needed: list[tuple[Tensor, Tensor, Tensor, bool]] = []
    for name, weight in module.named_parameters():
        if name.endswith("weight") and weight.ndim == 3:
            groups, inner, outer = weight.shape
            inputs, gradients = torch.randn(groups, BATCH, inner), torch.randn(groups, BATCH, outer)
            needed.append((inputs, weight.detach(), gradients, "numbers" not in name))
        elif "hidden" in name and weight.ndim == 2:
            outer, inner = weight.shape
            inputs, gradients = torch.randn(folded, inner), torch.randn(folded, outer)
            needed.append((inputs, weight.detach().T, gradients, True))

    def epoch() -> None:
        for _ in range(STEPS):
            for inputs, weight, gradients, is_dx_needed in needed:
                inputs @ weight
                inputs.transpose(-1, -2) @ gradients
                if is_dx_needed:
                    gradients @ weight.transpose(-1, -2)

    return epoch


def serve(loop: str, case: Case, turns: Connection) -> None:
    """Take two epochs whenever asked to; answer with the CPU milliseconds per step of the second.

    The first fills the caches that the other loops have emptied since the last turn.
    """
    torch.set_num_threads(1)
    torch.manual_seed(0)
    if loop == "ours":
        keep_freed_memory()
    epoch = {"products": products, "ours": ours, "usual": usual}[loop](case)
    epoch()
    turns.send("ready")
    while turns.recv():
        epoch()
        start = time.process_time()
        epoch()
        turns.send((time.process_time() - start) / STEPS * 1000)


def measure(case: Case, servers: Sequence[Server]) -> np.ndarray:
    """Return CPU milliseconds per step, `(rounds, servers)`, each in a process of its own."""
    context = get_context("spawn")
    pipes = [context.Pipe() for _ in servers]
    for server, (_, theirs) in zip(servers, pipes, strict=True):
        context.Process(target=server, args=(case, theirs)).start()
    for turns, _ in pipes:
        turns.recv()
    times = np.zeros((case.rounds, len(servers)))
    for place in np.ndindex(times.shape):
        turns = pipes[place[1]][0]
        turns.send(True)
        times[place] = turns.recv()
    for turns, _ in pipes:
        turns.send(False)
    return times


def main() -> int:
    """Print the ratios; return 1 if one of them misses its claim."""
    missed = False
    for case in CASES:
        times = measure(case, [partial(serve, loop) for loop in LOOPS])
        bare, loop, usual_loop = times.min(axis=0)
        over, speed = float(loop / bare), float(usual_loop / loop)
        print(f"{case.name}, ms CPU per step of {BATCH} rows:")
        print(f"  products {bare:.2f}, our loop {loop:.2f}, usual loop {usual_loop:.2f}")
        print(f"  our loop / products:   {over:.2f} (claim: <= {MOST_OVER_PRODUCTS})")
        print(f"  usual loop / our loop: {speed:.2f} (claim: >= {LEAST_USUAL})")
        missed |= over > MOST_OVER_PRODUCTS or speed < LEAST_USUAL
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
