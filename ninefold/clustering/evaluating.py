"""How tight and how sure the clusters are, what sets them apart, and how the others did."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ninefold.clustering.agreement import adjusted_rand, mutual_information
from ninefold.clustering.choosing import silhouettes
from ninefold.clustering.model import ClusterModel
from ninefold.columns import Array, Frame, class_names, is_missing, spread
from ninefold.evaluation import EvaluateSpec
from ninefold.problem import ProblemSpec
from ninefold.unlabelled.measuring import (
    Statistic,
    compare,
    document,
    estimates,
    mean_of,
    not_asked,
    values,
)

SAMPLE_ROWS = 3000
"""Rows of a part that silhouettes are worked out on: each is compared with every other."""
MAX_SHOWN = 8
SAME_WITHIN = 0.01
"""A smaller gain of agreement or tightness does not matter."""
Names = Mapping[str, Array]
"""Model -> name of each row's cluster `(N,)`."""


def evaluate(
    model: ClusterModel,
    parts: Mapping[str, Frame],
    said: Mapping[str, Names],
    problem: ProblemSpec,
    spec: EvaluateSpec,
    train: Frame,
) -> dict[str, Any]:
    """Return what reports/evaluation.json says of clusters.

    Args:
        parts: the valid and the test rows.
        said: per part what each baseline says, by name.
        train: the rows the clusters were found in, for what sets them apart.
    """
    found: dict[str, dict[str, Any]] = {"valid": {}, "test": {}}
    draws = np.empty((0, 0))
    metrics: dict[str, Any] = {}
    for name, frame in parts.items():
        frame = frame.take(spread(len(frame), SAMPLE_ROWS))
        z = model.scores_of(frame).astype(np.float64)
        names = model.predict(frame)[0].values
        own = _statistics(z, names, frame, problem)
        if name == "test":
            metrics[name], draws = estimates(own, frame, problem, spec)
        else:
            metrics[name] = values(own)
        for peer, theirs in said[name].items():
            picked = theirs[spread(len(theirs), SAMPLE_ROWS)]
            statistics = _statistics(z, picked, frame, problem)
            found[name][peer] = (
                estimates(statistics, frame, problem, spec)[0]
                if name == "test"
                else values(statistics)
            )
    baselines = {
        peer: {"valid": found["valid"][peer], "test": found["test"][peer]}
        for peer in sorted(found["test"])
    }
    decided = _verdict(model, parts["test"], said["test"], problem, spec)
    content = document(
        problem, spec, ("silhouette", True), parts, (metrics["test"], draws), metrics["valid"],
        baselines, decided, (),
    )  # fmt: skip
    return content | {
        "clusters": _clusters(model, parts, train),
        "silhouettes": _histograms(model, parts["test"]),
        "profile": profile(train, model.predict(train)[0].values, model.clusters.names),
    }


def _verdict(
    model: ClusterModel, test: Frame, said: Names, problem: ProblemSpec, spec: EvaluateSpec
) -> dict[str, Any]:
    """Return whether clusters among codes are better than those that the same algorithm finds among
    the features: by the target, if one is named, else by how tight they are among the features,
    which is the one space that both know.
    """
    kind = model.facts["algorithm"]
    if model.encoder is None or kind not in said:
        return not_asked(f"{kind.replace('_', ' ')} found the clusters by itself")
    frame = test.take(spread(len(test), SAMPLE_ROWS))
    z = replace(model, encoder=None).scores_of(frame).astype(np.float64)
    metric = "adjusted_rand" if problem.target else "silhouette"
    found = []
    for names in (model.predict(frame)[0].values, said[kind][spread(len(test), SAMPLE_ROWS)]):
        measured, draws = estimates(_statistics(z, names, frame, problem), frame, problem, spec)
        value = measured[metric]["value"]
        column = draws[:, list(measured).index(metric)]
        found.append((float("nan") if value is None else float(value), column))
    ours, theirs = found
    decided = compare(metric, True, ours, (kind, *theirs), spec, SAME_WITHIN)
    where = "agreement with the target" if problem.target else "tightness among the features"
    advice = " Leave out cluster.encoder." if decided["answer"] == "not needed" else ""
    told = f"Clusters among the codes of an AutoEncoder against those among the features, {where}"
    return decided | {"sentence": f"{told}. {decided['sentence']}{advice}"}


