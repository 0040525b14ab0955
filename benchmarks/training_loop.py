"""Claim: the training loop costs at most 1.8 times the bare matrix products of the default network,
and the same network under DataLoader and torch.optim.AdamW costs 1.25 times as much, or 1.35 times
with a single member, where products weigh less.

`python benchmarks/training_loop.py` prints the ratios at batch 256; one thread, interleaved rounds,
CPU seconds, the least of each.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from ninefold.networks.mlp import MLPSpec
from ninefold.objectives.cross_entropy import CrossEntropySpec
from ninefold.preprocessing import Layout
from ninefold.training import TrainSpec
from ninefold.training.loop import Rows, run_epoch
from ninefold.training.optimizer import FlatAdamW
from ninefold.training.scoring_module import ScoringModule

ROWS, FEATURES, LEVELS, BATCH, ROUNDS = 256 * 12, 50, (30, 100), 256, 5
SPEC = TrainSpec()
CLAIMS = {MLPSpec(): (1.8, 1.25), MLPSpec(ensemble_size=1): (2.2, 1.35)}
"""Network -> most over the bare products, least under the usual loop."""


def data() -> Rows:
    """Return random rows of the demo's shape: 50 features, 25 of them continuous, 2 codes."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, FEATURES)).astype(np.float32)
    codes = np.stack([rng.integers(0, levels, ROWS) for levels in LEVELS], axis=1)
    y = rng.integers(0, 2, ROWS)
    x, c, targets = (torch.from_numpy(array) for array in (X, codes, y))
    return Rows(x, c, targets, torch.ones(ROWS))


def network(rows: Rows, spec: MLPSpec) -> ScoringModule:
    """Return the network for these rows."""
    names = tuple(f"x{n}" for n in range(FEATURES))
    codes = tuple(f"c{n}" for n in range(len(LEVELS)))
    layout = Layout(names, names, tuple(range(FEATURES // 2)), codes, LEVELS, ())
    return ScoringModule(spec.build(layout, 2, rows.x.numpy(), 0), CrossEntropySpec())


def ours(rows: Rows, spec: MLPSpec) -> Callable[[], None]:
    """Return one epoch of the package's loop."""
    module = network(rows, spec)
    optimizer = FlatAdamW(module, weight_decay=SPEC.weight_decay, betas=SPEC.betas)

    def epoch() -> None:
        shuffled = rows.take(torch.randperm(len(rows)))
        run_epoch(module, optimizer, shuffled.batches(BATCH), SPEC, SPEC.lr, 0, 1000)

    return epoch


def usual(rows: Rows, spec: MLPSpec) -> Callable[[], None]:
    """Return one epoch as it is usually written: DataLoader, torch's dropout, torch.optim."""
    from torch.utils.data import DataLoader, TensorDataset

    module = network(rows, spec)
    hidden = module.network.hidden
    assert isinstance(hidden, nn.Sequential)
    module.network.hidden = nn.Sequential(
        *(nn.Dropout(layer.p) if hasattr(layer, "p") else layer for layer in hidden)  # type: ignore[arg-type]
    )
    optimizer = torch.optim.AdamW(module.parameters(), lr=SPEC.lr, weight_decay=SPEC.weight_decay)
    loader = DataLoader(
        TensorDataset(rows.x, rows.codes, rows.y, rows.weight), batch_size=BATCH, shuffle=True
    )

    def epoch() -> None:
        module.train()
        for x, codes, y, weight in loader:
            optimizer.zero_grad()
            loss = module.objective.loss(module.network(x, codes), y, weight)
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(module.parameters(), SPEC.clip_norm)
            optimizer.step()

    return epoch


def floor(rows: Rows, spec: MLPSpec) -> Callable[[], None]:
    """Return the same network's matrix products (forward, dX, dW) and nothing else."""
    module = network(rows, spec)
    folded = BATCH * spec.ensemble_size
    products: list[tuple[Tensor, Tensor, Tensor]] = []
    for name, weight in module.named_parameters():
        if name.endswith("weight") and weight.ndim == 3:
            groups, inner, outer = weight.shape
            inputs, gradients = torch.randn(groups, BATCH, inner), torch.randn(groups, BATCH, outer)
            products.append((inputs, weight.detach(), gradients))
        elif "hidden" in name and weight.ndim == 2:
            outer, inner = weight.shape
            inputs, gradients = torch.randn(folded, inner), torch.randn(folded, outer)
            products.append((inputs, weight.detach().T, gradients))

    def epoch() -> None:
        for _ in range(ROWS // BATCH):
            for inputs, weight, gradients in products:
                inputs @ weight
                gradients @ weight.transpose(-1, -2)
                inputs.transpose(-1, -2) @ gradients

    return epoch


def measure(rows: Rows, spec: MLPSpec) -> dict[str, float]:
    """Return the least CPU milliseconds per step of each loop."""
    loops = {"floor": floor(rows, spec), "ours": ours(rows, spec), "usual": usual(rows, spec)}
    least = dict.fromkeys(loops, float("inf"))
    for round_ in range(ROUNDS + 1):
        for name, epoch in loops.items():
            start = time.process_time()
            epoch()
            if round_:
                least[name] = min(least[name], time.process_time() - start)
    return {name: seconds / (ROWS // BATCH) * 1000 for name, seconds in least.items()}


def main() -> int:
    """Print the ratios; return 1 if one of them misses its claim."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows, missed = data(), False
    for spec, (most, least) in CLAIMS.items():
        found = measure(rows, spec)
        over_floor, speed = found["ours"] / found["floor"], found["usual"] / found["ours"]
        print(f"{spec.ensemble_size} members, ms CPU per step of {BATCH} rows: {found}")
        print(f"  loop over bare matrix products: {over_floor:.2f} (claim: <= {most})")
        print(f"  DataLoader and torch.optim over loop: {speed:.2f} (claim: >= {least})")
        missed |= speed < least or over_floor > most
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
