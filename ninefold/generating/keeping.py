"""A course of training on disk, so that a killed one goes on where it was."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor

from ninefold.columns import Array
from ninefold.files import replacing
from ninefold.generating import GenerateSpec
from ninefold.progress import say
from ninefold.training.checkpoint import RunFile, key, random_state, restore_random_state
from ninefold.training.under_way import RunFiles
from ninefold.unlabelled.model import history_csv

if TYPE_CHECKING:
    from ninefold.generating.training import Teacher

History = list[dict[str, float]]
PARTS = ("makes", "judges")
"""The optimizers of generator and critic."""


class Kept:
    """The files of a course of training; they are written after a report, once a second at most.

    Args:
        files: where they lie.
        spec: how the generator is taught.
        wide: what it is taught on.
    """

    def __init__(self, files: RunFiles, spec: GenerateSpec, wide: Array) -> None:
        name = key({"generate": spec.model_dump(mode="json")}, [wide]) if files.checkpoint else ""
        self.file = RunFile(files.checkpoint, name, files.every_s) if files.checkpoint else None
        self.live = files.live

    def begin(self, teacher: "Teacher", history: History) -> int:
        """Bring teacher and history to where the file has them; return the steps they took."""
        found = self.file.read() if self.file else None
        if found is None or self.file is None:
            return 0
        state, tensors = found
        _restore(teacher, tensors)
        teacher.lr, teacher.retries = state["lr"], state["retries"]
        history += state["history"]
        say(f"train: going on after step {state['step']}, from {self.file.path}")
        return int(state["step"])

    def note(self, teacher: "Teacher", history: History, step: int) -> None:
        """Write where training stands, and its history."""
        if self.file is None or not self.file.is_due:
            return
        told = {"step": step, "lr": teacher.lr, "retries": teacher.retries, "history": history}
        self.file.write(told, _state(teacher))
        if self.live is not None:
            with replacing(self.live) as temporary:
                temporary.write_text(history_csv(history), encoding="utf-8")


def _state(teacher: "Teacher") -> dict[str, Tensor]:
    """Return all that the next step depends on, beside the learning rate."""
    own = {
        f"{name}.{place}": tensor
        for name in PARTS
        for place, tensor in getattr(teacher, name).state().items()
    }
    sound = {f"sound.{number}": part for number, part in enumerate(teacher.sound)}
    return {**own, **sound, "averaged": teacher.averaged, **random_state(teacher.rows.device)}


def _restore(teacher: "Teacher", tensors: Mapping[str, Tensor]) -> None:
    device = teacher.rows.device
    for name in PARTS:
        start = f"{name}."
        own = {place.removeprefix(start): tensor.to(device)
               for place, tensor in tensors.items() if place.startswith(start)}  # fmt: skip
        getattr(teacher, name).restore(own)
    teacher.averaged.copy_(tensors["averaged"])
    teacher.sound = tuple(
        tensors[f"sound.{number}"].to(device) for number in range(len(teacher.sound))
    )
    restore_random_state(tensors, device)
