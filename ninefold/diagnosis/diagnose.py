"""From a trained model and its rows to reports/diagnosis.json."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.diagnosis.case import Case, Finding, Scored, Symptom
from ninefold.evaluation.part import known_rows
from ninefold.head import Head
from ninefold.registry import components

if TYPE_CHECKING:
    from ninefold.training import TrainedModel

MOST_ROWS = 5_000


def case_of(model: "TrainedModel", train: Frame, valid: Frame) -> Case:
    """Return the case of a model that has just been trained on these parts.

    Of several targets it shows the rows as the one sees them that is predicted worst on valid.
    """
    on_train, on_valid = (
        _scored(model, frame) for frame in (train, known_rows(valid, model.head, "valid"))
    )
    losses = [part.losses.mean() for part in on_valid]
    worst = int(np.argmax(losses))
    return Case(
        model.history,
        model.spec,
        model.facts,
        model.probes,
        on_train[worst],
        on_valid[worst],
        layout=None if model.preprocessing.layout.tensors else model.preprocessing.layout,
    )


def diagnose(case: Case) -> dict[str, Any]:
    """Look for every symptom; return findings, what was looked for, and what was seen inside."""
    symptoms = [
        kind()
        for kind in components("ninefold.diagnosis", Symptom)
        if (kind.of_target if case.given is None else kind.of_rows)
    ]
    if case.valid.units is not None:
        symptoms = [symptom for symptom in symptoms if not symptom.needs_rows_apart]
    symptoms.sort(key=lambda symptom: len(symptom.follows))
    found: list[Finding] = []
    for symptom in symptoms:
        told = {name for f in found for name in (f.kind, f.kind.partition(".")[0])}
        if not told & set(symptom.follows) and (finding := symptom.look(case)) is not None:
            found.append(finding)
    facts, metric = case.facts, case.facts["metric"]
    kinds = [kind for symptom in symptoms for kind in symptom.kinds]
    judged = metric, facts["valid"].get(metric), facts["higher_is_better"]
    return report_of(kinds, found, judged, case.probes)


def report_of(
    kinds: Iterable[str],
    found: Sequence[Finding],
    judged: tuple[str, float | None, bool],
    probes: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return what reports/diagnosis.json holds.

    Args:
        kinds: what was looked for.
        found: what was found.
        judged: the metric by which a change is judged, its value on valid, and whether more is
            better.
        probes: what was seen inside the network.
    """
    return {
        "looked_for": sorted(kinds),
        "findings": [finding.to_json() for finding in found],
        "metric": judged[0],
        "valid": judged[1],
        "higher_is_better": judged[2],
        "probes": [_rounded(dict(probe)) for probe in probes],
    }


def _scored(model: "TrainedModel", frame: Frame) -> list[Scored]:
    """Return the rows as each target sees them."""
    if len(frame) > MOST_ROWS:
        frame = frame.take(np.unique(np.linspace(0, len(frame) - 1, MOST_ROWS).astype(np.int64)))
    head, target = model.head, model.head.target
    inputs = model.preprocessing.transform(frame)
    y, scores = target.encode(frame), model.scores_of(*inputs)
    laid = model.preprocessing.flattened().transform(frame) if inputs[2:] else inputs
    X = np.concatenate(laid[:2], axis=1, dtype=np.float32)
    if target.task == "regression":
        y = target.standardised(y)
    if not target.each:
        return [Scored(X, y, _values(head, scores))]
    return [
        Scored(X, column, _values(head, head.scores_of(scores, number)))
        for number, column in enumerate(y.T)
    ]


def _values(head: Head, scores: Array) -> Array:
    """Return of a target's quantiles `(N, Q)` those that are its value `(N, 1)`."""
    return np.sort(scores, axis=1)[:, [head.middle]] if head.quantiles else scores


def _rounded(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _rounded(value) for key, value in content.items()}
    return float(f"{content:.6g}") if isinstance(content, float) else content
