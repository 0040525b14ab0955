"""The learning curve: what more rows would do for the network and for the best baseline."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.charts.lines import Curve, lines
from ninefold.report.evidence import Evidence
from ninefold.report.markup import Html, count, figure, join, number, paragraph, prose
from ninefold.report.section import Section
from ninefold.verdict import INCONCLUSIVE, NEEDED, NOT_NEEDED

MODELS = ("network", "rival")
"""How the curves look, in the order of the models."""


class MoreData(Section):
    """Both models on growing shares of the train rows, and where the curves lead."""

    title = "Would more data change the answer?"
    order = 85
    sources = ("folds",)

    def render(self, evidence: Evidence) -> Html:
        curve = evidence.folds.get("curve")
        if not curve:
            return paragraph(
                prose(
                    "Not measured: there are too few rows for shares of them, or `crossvalidate` "
                    "leaves it out."
                )
            )
        return join([paragraph(_said(curve, evidence)), _picture(curve, evidence)])


def _said(curve: Mapping[str, Any], evidence: Evidence) -> str:
    """Say where the fitted curves lead, and what that would make of the verdict."""
    metric, best = evidence.folds["metric"], evidence.title(evidence.folds["best"])
    now, *ahead = curve["ahead"]
    if now["gain"] is None:
        return f"{metric} has no value on some shares of the rows, so nothing can be said."
    verdict = evidence.evaluation.get("verdict", {})
    rope = verdict.get("equivalent_within") or 0.0
    is_needed = ahead[-1]["gain"] > rope
    said = (
        f"By curves fitted to the points below, the network gains {_signed(now['gain'])} {metric} "
        f"over {best} with the {count(now['rows'], 'row')} that folds are fitted on"
        + "".join(f", {_signed(a['gain'])} with {count(a['rows'], 'row')}" for a in ahead)
        + ". "
    )
    if verdict.get("answer") == (NEEDED if is_needed else NOT_NEEDED):
        return said + "More rows would not change the answer; a curve fitted to few points may err."
    does = "settle" if verdict.get("answer") == INCONCLUSIVE else "change"
    towards = "for the network" if is_needed else "against the network"
    return said + f"More rows may {does} the answer {towards}: collect some and run again."


def _signed(gain: float) -> str:
    return ("+" if gain > 0 else "") + number(gain, 2)


def _picture(curve: Mapping[str, Any], evidence: Evidence) -> Html:
    curves = [
        Curve(
            evidence.title(name),
            [
                (rows, point["value"])
                for rows, point in zip(curve["rows"], points, strict=True)
                if point["value"] is not None
            ],
            css,
            has_dots=True,
        )
        for css, (name, points) in zip(MODELS, curve["models"].items(), strict=True)
    ]
    metric, folds = evidence.folds["metric"], count(len(curve["folds"]), "fold")
    picture = lines(f"{metric} by rows learnt from", curves, "rows learnt from", metric)
    better = "higher" if evidence.folds["higher_is_better"] else "lower"
    return figure(
        picture, f"{metric} on rows of {folds} that no model has seen; {better} is better"
    )
