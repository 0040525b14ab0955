"""How tight and how sure the clusters are, what sets them apart, and how the others did."""

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    Estimates,
    Statistic,
    compare,
    document,
    estimates,
    mean_of,
    not_asked,
    values,
)

NOISE = "noise"
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
    titles: Mapping[str, str],
) -> dict[str, Any]:
    """Return what reports/evaluation.json says of clusters.

    How tight they are is measured among the features, the one space that every model knows.

    Args:
        parts: the train, valid and test rows; clusters were found in the first.
        said: per part what each baseline says, by name.
        titles: what people call the baselines.
    """
    own = {name: model.predict(frame)[0].values for name, frame in parts.items()}
    metrics: dict[str, Any] = {}
    baselines: dict[str, dict[str, Any]] = {name: {} for name in sorted(said["test"])}
    draws: dict[str, Array] = {}
    for part in ("valid", "test"):
        chosen = spread(len(parts[part]), SAMPLE_ROWS)
        frame = parts[part].take(chosen)
        z = _among_features(model, frame)
        statistics = {"": _statistics(z, own[part][chosen], frame, problem)}
        if model.encoder is not None:
            codes = model.scores_of(frame).astype(np.float64)
            tight = _statistics(codes, own[part][chosen], frame, problem)["silhouette"]
            statistics[""]["silhouette_among_codes"] = tight
        statistics |= {
            peer: _statistics(z, names[chosen], frame, problem)
            for peer, names in said[part].items()
        }
        for name, found in statistics.items():
            entry = baselines[name] if name else metrics
            if part == "valid":
                entry[part] = values(found)
            else:
                entry[part], draws[name] = estimates(found, frame, problem, spec)
    rows = {name: parts[name] for name in ("valid", "test")}
    content = document(
        problem, spec, ("silhouette", True), rows, (metrics["test"], draws[""]), metrics["valid"],
        baselines, _verdict(model, metrics["test"], baselines, draws, problem, spec, titles), (),
    )  # fmt: skip
    content |= _told(model.clusters.names, own, parts, model.scores_of)
    kind = model.facts["algorithm"]
    if model.encoder is not None and kind in baselines:
        theirs = {part: said[part][kind] for part in parts}
        levels = _levels(theirs.values())
        content["rival"] = {"name": kind} | _told(
            levels, theirs, parts, lambda frame: _among_features(model, frame)
        )
    return content


def _among_features(model: ClusterModel, frame: Frame) -> Array:
    return replace(model, encoder=None).scores_of(frame).astype(np.float64)


def _levels(said: Iterable[Array]) -> tuple[str, ...]:
    """Return the names of clusters in order, noise last."""
    found = {str(name) for names in said for name in np.unique(names)}
    return (*sorted(found - {NOISE}, key=int), *sorted(found & {NOISE}))


def _told(
    clusters: Sequence[str],
    names: Names,
    parts: Mapping[str, Frame],
    space: Callable[[Frame], Array],
) -> dict[str, Any]:
    """Return what sections of the report draw of a model's clusters.

    Args:
        clusters: the names of all.
        names: part -> the cluster of each row.
        space: rows -> where silhouettes are worked out.
    """
    return {
        "clusters": _clusters(clusters, names),
        "silhouettes": _histograms(clusters, names["test"], parts["test"], space),
        "profile": profile(parts["train"], names["train"], clusters),
    }


def _verdict(
    model: ClusterModel,
    own: Estimates,
    baselines: Mapping[str, Mapping[str, Any]],
    draws: Mapping[str, Array],
    problem: ProblemSpec,
    spec: EvaluateSpec,
    titles: Mapping[str, str],
) -> dict[str, Any]:
    """Return whether clusters among codes are better than those that the same algorithm finds among
    the features: by the target, if one is named, else by how tight they are among the features.
    """
    kind = model.facts["algorithm"]
    if model.encoder is None or kind not in baselines:
        return not_asked(f"{model.facts['algorithm_title']} found the clusters by itself")
    metric = "adjusted_rand" if problem.target else "silhouette"
    found = []
    for measured, drawn in ((own, draws[""]), (baselines[kind]["test"], draws[kind])):
        value = measured[metric]["value"]
        column = drawn[:, list(measured).index(metric)]
        found.append((float("nan") if value is None else float(value), column))
    ours, theirs = found
    decided = compare(metric, True, ours, (kind, *theirs), spec, SAME_WITHIN, titles.get(kind))
    where = "agreement with the target" if problem.target else "tightness among the features"
    told = f"Clusters among the codes of an AutoEncoder against those among the features, {where}"
    return decided | {"sentence": f"{told}. {decided['sentence']}"}


def _statistics(z: Array, names: Array, frame: Frame, problem: ProblemSpec) -> dict[str, Statistic]:
    """Return the numbers that say how good a clustering of the rows `z (N, D)` is."""
    is_in = names != NOISE
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


def _clusters(clusters: Sequence[str], said: Names) -> list[dict[str, Any]]:
    """Return the rows of each cluster in each part."""
    return [
        {
            "name": cluster,
            "rows": {part: int((names == cluster).sum()) for part, names in said.items()},
            "shares": {part: float((names == cluster).mean()) for part, names in said.items()},
        }
        for cluster in clusters
    ]


def _histograms(
    clusters: Sequence[str], names: Array, frame: Frame, space: Callable[[Frame], Array]
) -> list[dict[str, Any]]:
    """Return the sorted silhouettes of the test rows, cluster by cluster, at most 60 of each."""
    chosen = spread(len(frame), SAMPLE_ROWS)
    names, z = names[chosen], space(frame.take(chosen)).astype(np.float64)
    codes = np.unique(names, return_inverse=True)[1]
    found = silhouettes(z, np.where(names != NOISE, codes, -1))
    rows = []
    for cluster in clusters:
        if cluster == NOISE:
            continue
        own = np.sort(found[(names == cluster) & np.isfinite(found)])[::-1]
        shown = own[spread(len(own), 60)] if len(own) else own
        mean = float(own.mean()) if len(own) else None
        rows.append({"name": cluster, "mean": mean, "values": np.round(shown, 4).tolist()})
    return rows


def profile(train: Frame, names: Array, clusters: Sequence[str]) -> list[dict[str, Any]]:
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