def _statistics(z: Array, names: Array, frame: Frame, problem: ProblemSpec) -> dict[str, Statistic]:
    """Return the numbers that say how good a clustering of the rows `z (N, D)` is."""
    is_in = names != "noise"
    codes = np.unique(names, return_inverse=True)[1]
    statistics: dict[str, Statistic] = {
        "silhouette": mean_of(silhouettes(z, np.where(is_in, codes, -1))),
        "noise_share": mean_of((~is_in).astype(np.float64)),
    }
    if problem.target:
        known = labels_of(frame, problem)
        with_label = known >= 0
        statistics["adjusted_rand"] = _on(with_label, adjusted_rand(codes[with_label],
                                                                    known[with_label]))  # fmt: skip
        statistics["mutual_information"] = _on(
            with_label, mutual_information(codes[with_label], known[with_label])
        )
    return statistics


def _on(mask: Array, statistic: Statistic) -> Statistic:
    """Return a statistic of some of the rows as one of all."""

    def of_all(weight: Array | None) -> float:
        return statistic(None if weight is None else weight[mask]) if mask.any() else float("nan")

    return of_all


def labels_of(frame: Frame, problem: ProblemSpec) -> Array:
    """Return the target as codes `(N,)`, -1 where it is missing."""
    kind, target = frame.column(problem.target).kind, frame[problem.target]
    missing = is_missing(kind, target)
    codes = np.full(len(frame), -1)
    codes[~missing] = np.unique(class_names(kind, target[~missing]), return_inverse=True)[1]
    return codes


def _clusters(
    model: ClusterModel, parts: Mapping[str, Frame], train: Frame
) -> list[dict[str, Any]]:
    """Return the rows of each cluster in each part."""
    said = {name: model.predict(f)[0].values for name, f in {"train": train, **parts}.items()}
    return [
        {
            "name": cluster,
            "rows": {part: int((names == cluster).sum()) for part, names in said.items()},
            "shares": {part: float((names == cluster).mean()) for part, names in said.items()},
        }
        for cluster in model.clusters.names
    ]


def _histograms(model: ClusterModel, frame: Frame) -> list[dict[str, Any]]:
    """Return the sorted silhouettes of the test rows, cluster by cluster, at most 60 of each."""
    frame = frame.take(spread(len(frame), SAMPLE_ROWS))
    z, names = model.scores_of(frame).astype(np.float64), model.predict(frame)[0].values
    codes = np.unique(names, return_inverse=True)[1]
    found = silhouettes(z, np.where(names != "noise", codes, -1))
    rows = []
    for cluster in model.clusters.names[: model.clusters.k]:
        own = np.sort(found[(names == cluster) & np.isfinite(found)])[::-1]
        shown = own[spread(len(own), 60)] if len(own) else own
        mean = float(own.mean()) if len(own) else None
        rows.append({"name": cluster, "mean": mean, "values": np.round(shown, 4).tolist()})
    return rows


def profile(train: Frame, names: Array, clusters: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return, for each cluster, the columns that set it apart from all rows, the strongest first.

    Numbers by the difference of the means in standard deviations of all rows, levels by the
    difference of the shares.
    """
    columns = train.having("input", "derived")
    told = []
    for cluster in clusters:
        own = names == cluster
        if not own.any():
            continue
        items = [
            item
            for column in columns
            if (item := _apart(column.name, column.kind, train[column.name], own)) is not None
        ]
        items.sort(key=lambda item: (-abs(item["effect"]), item["column"]))
        told.append({"name": cluster, "apart": items[:MAX_SHOWN]})
    return told


def _apart(name: str, kind: Any, column: Array, own: Array) -> dict[str, Any] | None:
    missing = is_missing(kind, column)
    if kind == "number":
        known = ~missing & np.isfinite(column)
        if (own & known).sum() == 0 or column[known].std() == 0:
            return None
        mean, overall = float(column[own & known].mean()), float(column[known].mean())
        return {"column": name, "what": "mean", "here": mean, "overall": overall,
                "effect": (mean - overall) / float(column[known].std())}  # fmt: skip
    if kind not in ("category", "bool"):
        return None
    texts = class_names(kind, column)
    levels, inverse = np.unique(texts, return_inverse=True)
    here = np.bincount(inverse[own], minlength=len(levels)) / own.sum()
    overall_share = np.bincount(inverse, minlength=len(levels)) / len(texts)
    most = int(np.abs(here - overall_share).argmax())
    return {"column": name, "what": f"share of {levels[most] or 'missing'}",
            "here": float(here[most]), "overall": float(overall_share[most]),
            "effect": float(here[most] - overall_share[most])}  # fmt: skip
