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
CODE = ("training", "networks", "objectives")


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


class Checkpoint:
    """Writes a run to `path` and reads it from there; a run of another `key` is left unread."""

    def __init__(self, path: Path, key: str, every_s: float = EVERY_S) -> None:
        self.path, self.key, self.every_s = path, key, every_s
        self._written = time.monotonic()

    def begin(self, run: Run) -> None:
        """Bring the run to where the file has it, if it is of this run."""
        if (found := self._read()) is None:
            return
        state, tensors = found
        _restore(run, state, tensors)
        say(f"train: going on after epoch {run.epoch}, from {self.path}")

    def note(self, run: Run) -> None:
        """Write the run, unless it was written less than `every_s` ago."""
        if time.monotonic() - self._written < self.every_s:
            return
        from safetensors.torch import save_file

        tensors = {name: tensor.detach().cpu().clone() for name, tensor in _tensors(run)}
        metadata = {"key": self.key, "state": json.dumps(_state(run))}
        with replacing(self.path) as temporary:
            save_file(tensors, temporary, metadata)
        keep_out_of_git(self.path.parent)
        self._written = time.monotonic()

    def _read(self) -> tuple[dict[str, Any], dict[str, Tensor]] | None:
        from safetensors import SafetensorError, safe_open

        if not self.path.is_file():
            return None
        try:
            with safe_open(self.path, "pt") as file:
                metadata = file.metadata() or {}
                if metadata.get("key") != self.key:
                    return None
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                return json.loads(metadata["state"]), tensors
        except (OSError, SafetensorError, ValueError, KeyError):
            return None


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
    yield "random.cpu", torch.get_rng_state()
    if run.best.device.type == "cuda":
        yield "random.cuda", torch.cuda.get_rng_state(run.best.device)


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
    torch.set_rng_state(tensors["random.cpu"])
    if run.best.device.type == "cuda":
        torch.cuda.set_rng_state(tensors["random.cuda"], run.best.device)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
