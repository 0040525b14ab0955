"""The history of a run as a file, while it runs: what `dvc plots show` draws."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ninefold.files import replacing
from ninefold.training.model import history_csv
from ninefold.training.run import Epoch, Run

EVERY_S = 1.0


class LiveHistory:
    """Writes the history to `path` after each epoch, though not more than once a second.

    Args:
        path: the file.
        text: what it holds of these epochs.
    """

    def __init__(self, path: Path, text: Callable[[Sequence[Epoch]], str] = history_csv) -> None:
        self.path, self.text = path, text
        self._written = -EVERY_S

    def begin(self, run: Run) -> None:
        """Write what a resumed run has behind it."""
        self.note(run)

    def note(self, run: Run) -> None:
        """Write the history so far."""
        if run.outcome.history and time.monotonic() - self._written >= EVERY_S:
            with replacing(self.path) as temporary:
                temporary.write_text(self.text(run.outcome.history), encoding="utf-8")
            self._written = time.monotonic()
