"""Are the drawn rows like real ones, all kinds of them, and not copies of the train rows?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ninefold.autoencoding.evaluating import area
from ninefold.columns import Array, Frame, is_missing, spread
from ninefold.evaluation import EvaluateSpec
from ninefold.generating.model import STARTS, Sampler, cells
from ninefold.pixels import thumbnail
from ninefold.problem import ProblemSpec
from ninefold.unlabelled.measuring import (
    Estimates,
    Statistic,
    compare,
    document,
    estimates,
    mean_of,
    values,
)
from ninefold.unlabelled.space import weights, widen

NEIGHBOURS = 3
MOST_ROWS = 2000
MAP_ROWS = 300
MAX_COLUMNS = 9
BARS = 16
GALLERY = 24
SAME_AREA = 0.01
COLLAPSED = 0.25
"""Recall below this share of what the precision is: kinds of rows are left out."""


def seeds_for(part: str, rows: int) -> Array:
    """Return the seeds `(N,)` of the rows that are drawn beside a part."""
    return np.arange(rows, dtype=np.float64) + STARTS[part]


def evaluate(
    model: Sampler,
    parts: Mapping[str, Frame],
    said: Mapping[str, Mapping[str, Sequence[Array]]],
    problem: ProblemSpec,
    spec: EvaluateSpec,
    titles: Mapping[str, str],
) -> dict[str, Any]:
    """Return what reports/evaluation.json says of a generator.

    Args:
        parts: the train, valid and test rows.
        said: part -> baseline -> the columns that its file drew for the same seeds.
        titles: what people call the baselines.
    """
    room = Room(model, parts["train"])
    names = [result.name for result in model.results]
    found: dict[str, Any] = {"model": {}}
    draws: dict[str, Array] = {}
    for part in ("valid", "test"):
        frame = parts[part].take(spread(len(parts[part]), MOST_ROWS))
        real = room.place(frame)
        drawn = {"model": model.frame(seeds_for(part, len(frame)))}
        for name, columns in said[part].items():
            picked = dict(zip(names, columns, strict=True))
            kept = {n: cells(np.asarray(v)[: len(frame)]) for n, v in picked.items()}
            drawn[name] = Frame(drawn["model"].columns, kept, drawn["model"].row)
        for name, rows in drawn.items():
            statistics = quality(room, real, room.place(rows), rows, spec.seed)
            entry = found.setdefault(name, {})
            if part == "valid":
                entry[part] = values(statistics)
            else:
                entry[part], draws[name] = estimates(statistics, frame, problem, spec)
    own = found.pop("model")
    decided = _decide(own["test"], draws["model"], found, draws, spec, titles)
    rows_of = {name: parts[name] for name in ("valid", "test")}
    content = document(
        problem, spec, ("discriminator_auc", False), rows_of, (own["test"], draws["model"]),
        own["valid"], found, decided, model.history,
    )  # fmt: skip
    drawn_names = {result.name for result in model.results}
    return content | _pictures(model, room, parts["test"]) | {
        "diagnosis": diagnosis(own["test"]),
        "left_out": [c.name for c in parts["train"].having("input") if c.name not in drawn_names],
    }  # fmt: skip


class Room:
    """The space in which rows are compared, and the train rows in it."""

    def __init__(self, model: Sampler, train: Frame) -> None:
        self.preprocessing = model.preprocessing
        X, *_ = self.preprocessing.transform(train)
        self.by = weights(X, self.preprocessing.layout)
        self.frame = train
        self.train = self.place(train)

    def place(self, frame: Frame) -> Array:
        """Return rows as coordinates `(N, D)` float64."""
        X, codes, *_ = self.preprocessing.transform(frame)
        wide = widen(X, codes, self.preprocessing.layout, self.by)
        return np.asarray(wide, dtype=np.float64)


def quality(room: Room, real: Array, drawn: Array, rows: Frame, seed: int) -> dict[str, Statistic]:
    """Return the numbers that say how good drawn rows are, the reported one first."""
    told = discriminated(real, drawn, seed)
    is_real = np.r_[np.ones(len(real), bool), np.zeros(len(drawn), bool)]

    def telling(weight: Array | None) -> float:
        whole = None if weight is None else np.r_[weight, np.ones(len(drawn))]
        found = area(told, is_real)(whole)
        return max(found, 1 - found)

    to_train = nearest(drawn, room.train)
    usual = np.sort(nearest(real, room.train))
    place = np.searchsorted(usual, to_train, "left") + np.searchsorted(usual, to_train, "right")
    nearer = np.asarray(1 - place / 2 / len(usual))
    distinct = len(np.unique(drawn.round(6), axis=0)) / len(drawn)
    return {
        "discriminator_auc": telling,
        "precision": mean_of(covered(drawn, real).astype(np.float64)),
        "recall": mean_of(covered(real, drawn).astype(np.float64)),
        "nearer_to_train": mean_of(nearer),
        "copies": mean_of((to_train <= 1e-9).astype(np.float64)),
        "copies_among_real": mean_of((nearest(real, room.train) <= 1e-9).astype(np.float64)),
        "distinct": lambda _: distinct,
    }


def covered(rows: Array, others: Array) -> Array:
    """Tell which `rows (N, D)` lie within reach of `others (M, D)`: nearer to one than its k-th.

    Precision where rows are drawn and others real, recall the other way round (Kynkäänniemi et al.,
    "Improved precision and recall metric for assessing generative models", 2019).
    """
    from sklearn.neighbors import NearestNeighbors

    k = min(NEIGHBOURS, len(others) - 1)
    reach = NearestNeighbors(n_neighbors=k + 1).fit(others).kneighbors(others)[0][:, -1]
    found = np.zeros(len(rows), dtype=bool)
    for start in range(0, len(rows), 256):
        block = rows[start : start + 256]
        squares = (block**2).sum(axis=1)[:, None] - 2 * block @ others.T + (others**2).sum(axis=1)
        found[start : start + 256] = (squares <= reach**2 + 1e-12).any(axis=1)
    return found


def nearest(rows: Array, others: Array) -> Array:
    """Return the distance of each row `(N,)` to the nearest of `others`."""
    from sklearn.neighbors import NearestNeighbors

    return np.asarray(NearestNeighbors(n_neighbors=1).fit(others).kneighbors(rows)[0][:, 0])


def discriminated(real: Array, drawn: Array, seed: int) -> Array:
    """Return how real each row looks `(N + M,)` to a forest that saw the others, 3 folds."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    X = np.concatenate([real, drawn])
    y = np.r_[np.ones(len(real)), np.zeros(len(drawn))]
    forest = RandomForestClassifier(60, min_samples_leaf=5, random_state=seed)
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    return np.asarray(cross_val_predict(forest, X, y, cv=folds, method="predict_proba")[:, 1])


