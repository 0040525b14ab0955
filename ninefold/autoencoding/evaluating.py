"""How well rows come back, how well that tells anomalies, and how the linear twin and trees did."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ninefold.autoencoding import showing
from ninefold.autoencoding.model import Reconstruction
from ninefold.columns import Array, Frame, class_names, is_missing
from ninefold.errors import ConfigError, InputError
from ninefold.evaluation import EvaluateSpec
from ninefold.problem import ProblemSpec
from ninefold.unlabelled.measuring import (
    Statistic,
    compare,
    document,
    estimates,
    mean_of,
    values,
)

SAME = {"roc_auc": 0.005, "explained": 0.01}
"""Gains below these do not matter."""


def positives(frame: Frame, problem: ProblemSpec, train: Frame) -> tuple[Array, Array] | None:
    """Return which rows `(N,)` are labelled and which are anomalies; None without a target.

    An anomaly is the class `problem.positive`, else the rarer of the two that the train rows have.

    Raises:
        InputError: not two classes and no `problem.positive`.
        ConfigError: `problem.positive` is no class.
    """
    if not problem.target:
        return None
    kind = train.column(problem.target).kind
    known = train[problem.target][~is_missing(kind, train[problem.target])]
    names, counts = np.unique(class_names(kind, known), return_counts=True)
    positive = problem.positive
    if positive is None:
        if len(names) != 2:
            raise InputError(
                f"target `{problem.target}` must have two classes for anomaly, however: "
                f"{len(names)}. Name the anomalies' class under problem.positive (init: --positive)"
            )
        positive = str(names[counts.argmin()])
    elif positive not in names.tolist():
        raise ConfigError(
            f"params.yaml: problem.positive must be a class of `{problem.target}`, however: "
            f"{positive!r}"
        )
    column = frame[problem.target]
    labelled = ~is_missing(kind, column)
    return np.asarray(labelled), np.asarray(class_names(kind, column) == positive) & labelled


def area(scores: Array, is_positive: Array) -> Statistic:
    """Return the ROC area of scores `(N,)` (ties as half), as a statistic."""
    order = np.argsort(scores, kind="stable")
    ordered, truth = scores[order], is_positive[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(scores) else order

    def statistic(weight: Array | None) -> float:
        w = np.ones(len(truth)) if weight is None else weight[order]
        if not len(w):
            return float("nan")
        positive = np.add.reduceat(w * truth, starts)
        negative = np.add.reduceat(w * ~truth, starts)
        total = positive.sum() * negative.sum()
        below = np.cumsum(negative) - negative
        return float((positive * (below + negative / 2)).sum() / total) if total else float("nan")

    return statistic


def ratio(top: Array, bottom: Array) -> Statistic:
    """Return the share of `bottom` rows `(N,)` that are `top` too, as a statistic."""

    def statistic(weight: Array | None) -> float:
        w = np.ones(len(top)) if weight is None else weight
        total = float(w[bottom].sum())
        return float(w[bottom & top].sum() / total) if total else float("nan")

    return statistic


def evaluate(
    model: Reconstruction,
    parts: Mapping[str, Frame],
    said: Mapping[str, Mapping[str, Sequence[Array]]],
    problem: ProblemSpec,
    spec: EvaluateSpec,
    titles: Mapping[str, str],
) -> dict[str, Any]:
    """Return what reports/evaluation.json says of a model that gives rows back.

    Args:
        parts: the train, valid and test rows.
        said: part -> baseline -> outputs of its file: alarm or code, error or score, …
        titles: what people call the baselines.
    """
    train = parts["train"]
    measured: dict[str, Any] = {}
    draws = np.empty((0, 0))
    baselines: dict[str, dict[str, Any]] = {name: {} for name in sorted(said["test"])}
    peer_draws: dict[str, Array] = {}
    for part in ("valid", "test"):
        frame = parts[part]
        truth = positives(frame, problem, train) if model.tells_anomalies else None
        own = _statistics(model, _outputs(model, frame), truth, gives_back=True)
        theirs = {
            name: _statistics(model, outputs, truth, gives_back=name == "principal_components")
            for name, outputs in said[part].items()
        }
        anomalies = truth[1] if truth else None
        if part == "valid":
            measured[part] = values(own)
            for name, statistics in theirs.items():
                baselines[name][part] = values(statistics)
            continue
        measured[part], draws = estimates(own, frame, problem, spec)
        for name, statistics in theirs.items():
            baselines[name][part], peer_draws[name] = estimates(statistics, frame, problem, spec)
    metric = next(iter(measured["test"]))
    decided = _decide(metric, measured["test"], draws, baselines, peer_draws, spec, titles)
    rows = {name: parts[name] for name in ("valid", "test")}
    content = document(
        problem, spec, (metric, True), rows, (measured["test"], draws), measured["valid"],
        baselines, decided, model.history,
    )  # fmt: skip
    facts = {key: model.facts[key] for key in ("latent", "coordinates", "sizes", "linear_sizes")}
    gallery = {"gallery": showing.gallery(model, parts["test"])} if "picture" in model.facts else {}
    told: dict[str, Any] = {
        "reconstruction": {
            **facts,
            "valid_error": model.facts["valid_error"],
            "variance": model.facts["variance"],
            "columns": showing.columns(model, parts["test"]),
        },
        "errors": showing.histogram(model, parts["test"], anomalies),
        "strangest": showing.strangest(model, parts["test"]),
    }
    return content | told | gallery


def _outputs(model: Reconstruction, frame: Frame) -> list[Array]:
    return [answer.values for answer in model.predict(frame)[: model.leading]]


def _statistics(
    model: Reconstruction,
    outputs: Sequence[Array],
    truth: tuple[Array, Array] | None,
    *,
    gives_back: bool,
) -> dict[str, Statistic]:
    """Return the numbers that say how good a model is, the reported one first."""
    alarm, score = outputs[0], np.asarray(outputs[1], dtype=np.float64).ravel()
    found: dict[str, Statistic] = {}
    if truth is not None:
        labelled, is_positive = truth
        found["roc_auc"] = _of(labelled, area(score[labelled], is_positive[labelled]))
    error = np.full(len(score), np.nan)
    if gives_back:
        error = np.asarray(outputs[model.leading - 1], dtype=np.float64).ravel()
    explained = mean_of(1 - error / float(model.facts["variance"]))
    found["explained"] = explained
    if not model.tells_anomalies:
        return found
    raised = np.asarray(alarm).ravel().astype(bool)
    found["alarm_rate"] = mean_of(raised.astype(np.float64))
    if truth is not None:
        labelled, is_positive = truth
        found["recall"] = ratio(raised, is_positive)
        found["precision"] = ratio(is_positive, raised & labelled)
        found["false_alarm_rate"] = ratio(raised, labelled & ~is_positive)
    return found


def _of(mask: Array, statistic: Statistic) -> Statistic:
    def of_all(weight: Array | None) -> float:
        return statistic(None if weight is None else weight[mask])

    return of_all


def _decide(
    metric: str,
    own: Mapping[str, Any],
    draws: Array,
    baselines: Mapping[str, Any],
    peer_draws: Mapping[str, Array],
    spec: EvaluateSpec,
    titles: Mapping[str, str],
) -> dict[str, Any]:
    """Return whether the network is needed, against the peer that was best on valid."""
    known = {
        name: entry["valid"][metric]["value"]
        for name, entry in baselines.items()
        if entry["valid"][metric]["value"] is not None
        and entry["test"][metric]["value"] is not None
    }
    value = own[metric]["value"]
    if not known or value is None:
        return {
            "answer": "inconclusive",
            "sentence": f"No simpler model could be compared by {metric} on these rows.",
            "metric": metric,
            "baseline": None,
        }
    best = max(sorted(known), key=lambda name: known[name])
    column = list(own).index(metric)
    theirs = (best, baselines[best]["test"][metric]["value"], peer_draws[best][:, column])
    return compare(
        metric, True, (value, draws[:, column]), theirs, spec, SAME[metric], titles.get(best)
    )
