"""Follows models: a new one is loaded, proved and warmed beside the old, then swapped in."""

import logging
import threading
from collections.abc import Callable, Mapping

from ninefold.errors import InputError
from ninefold.serving.memory import give_back
from ninefold.serving.metrics import Metrics
from ninefold.serving.model import Model
from ninefold.serving.readiness import prepare
from ninefold.serving.repository import Repository
from ninefold.serving.sources import Source

log = logging.getLogger("ninefold.serving")


class Watcher(threading.Thread):
    """Looks at where a repository's models come from every `interval_s`, and when woken.

    A file that is gone, half-written, damaged or wrong on its golden rows changes nothing: what is
    served stays, and the next change is looked at again. `challengers` are those on trial.
    """

    def __init__(
        self,
        repository: Repository,
        sources: Mapping[str, Source],
        metrics: Metrics,
        interval_s: float,
        challengers: Mapping[str, Source] | None = None,
    ) -> None:
        super().__init__(name="watcher", daemon=True)
        self.repository, self.metrics, self.interval_s = repository, metrics, interval_s
        self._followed = [
            _Followed(name, source, lambda name: repository.models[name], repository.put)
            for name, source in sources.items()
        ]
        self._followed += [
            _Followed(name, source, lambda n: repository.trials[n].model, repository.challenge)
            for name, source in (challengers or {}).items()
        ]
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
        for followed in self._followed:
            try:
                if followed.has_changed():
                    self._load(followed)
            except Exception:
                log.exception("model `%s`: the new file is not served", followed.name)
                self.metrics.loaded(followed.name, False)

    def _load(self, followed: "_Followed") -> None:
        name = followed.name
        try:
            model = followed.source.model(name)
            if model.sha256 == followed.now(name).sha256:
                return
            prepare(model)
            fault = model.fault or model.cannot_follow(followed.now(name))
        except InputError as error:
            fault = str(error)
        if fault is None:
            change = model.difference(followed.now(name))
            followed.put(model)
            give_back()
            log.warning("model `%s`: version %s answers from now on%s", name, model.version, change)
        else:
            log.warning("model `%s`: the new file is not served: %s", name, fault)
        self.metrics.loaded(name, fault is None)


class _Followed:
    """One model, where it comes from, and how it is put to work."""

    def __init__(
        self,
        name: str,
        source: Source,
        now: Callable[[str], Model],
        put: Callable[[Model], None],
    ) -> None:
        self.name, self.source, self.now, self.put = name, source, now, put
        self._seen, self._is_gone = source.stamp(), False

    def has_changed(self) -> bool:
        """Tell whether there is something new since the last call."""
        stamp = self.source.stamp()
        if stamp is None:
            if not self._is_gone:
                log.warning("model `%s`: its file is gone; what was loaded answers on", self.name)
            self._is_gone = True
            return False
        self._is_gone = False
        if stamp == self._seen:
            return False
        self._seen = stamp
        return True