def diagnosis(found: Estimates) -> list[dict[str, str]]:
    """Return what is wrong with the drawn rows, each with what to change."""
    told = {name: entry["value"] for name, entry in found.items()}
    items = []
    if (told["recall"] or 0) < COLLAPSED * (told["precision"] or 0) or told["distinct"] < 0.5:
        items.append({
            "what": "mode collapse",
            "why": f"recall {told['recall']:.2f} against precision {told['precision']:.2f}, "
            f"{told['distinct']:.0%} of the drawn rows differ: kinds of rows are left out",
            "change": "generate.lr at its usual 0.001 where it is above, more "
            "generate.critic_steps, a larger generate.latent",
        })  # fmt: skip
    if told["nearer_to_train"] > 0.65 or told["copies"] > told["copies_among_real"] + 0.05:
        items.append({
            "what": "memorisation",
            "why": f"in {told['nearer_to_train']:.0%} of pairs a drawn row is nearer to train "
            "rows than a test row is, one half being usual",
            "change": "fewer generate.steps, a smaller generate.width",
        })  # fmt: skip
    if told["discriminator_auc"] > 0.8:
        items.append({
            "what": "easily told apart",
            "why": f"a forest tells drawn from real rows (area {told['discriminator_auc']:.2f})",
            "change": "more generate.steps, a larger generate.width",
        })  # fmt: skip
    return items


