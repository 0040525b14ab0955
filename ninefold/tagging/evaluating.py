"""How many steps get the right label, which are mixed up, and how the simpler models did."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame, spread
from ninefold.evaluation import EvaluateSpec
from ninefold.problem import ProblemSpec
from ninefold.tagging.labels import encode, read_labels, sequence_of
from ninefold.tagging.model import TagModel
from ninefold.unlabelled.measuring import Statistic, compare, document, estimates, values

SHOWN, SHOWN_STEPS = 6, 200
SMALL_GAIN = 0.005
METRICS = {"accuracy": True, "f1_macro": True, "log_loss": False}
"""Metric of steps -> whether higher is better."""
Said = tuple[Array, Array]
"""What a model says: label codes `(N, T)` and probabilities `(N, T, K)`."""


def evaluate(
    model: TagModel,
    parts: Mapping[str, Frame],
    said: Mapping[str, Mapping[str, list[Any]]],
    problem: ProblemSpec,
    spec: EvaluateSpec,
) -> dict[str, Any]:
    """Return what reports/evaluation.json says; intervals draw whole sequences."""
    metric = problem.metric or "accuracy"
    ours = {name: _said([a.values for a in model.predict(parts[name])], model.tags)
            for name in said}  # fmt: skip
    truth = {name: encode(read_labels(parts[name], problem), model.tags, ours[name][0].shape[1])
             for name in said}  # fmt: skip
    test, draws = estimates(_statistics(truth["test"], *ours["test"]), parts["test"], problem, spec)
    baselines, drawn = {}, {}
    for name in sorted(said["test"]):
        theirs = {part: _said(said[part][name], model.tags) for part in said}
        found, drawn[name] = estimates(
            _statistics(truth["test"], *theirs["test"]), parts["test"], problem, spec
        )
        on_valid = values(_statistics(truth["valid"], *theirs["valid"]))
        baselines[name] = {"valid": on_valid, "test": found}
    column, sign = list(test).index(metric), 1.0 if METRICS[metric] else -1.0
    best = max(baselines, key=lambda name: sign * baselines[name]["valid"][metric]["value"])
    decided = compare(
        metric, METRICS[metric], (test[metric]["value"], draws[:, column]),
        (best, baselines[best]["test"][metric]["value"], drawn[best][:, column]), spec, SMALL_GAIN,
    )  # fmt: skip
    content = document(
        problem, spec, (metric, METRICS[metric]),
        {name: parts[name] for name in said}, (test, draws),
        values(_statistics(truth["valid"], *ours["valid"])), baselines, decided, model.history,
    )  # fmt: skip
    return content | {
        "classes": list(model.tags),
        "sequence": sequence_of(parts["test"]),
        "steps": {name: int((codes >= 0).sum()) for name, codes in truth.items()},
        "confusion": _confusions(truth["test"], ours["test"][0], len(model.tags)).sum(0).tolist(),
        "examples": _examples(parts["test"], truth["test"], ours["test"][0]),
    }


def _said(outputs: list[Any], tags: tuple[str, ...]) -> Said:
    """Return label codes, -1 where no step is, and probabilities."""
    labels, chances = outputs
    codes = np.full(labels.shape, -1, dtype=np.int64)
    for code, name in enumerate(tags):
        codes[labels == name] = code
    return codes, np.asarray(chances)


def _confusions(truth: Array, codes: Array, count: int) -> Array:
    """Return for each row how often which label `(N, K, K)` was taken for which."""
    found = np.zeros((len(truth), count, count))
    row, step = np.nonzero((truth >= 0) & (codes >= 0))
    np.add.at(found, (row, truth[row, step], codes[row, step]), 1.0)
    return found


def _statistics(truth: Array, codes: Array, chances: Array) -> dict[str, Statistic]:
    """Return the metrics of steps as functions of the weights of rows."""
    count = chances.shape[2]
    table = _confusions(truth, codes, count)
    known = truth >= 0
    picked = np.take_along_axis(chances, np.maximum(truth, 0)[..., None], axis=2)[..., 0]
    surprise = np.where(known, -np.log(np.clip(picked.astype(np.float64), 1e-7, 1.0)), 0).sum(1)
    steps = known.sum(axis=1).astype(np.float64)

    def summed(weight: Array | None) -> Array:
        return table.sum(0) if weight is None else np.tensordot(weight, table, 1)

    def ratio(part: Array, weight: Array | None) -> float:
        ones = np.ones(len(steps)) if weight is None else weight
        total = float(ones @ steps)
        return float(ones @ part) / total if total else float("nan")

    right = np.trace(table, axis1=1, axis2=2)
    return {
        "accuracy": lambda weight: ratio(right, weight),
        "f1_macro": lambda weight: f1_macro(summed(weight)),
        "log_loss": lambda weight: ratio(surprise, weight),
    }


def f1_macro(table: Array) -> float:
    """Return the mean F1 of the labels that occur or are said, from counts[true][said]."""
    both = table.sum(axis=0) + table.sum(axis=1)
    seen = both > 0
    return float((2 * np.diag(table)[seen] / both[seen]).mean()) if seen.any() else float("nan")


def _examples(frame: Frame, truth: Array, codes: Array) -> list[dict[str, Any]]:
    """Return a few rows from the one with most mistakes to the one with fewest."""
    from ninefold.sequences import thumbnail

    known = truth >= 0
    wrong = ((codes != truth) & known).sum(1) / np.maximum(known.sum(1), 1)
    order = np.argsort(-wrong, kind="stable")
    column = sequence_of(frame)
    found = []
    for row in order[spread(len(order), SHOWN)]:
        steps = min(len(frame[column][row]), SHOWN_STEPS)
        found.append(
            {
                "row": int(frame.row[row]),
                "truth": truth[row, :steps].tolist(),
                "said": codes[row, :steps].tolist(),
                "picture": thumbnail(frame[column][row][:steps]),
            }
        )
    return found
