"""From a trained model and its rows to reports/diagnosis.json."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Frame
from ninefold.diagnosis.case import Case, Finding, Scored, Symptom
from ninefold.evaluation.part import known_rows
from ninefold.registry import components

if TYPE_CHECKING:
    from ninefold.training import TrainedModel

MOST_ROWS = 5_000


def case_of(model: "TrainedModel", train: Frame, valid: Frame) -> Case:
    """Return the case of a model that has just been trained on these parts."""
    return Case(
        model.history,
        model.spec,
        model.facts,
        model.probes,
        _scored(model, train),
        _scored(model, known_rows(valid, model.head, "valid")),
    )


def diagnose(case: Case) -> dict[str, Any]:
    """Look for every symptom; return findings, what was looked for, and what was seen inside."""
    symptoms = [kind() for kind in components("ninefold.diagnosis", Symptom)]
    symptoms.sort(key=lambda symptom: len(symptom.follows))
    found: list[Finding] = []
    for symptom in symptoms:
        families = {finding.kind.split(".")[0] for finding in found}
        if not families & set(symptom.follows) and (finding := symptom.look(case)) is not None:
            found.append(finding)
    return {
        "looked_for": sorted(kind for symptom in symptoms for kind in symptom.kinds),
        "findings": [finding.to_json() for finding in found],
        "metric": case.facts["metric"],
        "valid": case.facts["valid"].get(case.facts["metric"]),
        "higher_is_better": case.facts["higher_is_better"],
        "probes": [_rounded(probe) for probe in case.probes],
    }


def _scored(model: "TrainedModel", frame: Frame) -> Scored:
    if len(frame) > MOST_ROWS:
        frame = frame.take(np.unique(np.linspace(0, len(frame) - 1, MOST_ROWS).astype(np.int64)))
    target = model.head.target
    inputs = model.preprocessing.transform(frame)
    y = target.encode(frame)
    if target.task == "regression":
        y = (y - target.offset) / target.scale
    return Scored(inputs[0], y, model.scores_of(*inputs))


def _rounded(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _rounded(value) for key, value in content.items()}
    return float(f"{content:.6g}") if isinstance(content, float) else content
