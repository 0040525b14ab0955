"""Follows model files: a new one is loaded, proved and warmed beside the old, then swapped in."""

import logging
import threading
from collections.abc import Mapping
from pathlib import Path

from ninefold.errors import InputError
from ninefold.serving.metrics import Metrics
from ninefold.serving.model import read_model
from ninefold.serving.readiness import prepare
from ninefold.serving.repository import Repository

log = logging.getLogger("ninefold.serving")
Stamp = tuple[int, int, int]


class Watcher(threading.Thread):
    """Looks at the files of a repository's models every `interval_s`, and when woken.

    A file that is gone, half-written, damaged or wrong on its golden rows changes nothing: what is
    served stays, and the next change is looked at again.
    """

    def __init__(
        self,
        repository: Repository,
        files: Mapping[str, Path],
        metrics: Metrics,
        interval_s: float,
    ) -> None:
        super().__init__(name="watcher", daemon=True)
        self.repository, self.files, self.metrics = repository, files, metrics
        self.interval_s = interval_s
        self._seen = {name: _stamp(path) for name, path in files.items()}
        self._wake, self._ends = threading.Event(), False

    def run(self) -> None:
        while not self._ends:
            self._wake.wait(self.interval_s or None)
            self._wake.clear()
            if not self._ends:
                self.look()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def stop(self) -> None:
        """Look no more."""
        self._ends = True
        self._wake.set()

    def look(self) -> None:
        """Load what changed since the last look."""
        for name, path in self.files.items():
            stamp = _stamp(path)
            if stamp is not None and stamp != self._seen[name]:
                self._seen[name] = stamp
                self._load(name, path)

    def _load(self, name: str, path: Path) -> None:
        try:
            model = read_model(path, name)
            if model.sha256 == self.repository.models[name].sha256:
                return
            prepare(model)
            fault = model.fault
        except InputError as error:
            fault = str(error)
        if fault is None:
            self.repository.put(model)
            log.warning("model `%s`: version %s answers from now on", name, model.version)
        else:
            log.warning("model `%s`: the new file is not served: %s", name, fault)
        self.metrics.loaded(name, fault is None)


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
