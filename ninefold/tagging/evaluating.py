"""How many steps get the right label, which are mixed up, and how the simpler models did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame, spread
from ninefold.evaluation import EvaluateSpec
from ninefold.evaluation.bootstrap import clusters
from ninefold.evaluation.metrics import Metric
from ninefold.problem import ProblemSpec
from ninefold.sequences import thumbnail, words_of
from ninefold.tagging.labels import UNKNOWN, UNSEEN, encode, read_labels, sequence_of, steps_of
from ninefold.tagging.model import TagModel
from ninefold.unlabelled.measuring import Estimates, Statistic, document, estimates, values
from ninefold.verdict import Measured, fold_evidence, verdict

SHOWN, SHOWN_STEPS = 6, 200
Said = tuple[Array, Array]
"""What a model says: label codes `(N, T)` and probabilities `(N, T, K)`."""


@dataclass(frozen=True)
class Judging:
    """How models are judged: settings, what the folds say ({}: nothing), what models cost and what
    people call the baselines."""

    problem: ProblemSpec
    spec: EvaluateSpec
    reported: Metric
    folds: Mapping[str, Any]
    cost: Mapping[str, Any]
    titles: Mapping[str, str]


def evaluate(
    model: TagModel,
    parts: Mapping[str, Frame],
    said: Mapping[str, Mapping[str, list[Any]]],
    judging: Judging,
) -> dict[str, Any]:
    """Return what reports/evaluation.json says; intervals draw whole sequences."""
    problem, spec, reported = judging.problem, judging.spec, judging.reported
    ours = {name: _answers(model, parts[name]) for name in said}
    truth = {name: _truth(model.tags, parts[name], problem, ours[name]) for name in said}
    test, draws = estimates(
        statistics_of(truth["test"], *ours["test"]), parts["test"], problem, spec
    )
    baselines, drawn = {}, {}
    for name in sorted(said["test"]):
        theirs = {part: _said(said[part][name], model.tags) for part in said}
        found, drawn[name] = estimates(
            statistics_of(truth["test"], *theirs["test"]), parts["test"], problem, spec
        )
        on_valid = values(statistics_of(truth["valid"], *theirs["valid"]))
        baselines[name] = {"valid": on_valid, "test": found}
    content = document(
        problem, spec, (reported.name, reported.higher_is_better),
        {name: parts[name] for name in said}, (test, draws),
        values(statistics_of(truth["valid"], *ours["valid"])), baselines,
        _verdict(judging, parts["test"], (test, draws), baselines, drawn), model.history,
    )  # fmt: skip
    known = len(model.tags)
    table = _confusions(truth["test"], ours["test"][0], known).sum(0)[:known, :known]
    return content | {
        "classes": list(model.tags),
        "sequence": sequence_of(parts["test"]),
        "steps": {name: int((codes != UNKNOWN).sum()) for name, codes in truth.items()},
        "unseen": int((truth["test"] == UNSEEN).sum()),
        "confusion": table.tolist(),
        "examples": _examples(parts["test"], truth["test"], ours["test"][0]),
    }


def _verdict(
    judging: Judging,
    test: Frame,
    ours: tuple[Estimates, Array],
    baselines: dict[str, dict[str, Any]],
    drawn: Mapping[str, Array],
) -> dict[str, Any]:
    """Return the verdict, and mark the best baseline: by the folds, else on valid."""
    reported, best = judging.reported, judging.folds.get("best")
    if best not in baselines:
        best = reported.best_of({n: _value(b["valid"], reported) for n, b in baselines.items()})
    for name, found in baselines.items():
        found["is_best"] = name == best
    column = list(ours[0]).index(reported.name)
    theirs = ours if best is None else (baselines[best]["test"], drawn[best])
    pair = (_value(ours[0], reported), _value(theirs[0], reported))
    units = clusters(test, judging.problem).count
    measured = Measured(pair, (ours[1][:, column], theirs[1][:, column]), units, len(test))
    apart = fold_evidence(judging.folds, best)
    sure, title = judging.spec.confidence, judging.titles.get(best or "")
    return verdict(reported, best, measured, apart, sure, judging.cost, title)


def _value(found: Estimates, reported: Metric) -> float:
    value = found[reported.name]["value"]
    return float("nan") if value is None else float(value)


def score(model: TagModel, frame: Frame, problem: ProblemSpec, name: str) -> float:
    """Return a metric of steps of a model on rows; NaN where no step has a label."""
    ours = _answers(model, frame)
    return statistics_of(_truth(model.tags, frame, problem, ours), *ours)[name](None)


def _answers(model: TagModel, frame: Frame) -> Said:
    return _said([answer.values for answer in model.predict(frame)], model.tags)


def _truth(tags: tuple[str, ...], frame: Frame, problem: ProblemSpec, said: Said) -> Array:
    return encode(read_labels(frame, problem), tags, said[0].shape[1])


def _said(outputs: list[Any], tags: tuple[str, ...]) -> Said:
    """Return label codes, -1 where no step is, and probabilities."""
    labels, chances = outputs
    codes = np.full(labels.shape, -1, dtype=np.int64)
    for code, name in enumerate(tags):
        codes[labels == name] = code
    return codes, np.asarray(chances)


def _confusions(truth: Array, codes: Array, count: int) -> Array:
    """Return for each row how often which label `(N, K + 1, K + 1)` was taken for which.

    The last stands for all that no model could know.
    """
    found = np.zeros((len(truth), count + 1, count + 1))
    row, step = np.nonzero((truth != UNKNOWN) & (codes >= 0))
    actual = truth[row, step]
    np.add.at(found, (row, np.where(actual == UNSEEN, count, actual), codes[row, step]), 1.0)
    return found


def statistics_of(truth: Array, codes: Array, chances: Array) -> dict[str, Statistic]:
    """Return the metrics of steps as functions of the weights of rows."""
    count = chances.shape[2]
    table = _confusions(truth, codes, count)
    known = truth != UNKNOWN
    picked = np.take_along_axis(chances, np.maximum(truth, 0)[..., None], axis=2)[..., 0]
    picked = np.where(truth == UNSEEN, 0.0, picked)
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
    known = truth != UNKNOWN
    wrong = ((codes != truth) & known).sum(1) / np.maximum(known.sum(1), 1)
    order = np.argsort(-wrong, kind="stable")
    column, lengths = sequence_of(frame), steps_of(frame)
    is_drawn = frame.column(column).kind == "sequence"
    found = []
    for row in order[spread(len(order), SHOWN)]:
        steps, cell = min(lengths[row], SHOWN_STEPS), frame[column][row]
        shown: dict[str, Any] = {"words": [] if is_drawn else words_of(cell)[:steps]}
        if is_drawn:
            shown = {"picture": thumbnail(cell[:steps])}
        found.append(
            {
                "row": int(frame.row[row]),
                "truth": truth[row, :steps].tolist(),
                "said": codes[row, :steps].tolist(),
                **shown,
            }
        )
    return found