def _decide(
    own: Estimates,
    draws: Array,
    peers: Mapping[str, Any],
    peer_draws: Mapping[str, Array],
    spec: EvaluateSpec,
    titles: Mapping[str, str],
) -> dict[str, Any]:
    metric = "discriminator_auc"
    best = min(sorted(peers), key=lambda name: peers[name]["valid"][metric]["value"])
    ours = own[metric]["value"], draws[:, 0]
    theirs = best, peers[best]["test"][metric]["value"], peer_draws[best][:, 0]
    return compare(metric, False, ours, theirs, spec, SAME_AREA, titles.get(best))


def _pictures(model: Sampler, room: Room, test: Frame) -> dict[str, Any]:
    """Return drawn and real rows in one plane, and column by column."""
    drawn = model.frame(seeds_for("test", min(len(test), MOST_ROWS)))
    mean = room.train.mean(axis=0)
    axes = np.linalg.svd(room.train - mean, full_matrices=False)[2][:2]
    points = [
        [round(float(x), 4), round(float(y), 4), group]
        for group, rows in enumerate((test, drawn))
        for x, y in (room.place(rows.take(spread(len(rows), MAP_ROWS))) - mean) @ axes.T
    ] if len(axes) > 1 else []  # fmt: skip
    names = [result.name for result in model.results if result.kind != "image"]
    columns = [item for name in names if (item := _column(name, test, drawn)) is not None]
    columns.sort(key=lambda item: -item["distance"])
    found = {"map": points, "columns": columns[:MAX_COLUMNS]}
    if len(names) < len(model.results):
        (name,) = (result.name for result in model.results)
        return found | {"first_rows": [], "gallery": _gallery(name, room, test, drawn)}
    return found | {"first_rows": _rows(drawn, 5)}


def _gallery(name: str, room: "Room", test: Frame, drawn: Frame) -> list[dict[str, Any]]:
    """Return real and drawn pictures, and the train pictures nearest to the first drawn ones."""
    from sklearn.neighbors import NearestNeighbors

    real = test.take(spread(len(test), GALLERY))
    shown = drawn.take(np.arange(min(len(drawn), GALLERY)))
    search = NearestNeighbors(n_neighbors=1).fit(room.train)
    twins = search.kneighbors(room.place(shown), return_distance=False)[:, 0]
    parts = (
        ("Real ones of the test part", real[name]),
        ("Drawn ones", shown[name]),
        ("The train picture nearest to each of those", room.frame[name][twins]),
    )
    return [{"title": title, "pictures": [thumbnail(p) for p in cell]} for title, cell in parts]


def _column(name: str, test: Frame, drawn: Frame) -> dict[str, Any] | None:
    """Return how a column is distributed in real and in drawn rows, and how far apart that is."""
    kind = test.column(name).kind
    real, made = (f[name][~is_missing(kind, f[name])] for f in (test, drawn))
    if not len(real) or not len(made):
        return None
    gaps = [float(is_missing(kind, frame[name]).mean()) for frame in (test, drawn)]
    if kind in ("number", "datetime"):
        pool = np.concatenate([real, made]).astype(np.float64)
        edges = np.linspace(pool.min(), pool.max() + 1e-9, BARS + 1)
        shares = [np.histogram(v.astype(np.float64), edges)[0] / len(v) for v in (real, made)]
        grid = np.sort(pool)
        below = [np.searchsorted(np.sort(v.astype(np.float64)), grid, "right") / len(v)
                 for v in (real, made)]  # fmt: skip
        distance = float(np.abs(below[0] - below[1]).max())
        bars = [f"{edge:.4g}" for edge in edges[:-1]]
    else:
        levels = np.unique(np.concatenate([real, made]).astype(str))
        shares = [np.array([(v.astype(str) == level).mean() for level in levels])
                  for v in (real, made)]  # fmt: skip
        distance, bars = float(np.abs(shares[0] - shares[1]).sum() / 2), levels.tolist()
    return {
        "column": name,
        "kind": kind,
        "distance": distance,
        "bars": bars[:40],
        "real": np.round(shares[0], 5).tolist()[:40],
        "drawn": np.round(shares[1], 5).tolist()[:40],
        "missing": gaps,
    }


def _rows(frame: Frame, count: int) -> list[dict[str, Any]]:
    return [
        {c.name: frame[c.name][i].item() if hasattr(frame[c.name][i], "item") else frame[c.name][i]
         for c in frame.columns}
        for i in range(min(count, len(frame)))
    ]  # fmt: skip
