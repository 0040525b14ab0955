"""A run on disk after each epoch, so that a killed one goes on where it was; no pickle."""

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import ninefold
from ninefold.columns import Array
from ninefold.files import replacing
from ninefold.networks.modules.dropout import masks_of
from ninefold.progress import say
from ninefold.training.lr_finder import Found
from ninefold.training.run import Epoch, Outcome, Run, buffers_of, restore_buffers

EVERY_S = 1.0
"""Epochs shorter than this are not worth a file each."""
CODE = ("training", "networks", "objectives", "unlabelled", "autoencoding", "generating", "tagging")


def key(settings: Mapping[str, Any], arrays: Iterable[Array]) -> str:
    """Return what names a run: it changes with settings, rows, code and versions."""
    content = {**settings, "torch": torch.__version__, "ninefold": ninefold.__version__}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode())
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    here = Path(ninefold.__file__).parent
    for file in sorted(path for name in CODE for path in (here / name).rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


class RunFile:
    """State and tensors of a run in a file; one that is of another `key`, or damaged, is left
    unread, which is said.
    """

    def __init__(self, path: Path, key: str, every_s: float = EVERY_S) -> None:
        self.path, self.key, self.every_s = path, key, every_s
        self._written = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether it was last written `every_s` ago."""
        return time.monotonic() - self._written >= self.every_s

    def write(self, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        """Put this in the place of what was there."""
        from safetensors.torch import save_file

        own = {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}
        with replacing(self.path) as temporary:
            save_file(own, temporary, {"key": self.key, "state": json.dumps(state)})
        keep_out_of_git(self.path.parent)
        self._written = time.monotonic()

    def read(self) -> tuple[dict[str, Any], dict[str, Tensor]] | None:
        """Return what was written, None where there is nothing to go on from."""
        from safetensors import SafetensorError, safe_open

        if not self.path.is_file():
            return None
        try:
            with safe_open(self.path, "pt") as file:
                metadata = file.metadata() or {}
                if metadata.get("key") == self.key:
                    tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                    return json.loads(metadata["state"]), tensors
            why = "settings, data or code changed since it was written"
        except (OSError, SafetensorError, ValueError, KeyError):
            why = "it is damaged"
        say(f"train: begins anew, not from {self.path}: {why}")
        return None


class Checkpoint:
    """Writes a run to `path` and reads it from there; a run of another `key` is left unread."""

    def __init__(self, path: Path, key: str, every_s: float = EVERY_S) -> None:
        self.file = RunFile(path, key, every_s)

    def begin(self, run: Run) -> None:
        """Bring the run to where the file has it, if it is of this run."""
        if (found := self.file.read()) is None:
            return
        state, tensors = found
        _restore(run, state, tensors)
        say(f"train: going on after epoch {run.epoch}, from {self.file.path}")

    def note(self, run: Run) -> None:
        """Write the run, unless it was written less than `every_s` ago."""
        if self.file.is_due:
            self.file.write(_state(run), dict(_tensors(run)))


def random_state(device: torch.device) -> dict[str, Tensor]:
    """Return where the generators of random numbers stand."""
    found = {"random.cpu": torch.get_rng_state()}
    if device.type == "cuda":
        found["random.cuda"] = torch.cuda.get_rng_state(device)
    return found


def restore_random_state(tensors: Mapping[str, Tensor], device: torch.device) -> None:
    """Put the generators where `random_state` found them."""
    torch.set_rng_state(tensors["random.cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(tensors["random.cuda"], device)


def keep_out_of_git(folder: Path) -> None:
    """Let git ignore what lies in a folder of our own."""
    ignore = folder / ".gitignore"
    if folder.name.startswith(".") and not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def _tensors(run: Run) -> Iterable[tuple[str, Tensor]]:
    for prefix, tensors in (
        ("optimizer", run.optimizer.state()),
        ("buffer", buffers_of(run.module)),
        ("best_buffer", run.best_buffers),
    ):
        for name, tensor in tensors.items():
            yield f"{prefix}.{name}", tensor
    yield "best", run.best
    yield from random_state(run.best.device).items()


def _state(run: Run) -> dict[str, Any]:
    return {
        "epoch": run.epoch,
        "step": run.step,
        "lr": run.lr,
        "best_goal": run.best_goal,
        "goals": run.goals,
        "rows_at_once": run.rows_at_once,
        "is_over": run.is_over,
        "outcome": asdict(run.outcome),
        "masks": {name: mask.state() for name, mask in masks_of(run.module)},
    }


def _restore(run: Run, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    def named(prefix: str) -> dict[str, Tensor]:
        start = f"{prefix}."
        device = run.best.device
        return {
            name.removeprefix(start): tensor.to(device)
            for name, tensor in tensors.items()
            if name.startswith(start)
        }

    run.optimizer.restore(named("optimizer"))
    restore_buffers(run.module, named("buffer"))
    run.best_buffers = named("best_buffer")
    run.best.copy_(tensors["best"])
    for name in ("epoch", "step", "lr", "best_goal", "goals", "rows_at_once", "is_over"):
        setattr(run, name, state[name])
    outcome = dict(state["outcome"])
    outcome["history"] = [Epoch(**line) for line in outcome["history"]]
    outcome["found"] = Found(**{k: _frozen(v) for k, v in outcome["found"].items()})
    run.outcome = Outcome(**outcome)
    for name, mask in masks_of(run.module):
        mask.restore(state["masks"][name])
    restore_random_state(tensors, run.best.device)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
