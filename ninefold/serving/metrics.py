"""What Prometheus asks for at `/metrics`: requests, rows, times, loads, versions."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ninefold.serving.model import Model
from ninefold.serving.repository import Repository
from ninefold.serving.tallies import Tallies, told
from ninefold.serving.workers import SHARED

BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
WAITING = 128
"""Requests that are counted together; workers count each at once, since any tells of all."""


class Metrics:
    """Counts what a server does."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "ninefold_requests", "Requests to a model", ("model", "endpoint", "status"),
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "ninefold_request_seconds", "Time to answer", ("model", "endpoint"), buckets=BUCKETS,
            registry=self.registry,
        )  # fmt: skip
        self.rows = Counter(
            "ninefold_rows", "Rows predicted", ("model", "version"), registry=self.registry
        )
        self.loads = Counter(
            "ninefold_model_loads", "New model files", ("model", "outcome"), registry=self.registry
        )
        self.tallies = Tallies(self.registry)
        self._known: dict[tuple[str, str, str, int], tuple[Any, Any, Any]] = {}
        self._waiting: list[tuple[str, str, str, int, int, float]] = []
        self._most = 1 if os.environ.get(SHARED) else WAITING

    def count(self, model: Model, endpoint: str, status: int, rows: int, elapsed_s: float) -> None:
        """Take in one request and the model that answered it."""
        self._waiting.append((model.name, model.version, endpoint, status, rows, elapsed_s))
        if len(self._waiting) >= self._most:
            self._settle()

    def _settle(self) -> None:
        """Count what waits to be counted."""
        waiting, self._waiting = self._waiting, []
        alike: dict[tuple[str, str, str, int], list[tuple[int, float]]] = {}
        for name, version, endpoint, status, rows, elapsed_s in waiting:
            alike.setdefault((name, version, endpoint, status), []).append((rows, elapsed_s))
        for key, found in alike.items():
            self._count(key, found)

    def _count(self, key: tuple[str, str, str, int], found: Sequence[tuple[int, float]]) -> None:
        """Count requests, by their rows and seconds."""
        if key not in self._known:
            name, version, endpoint, status = key
            self._known[key] = (
                self.requests.labels(name, endpoint, str(status)),
                self.seconds.labels(name, endpoint),
                self.rows.labels(name, version),
            )
        requests, seconds, predicted = self._known[key]
        requests.inc(len(found))
        predicted.inc(sum([rows for rows, _ in found]))
        for _, elapsed_s in found:
            seconds.observe(elapsed_s)

    def loaded(self, model: str, is_served: bool) -> None:
        """Take in that a model's file changed."""
        self.loads.labels(model, "served" if is_served else "refused").inc()

    def trial(self, model: str) -> dict[str, dict[str, Any]]:
        """Return what was counted while a model had a second version on trial, by version."""
        if not os.environ.get(SHARED):
            return told(self.registry, model)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return told(registry, model)

    def page(self, repository: Repository) -> bytes:
        """Return the text that Prometheus reads."""
        self._settle()
        registry = CollectorRegistry()
        registry.register(_Ready(repository))
        if os.environ.get(SHARED):
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            return generate_latest(registry)
        return generate_latest(registry) + generate_latest(self.registry)


class _Ready(Collector):
    """Tells which version of each model is served, and whether it answers."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def collect(self) -> Iterator[GaugeMetricFamily]:
        labels = ("model", "version")
        family = GaugeMetricFamily("ninefold_model_ready", "1: the model answers", labels=labels)
        for model in self._repository.models.values():
            family.add_metric((model.name, model.version), float(model.fault is None))
        yield family
