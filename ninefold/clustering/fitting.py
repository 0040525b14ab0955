"""From prepared train rows to clusters, and to what they are measured against."""

import contextlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ninefold.autoencoding import AutoEncoderSpec
from ninefold.clustering import ClusterSpec, RefineSpec
from ninefold.clustering.algorithms import AlgorithmSpec
from ninefold.clustering.choosing import choose_k, inside, mean_silhouette, structure
from ninefold.clustering.model import ClusterModel
from ninefold.columns import Array
from ninefold.errors import InputError
from ninefold.registry import components
from ninefold.training.under_way import NO_FILES, RunFiles
from ninefold.unlabelled.preparing import Prepared
from ninefold.unlabelled.space import owners, weights, widen
from ninefold.unlabelled.steps import Layers

MAP_ROWS = 600


def fit(ready: Prepared, spec: ClusterSpec, files: RunFiles = NO_FILES) -> ClusterModel:
    """Choose how many clusters there are and find them, on the train rows.

    Raises:
        InputError: too few rows for that many clusters, or none is found.
    """
    coded = _coded(ready, spec.encoder, files) if spec.encoder is not None else None
    z = space(ready) if coded is None else coded.z
    algorithm = spec.algorithm
    sample = _sample(z, spec.sample_rows, spec.seed)
    choice: dict[str, Any] | None = None
    k = spec.k or 0
    if algorithm.needs_k and not k:
        choice = choose_k(sample, algorithm, spec.k_max, spec.bootstraps, spec.seed)
        k = int(choice["k"])
    if algorithm.needs_k and len(z) < 2 * k:
        raise InputError(
            f"params.yaml: cluster.k must leave two train rows for each cluster, however: {k} "
            f"clusters in {len(z)} rows"
        )
    model = _fitted(ready, z, algorithm, k, spec.seed)
    of_each = owners(ready.preprocessing.layout)
    if coded is not None:
        model.encoder, model.scale = coded.encoder, coded.scale
        model.facts |= {"encoder": coded.facts}
        if spec.refine is not None:
            model = _refined(ready, model, spec, spec.refine)
            z = model.scores(ready.X, ready.codes).astype(np.float64)
            sample = _sample(z, spec.sample_rows, spec.seed)
        of_each = tuple(f"code {number}" for number in range(z.shape[1]))
    found = structure(sample, algorithm, model.clusters.k, of_each, spec.seed)
    model.facts |= {"choice": choice, "structure": found, "map": _map(z, model, spec.seed)}
    return model


def _refined(
    ready: Prepared, model: ClusterModel, spec: ClusterSpec, refine: RefineSpec
) -> ClusterModel:
    """Return the model after deep embedded clustering; what it changed stands in its facts."""
    from ninefold.clustering.algorithms.k_means import Centres
    from ninefold.clustering.refining import refined

    assert isinstance(model.clusters, Centres)
    assert model.encoder is not None
    layout = ready.preprocessing.layout
    wide = widen(ready.X, ready.codes, layout, model.weights)
    valid = widen(ready.X_valid, ready.codes_valid, layout, model.weights).astype(np.float64)
    encoder, clusters, told = refined(
        wide, model.encoder, model.scale, model.clusters.centres, refine, spec.seed
    )
    after = replace(model, encoder=encoder, clusters=clusters)
    z = after.scores(ready.X, ready.codes).astype(np.float64)
    codes, distances, _ = clusters.assign(z)
    sizes = np.bincount(codes, minlength=clusters.k).tolist()
    tight = [
        mean_silhouette(valid, one.clusters.assign(
            one.scores(ready.X_valid, ready.codes_valid).astype(np.float64))[0])
        for one in (model, after)
    ]  # fmt: skip
    return replace(
        after,
        facts={
            **model.facts,
            "clusters": dict(zip(clusters.names, sizes, strict=True)),
            "unit": float(distances.std()) or 1.0,
            "refined": {**told, "silhouette_of_features": {"before": tight[0], "after": tight[1]}},
        },
    )


@dataclass(frozen=True)
class _Coded:
    """The train rows as an AutoEncoder's codes `z (n, Z)`, each of variance 1."""

    z: Array
    encoder: Layers
    scale: Array
    facts: dict[str, Any]


