"""Claim: Lightning's `Trainer` takes at least 1.8 times as long for a step as our training loop.

The network, batch, optimizer, dropout and clipping are those of the usual loop of
`benchmarks.training_loop`. The Trainer is measured twice: as it comes, with its progress bar and
logger and a step that logs its loss, as Lightning's tutorials write it; and bare, without either.
Neither validates or writes checkpoints. Only epochs are timed, from the hook at their start to the
one at their end: neither the import, which takes some seconds, nor what comes before the first one.

    pip install --target /somewhere --no-deps lightning pytorch-lightning lightning-utilities \
        torchmetrics
    PYTHONPATH=/somewhere:. python -m benchmarks.lightning_loop

prints the ratios; one thread, CPU time of the best of many epochs, in turns with ours, each in a
process of its own. Where Lightning is missing it says so and ends with 0.
"""

import dataclasses
import importlib
import importlib.util
import logging
import os
import sys
import tempfile
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from benchmarks import training_loop
from benchmarks.training_loop import BATCH, CASES, LR, SPEC, STEPS, Case, Server, measure, written

LEAST, ROUNDS = 1.8, 12


def serve(is_bare: bool, case: Case, turns: Connection) -> None:
    """Train as long as turns come; answer each with the CPU milliseconds per step of an epoch.

    As in the other loops, an epoch that fills the caches goes before each that is timed.
    """
    torch.set_num_threads(1)
    torch.manual_seed(0)
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    lightning = importlib.import_module("lightning")
    network, loss, dataset, inputs = written(case)

    class Task(lightning.LightningModule):  # type: ignore[name-defined,misc]
        """The network with its loss."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def training_step(self, batch: list[torch.Tensor], index: int) -> torch.Tensor:
            """Return the loss of a batch."""
            found = loss(self.network(*batch[:inputs]), *batch[inputs:])
            if not is_bare:
                self.log("train_loss", found, prog_bar=True)
            return found

        def configure_optimizers(self) -> torch.optim.Optimizer:
            """Return torch's AdamW as it comes."""
            return torch.optim.AdamW(self.parameters(), lr=LR, weight_decay=SPEC.weight_decay)

    class Clock(lightning.Callback):  # type: ignore[name-defined,misc]
        """Waits for its turn before every other epoch, and times the one after it."""

        started = 0.0

        def on_train_epoch_start(self, trainer: Any, task: Any) -> None:
            """Wait, or begin to count."""
            if trainer.current_epoch % 2:
                self.started = time.process_time()
            elif not turns.recv():
                raise KeyboardInterrupt

        def on_train_epoch_end(self, trainer: Any, task: Any) -> None:
            """Tell what it took."""
            if trainer.current_epoch % 2:
                turns.send((time.process_time() - self.started) / STEPS * 1000)

    turns.send("ready")
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        sys.stdout = sys.stderr = nowhere
        lightning.Trainer(
            accelerator="cpu",
            max_epochs=-1,
            gradient_clip_val=SPEC.clip_norm,
            callbacks=[Clock()],
            default_root_dir=folder,
            enable_checkpointing=False,
            **(dict.fromkeys(("logger", "enable_progress_bar"), False) if is_bare else {}),
        ).fit(Task(), DataLoader(dataset, batch_size=BATCH, shuffle=True))


def main() -> int:
    """Print the ratios; return 1 if one misses the claim."""
    if importlib.util.find_spec("lightning") is None:
        print("lightning is not installed; nothing measured (see the head of this file)")
        return 0
    servers: list[Server] = [
        partial(training_loop.serve, "ours"), partial(serve, False), partial(serve, True)
    ]  # fmt: skip
    missed = False
    for case in CASES:
        times = measure(dataclasses.replace(case, rounds=ROUNDS), servers)
        mine, theirs, bare = times.min(axis=0)
        print(f"{case.name}, ms CPU per step of {BATCH} rows: our loop {mine:.2f}, "
              f"Trainer {theirs:.2f}, bare Trainer {bare:.2f}")  # fmt: skip
        print(f"  Trainer / ours {theirs / mine:.2f} (claim: >= {LEAST}), "
              f"bare / ours {bare / mine:.2f}")  # fmt: skip
        missed |= theirs / mine < LEAST
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
