"""What is counted while a second version is on trial, for Prometheus and as JSON."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary

from ninefold.serving.model import Array

DISTANCES = (1e-6, 1e-4, 1e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 10.0, 100.0, 1000.0)
BY = ("model", "version")
PREFIX = "ninefold_trial_"


class Tallies:
    """Counters by model and version."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def named(kind: Any, name: str, text: str, *more: str, **options: Any) -> Any:
            return kind(PREFIX + name, text, (*BY, *more), registry=registry, **options)

        self._requests = named(Counter, "requests", "Requests by version", "status")
        self._seconds = named(Summary, "seconds", "Time to answer by version")
        self._predictions = named(Summary, "prediction", "Value, or probability, by version")
        self._copies = named(Counter, "copies", "Copied requests", "outcome")
        self._labels = named(
            Counter, "labels_differ", "Rows with another label than the champion's"
        )
        self._apart = named(
            Histogram, "distance", "How far numbers are apart, by row", buckets=DISTANCES
        )
        self._most = named(
            Gauge, "largest_distance", "The farthest so far", multiprocess_mode="max"
        )
        self._largest: dict[tuple[str, str], float] = {}

    def answered(self, model: str, version: str, status: int, elapsed_s: float) -> None:
        """Take in a request that a version answered."""
        self._requests.labels(model, version, str(status)).inc()
        self._seconds.labels(model, version).observe(elapsed_s)

    def predicted(self, model: str, version: str, outputs: Mapping[str, Array]) -> None:
        """Take in what a version said: the last output's value, or its last or largest number."""
        values = list(outputs.values())[-1]
        if values.dtype.kind != "f" or not values.size:
            return
        if values.ndim > 1:
            flat = values.reshape(len(values), -1)
            values = flat[:, -1] if flat.shape[1] <= 2 else flat.max(axis=1)
        summary = self._predictions.labels(model, version)
        for value in values[np.isfinite(values)].tolist():
            summary.observe(value)

    def copied(self, model: str, version: str, outcome: str) -> None:
        """Take in that a copy was compared, dropped, or failed."""
        self._copies.labels(model, version, outcome).inc()

    def differed(self, model: str, version: str, labels: int, distances: Array) -> None:
        """Take in how the answers to a copy differ."""
        self._labels.labels(model, version).inc(labels)
        histogram = self._apart.labels(model, version)
        for distance in distances.tolist():
            histogram.observe(distance)
        key = (model, version)
        self._largest[key] = max(self._largest.get(key, 0.0), float(distances.max(initial=0.0)))
        self._most.labels(model, version).set(self._largest[key])


def told(registry: CollectorRegistry, model: str) -> dict[str, dict[str, Any]]:
    """Return version -> what was counted of it, from the metrics of one or all workers."""
    found: dict[str, dict[str, Any]] = {}
    for family in registry.collect():
        if not family.name.startswith(PREFIX):
            continue
        for sample in family.samples:
            labels = sample.labels
            if labels.get("model") != model or sample.name.endswith(("_bucket", "_created")):
                continue
            key = sample.name.removeprefix(PREFIX).removesuffix("_total")
            inner = labels.get("status") or labels.get("outcome")
            place = found.setdefault(labels["version"], {})
            if inner:
                place.setdefault(key, {})[inner] = sample.value
            else:
                place[key] = sample.value
    return {version: _summed(counts) for version, counts in sorted(found.items())}


def _summed(counts: dict[str, Any]) -> dict[str, Any]:
    """Return counts with means in the place of sums."""
    said: dict[str, Any] = {key: counts[key] for key in ("requests", "copies") if key in counts}
    for key, name, factor in (
        ("seconds", "mean_ms", 1000.0),
        ("prediction", "mean_prediction", 1.0),
        ("distance", "mean_distance", 1.0),
    ):
        if number := counts.get(f"{key}_count"):
            said[name] = counts[f"{key}_sum"] / number * factor
    if "distance_count" in counts:
        said["rows_compared"] = counts["distance_count"]
        said["labels_differ"] = counts.get("labels_differ", 0.0)
        said["largest_distance"] = counts.get("largest_distance", 0.0)
    return said
