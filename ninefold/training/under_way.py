"""Where a run that is under way is kept, and where it is told of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ninefold.columns import Array

if TYPE_CHECKING:
    from ninefold.training.run import Observer


@dataclass(frozen=True)
class RunFiles:
    """Files of one run; None: there is none.

    checkpoint: where it is kept now and then, and taken up again by the same call after it was
        killed; whoever has saved the model removes it.
    live: where its history is written as CSV.
    every_s: how long at least between two times.
    """

    checkpoint: Path | None = None
    live: Path | None = None
    every_s: float = 1.0

    def observers(
        self, settings: Mapping[str, Any], arrays: Iterable[Array], history: Any = None
    ) -> "list[Observer]":
        """Return what keeps a run of these settings on these arrays, and tells of it.

        Args:
            history: epochs -> the text of the file; default: as networks for a target write it.
        """
        from ninefold.training.checkpoint import Checkpoint, key
        from ninefold.training.live import LiveHistory

        found: list[Observer] = []
        if self.checkpoint is not None:
            found.append(Checkpoint(self.checkpoint, key(settings, arrays), self.every_s))
        if self.live is not None:
            found.append(LiveHistory(self.live, *([history] if history else [])))
        return found


NO_FILES = RunFiles()
