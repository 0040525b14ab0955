"""What Prometheus asks for at `/metrics`: requests, rows, times, loads, versions."""

import os
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from ninefold.serving.repository import Repository, Route

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder through which several worker processes count together."""
BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


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
        self.ready = Gauge(
            "ninefold_model_ready", "1: the model answers", ("model", "version"),
            registry=self.registry, multiprocess_mode="mostrecent",
        )  # fmt: skip
        self._known: dict[tuple[str, str, str, int], tuple[Any, Any, Any]] = {}

    def count(self, route: Route, status: int, rows: int, elapsed_s: float) -> None:
        """Take in one request."""
        model, version, endpoint = route.model.name, route.model.version, route.endpoint
        key = (model, version, endpoint, status)
        if key not in self._known:
            self._known[key] = (
                self.requests.labels(model, endpoint, str(status)),
                self.seconds.labels(model, endpoint),
                self.rows.labels(model, version),
            )
        requests, seconds, predicted = self._known[key]
        requests.inc()
        seconds.observe(elapsed_s)
        if rows:
            predicted.inc(rows)

    def loaded(self, model: str, is_served: bool) -> None:
        """Take in that a model's file changed."""
        self.loads.labels(model, "served" if is_served else "refused").inc()

    def page(self, repository: Repository) -> bytes:
        """Return the text that Prometheus reads."""
        self.ready.clear()
        for model in repository.models.values():
            self.ready.labels(model.name, model.version).set(model.fault is None)
        registry = self.registry
        if os.environ.get(SHARED):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