def _coded(ready: Prepared, spec: AutoEncoderSpec, files: RunFiles) -> _Coded:
    from ninefold.autoencoding.fitting import fit as fit_autoencoder

    model = fit_autoencoder(ready, spec, files, place="cluster.encoder")
    codes = model.scores(ready.X, ready.codes)[:, 2 * model.size :]
    spread = codes.astype(np.float64).std(axis=0)
    scale = (1.0 / np.where(spread > 1e-6, spread, 1.0)).astype(np.float32)
    kept = ("latent", "epochs", "parameters", "train_error", "valid_error", "variance")
    facts = {name: model.facts[name] for name in kept}
    return _Coded((codes * scale).astype(np.float64), model.encoder, scale, facts)


def peers(ready: Prepared, spec: ClusterSpec) -> dict[str, ClusterModel]:
    """Return what every other algorithm finds with its defaults, by kind.

    They get the number of clusters that is chosen, or found, among the features; an algorithm that
    finds none is left out. All look at the features themselves: where clusters are found among
    codes, `plain` too; where they are refined, also those that are not, as many.
    """
    z = space(ready)
    found: dict[str, ClusterModel] = {}
    with contextlib.suppress(InputError):
        found |= {spec.algorithm.kind: plain(ready, spec)} if spec.encoder is not None else {}
    same = found.get(spec.algorithm.kind)
    k = spec.k or (max(2, same.clusters.k) if same else _number_of(z, spec))
    for kind in components("ninefold.clustering.algorithms", AlgorithmSpec):
        algorithm = kind()
        if algorithm.kind == spec.algorithm.kind:
            continue
        with contextlib.suppress(InputError):
            found[algorithm.kind] = _fitted(ready, z, algorithm, k, spec.seed)
    if spec.refine is not None:
        found["unrefined"] = fit(ready, spec.model_copy(update={"refine": None}))
    return found


def plain(ready: Prepared, spec: ClusterSpec) -> ClusterModel:
    """Return what the same algorithm finds among the features. Raises `InputError`."""
    return fit(ready, spec.model_copy(update={"encoder": None, "refine": None}))


def _number_of(z: Array, spec: ClusterSpec) -> int:
    """Return how many clusters there are in `z (n, D)`, two at least."""
    if not spec.algorithm.needs_k:
        return max(2, spec.algorithm.fit(z, 0, spec.seed).k)
    sample = _sample(z, spec.sample_rows, spec.seed)
    chosen = choose_k(sample, spec.algorithm, spec.k_max, spec.bootstraps, spec.seed)
    return int(chosen["k"])


def space(ready: Prepared) -> Array:
    """Return the train rows in the space of the features: `(n, D)` float64."""
    layout = ready.preprocessing.layout
    wide = widen(ready.X, ready.codes, layout, weights(ready.X, layout))
    return np.asarray(wide, dtype=np.float64)


def _fitted(ready: Prepared, z: Array, algorithm: AlgorithmSpec, k: int, seed: int) -> ClusterModel:
    clusters = algorithm.fit(z, k, seed)
    codes, distances, _ = clusters.assign(z)
    sizes = np.bincount(codes, minlength=len(clusters.names)).tolist()
    facts: dict[str, Any] = {
        "title": "the clustering model",
        "algorithm": algorithm.kind,
        "algorithm_title": algorithm.title,
        "settings": algorithm.model_dump(),
        "k": clusters.k,
        "clusters": dict(zip(clusters.names, sizes, strict=True)),
        "unit": float(distances.std()) or 1.0,
        "train_rows": len(z),
        "valid_rows": len(ready.X_valid),
        **clusters.notes,
    }
    by = weights(ready.X, ready.preprocessing.layout)
    return ClusterModel(ready.preprocessing, facts, clusters=clusters, weights=by)


def _map(z: Array, model: ClusterModel, seed: int) -> dict[str, Any]:
    """Return train rows in the plane of their two principal components, with their cluster."""
    rows = _sample(z, MAP_ROWS, seed)
    centred = rows - z.mean(axis=0)
    _, spread, axes = np.linalg.svd(centred, full_matrices=False)
    plane = centred @ axes[:2].T if len(axes) > 1 else np.c_[centred[:, 0], np.zeros(len(rows))]
    total = float((spread**2).sum()) or 1.0
    codes = inside(model.clusters, rows)
    return {
        "explained": [float(s**2 / total) for s in spread[:2]],
        "points": [
            [round(float(x), 4), round(float(y), 4), int(code)]
            for (x, y), code in zip(plane, codes, strict=True)
        ],
    }


def _sample(z: Array, most: int, seed: int) -> Array:
    if len(z) <= most:
        return z
    chosen = np.random.default_rng(seed).choice(len(z), most, replace=False)
    return np.asarray(z[np.sort(chosen)])
