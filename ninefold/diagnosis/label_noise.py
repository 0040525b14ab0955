"""Targets that contradict what is otherwise clear."""

import numpy as np

from ninefold.diagnosis.case import Case, Finding, Fix, Symptom

FEWEST = 200
SKILL = 0.25
"""Share of the errors of always saying the commonest class that the network must avoid."""
NOISE = 0.05
FLAT = 0.65
"""Errors among the surest half of rows over those among all; 1 where being sure helps nothing."""
FAR, OUTLIERS = 6.0, 0.01
"""Robust standard deviations of a value's error, and the share of valid rows beyond them."""
APART = 0.5
"""Share of the rows beyond half as far that must lie there too: errors with long tails thin out on
the way, targets that are wrong lie anywhere."""


class LabelNoise(Symptom):
    """The surest predictions on valid are wrong as often as the rest, or errors lie far out."""

    kinds = ("data.label_noise",)
    follows = ("learning_rate",)
    of_rows = False

    def look(self, case: Case) -> Finding | None:
        if len(case.valid.y) < FEWEST:
            return None
        return _classes(case) if case.is_classification else _values(case)


def _classes(case: Case) -> Finding | None:
    scores, y = case.valid.scores, case.valid.y
    wrong = scores.argmax(1) != y
    ordered = np.sort(scores, axis=1)
    sure = np.argsort(ordered[:, -2] - ordered[:, -1], kind="stable")
    surest = float(wrong[sure[: len(sure) // 2]].mean())
    every = float(wrong.mean())
    usual = 1.0 - float(np.bincount(y).max() / len(y))
    if every > (1.0 - SKILL) * usual or surest < NOISE or surest < FLAT * every:
        return None
    deciles = np.array_split(wrong[sure], 10)
    points = [[10 * (n + 1), round(float(part.mean()), 4)] for n, part in enumerate(deciles)]
    fix: Fix = ()
    remedy = "Check the labels that are wrong though the network is sure."
    if hasattr(case.spec, "objective"):
        remedy = (
            "Check the labels of rows that are wrong though sure; set "
            f"{case.name('objective')}.label_smoothing to 0.1."
        )
        fix = ((case.at("objective"), {"kind": "cross_entropy", "label_smoothing": 0.1}),)
    return Finding(
        "data.label_noise",
        f"The half of the valid rows that the network is surest of is wrong in {surest:.0%}, all "
        f"rows in {every:.0%}: about so many labels contradict what is otherwise clear.",
        remedy,
        {"wrong_surest_half": surest, "wrong": every, "wrong_without_network": usual},
        {"kind": "lines", "title": "Errors by how sure the network is", "x": "surest rows, %",
         "y": "share wrong", "curves": [{"name": "valid", "points": points}], "marked": None},
        fix,
    )  # fmt: skip


def _values(case: Case) -> Finding | None:
    errors = case.valid.y - case.valid.scores[:, 0]
    middle = np.median(errors)
    scale = 1.4826 * float(np.median(np.abs(errors - middle)))
    bulk = float(1.4826 * np.median(np.abs(case.valid.y - np.median(case.valid.y))))
    if scale <= 0 or scale > (1.0 - SKILL) * bulk:
        return None
    distances = np.abs(errors - middle) / scale
    share, half_way = (float((distances > far).mean()) for far in (FAR, FAR / 2))
    if share < OUTLIERS or share < APART * half_way:
        return None
    beyond = [[step, round(float((distances > step).mean()), 4)] for step in range(13)]
    return Finding(
        "data.label_noise",
        f"{share:.1%} of the valid rows lie more than {FAR:g} robust standard deviations from "
        "what the network says: some targets contradict what is otherwise clear.",
        f"Check those rows; set {case.name('objective')}.kind to huber, which outliers move less.",
        {"share": share, "robust_standard_deviation": scale},
        {"kind": "lines", "title": "Rows beyond an error", "x": "robust standard deviations",
         "y": "share", "curves": [{"name": "valid", "points": beyond}], "marked": None},
        ((case.at("objective"), {"kind": "huber"}),),
    )  # fmt: skip
