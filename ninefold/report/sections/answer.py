"""The answer first: how good, whether deep learning was needed, and what the gates said."""

from collections.abc import Mapping
from typing import Any, get_args

from ninefold.problem import Task
from ninefold.report.charts.intervals import Row, forest
from ninefold.report.evidence import Evidence, openings_of
from ninefold.report.markup import (
    Html,
    Tone,
    callout,
    card,
    cards,
    count,
    figure,
    interval,
    join,
    prose,
    tag,
)
from ninefold.report.markup import number as worded
from ninefold.report.section import Section
from ninefold.report.wording import inflation_sentence, meaning
from ninefold.sealing import sentence

GATES: dict[str, tuple[str, Tone]] = {
    "pass": ("passed", "good"),
    "warn": ("passed, with warnings", "warn"),
    "block": ("stopped the run", "bad"),
}
SHOWN = 5
"""Columns that are named."""
VERDICTS: dict[str, Tone] = {"needed": "good", "not needed": "plain", "inconclusive": "warn"}


class Answer(Section):
    """Headline metric with interval, verdict, gates."""

    title = "The answer"
    order = 10
    sources = ("evaluation",)
    tasks = get_args(Task)

    def render(self, evidence: Evidence) -> Html:
        found, metric = evidence.evaluation, evidence.metric
        estimate, verdict = _shipped(evidence)[metric], found["verdict"]
        rows = count(found["rows"]["test"], "row")
        return join(
            [
                tag("p", meaning(metric, estimate["value"], found), class_="lead"),
                tag("p", prose(verdict["sentence"]), class_="lead soft"),
                *_baseline_note(evidence),
                *_in_question(evidence),
                cards(_metric_card(evidence), _verdict_card(evidence), *_gate_cards(evidence)),
                _gain(evidence),
                tag(
                    "p",
                    f"Measured on {rows} that no model had seen: the sealed test part, "
                    f"{_openings(evidence)}.",
                    class_="soft",
                ),
            ]
        )


def _openings(evidence: Evidence) -> str:
    """Say how often the test part was opened."""
    sealed = evidence.evaluation.get("test_set")
    if not sealed:
        return "opened after every choice was made"
    return sentence(len(openings_of(evidence)), sealed["metric"], sealed["standard_error"])


def _shipped(evidence: Evidence) -> Mapping[str, Any]:
    """Return the test metrics of the model that was exported."""
    found, name = evidence.evaluation, evidence.receipt.get("model")
    baseline = found["baselines"].get(name)
    metrics: Mapping[str, Any] = baseline["test"] if baseline else found["test"]
    return metrics


def _baseline_note(evidence: Evidence) -> list[Html]:
    """Say so where it is no network that was exported."""
    name = evidence.receipt.get("model", "network")
    if name == "network":
        return []
    return [
        callout(
            "warn",
            f"What was exported is a baseline ({evidence.title(name)}), not the network: "
            f"{evidence.receipt['why']}. {_below(evidence)}",
        )
    ]


def _in_question(evidence: Evidence) -> list[Html]:
    """Say what is left of the number without what the leakage gate asks about."""
    findings = (evidence.leakage or {}).get("findings", ())
    asked = [f for f in findings if f["severity"] == "warn" and not f.get("ignored")]
    asked = [f for f in asked if _is_flattering(f.get("inflation"))]
    if not asked:
        return []
    names = [*dict.fromkeys(name for finding in asked for name in _about(finding))]
    worst = max(asked, key=lambda f: abs(f["inflation"]["with"] - f["inflation"]["without"]))
    about = ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
    said = (
        f"If the leakage gate is right to ask about {about}, this number promises too much. "
        f"{', '.join(_about(worst))}: {inflation_sentence(worst['inflation'])}."
    )
    return [callout("warn", prose(said))]


def _about(finding: Mapping[str, Any]) -> list[str]:
    """Return the columns of a finding, or the kind of one about rows."""
    return [f"`{name}`" for name in finding["columns"][:SHOWN] or [finding["kind"]]]


def _is_flattering(inflation: Mapping[str, Any] | None) -> bool:
    """Tell whether a quick learner's score with a leak is beyond what it may be without."""
    if inflation is None or "skipped" in inflation:
        return False
    low, high = inflation["without_interval"]
    return not low <= inflation["with"] <= high


def _below(evidence: Evidence) -> str:
    """Say whose numbers and pictures the other sections show."""
    if evidence.receipt["model"] == evidence.evaluation.get("rival", {}).get("name"):
        return "The clusters below are those of the file."
    return "Numbers and pictures of errors below are the network's."


def _metric_card(evidence: Evidence) -> Html:
    found = evidence.evaluation
    estimate = _shipped(evidence)[evidence.metric]
    sure = f"{found['resampled']['confidence']:.0%}"
    note = f"{interval(estimate)} ({sure} interval)" if interval(estimate) else ""
    name = evidence.receipt.get("model", "network")
    of = "" if name == "network" else f", {evidence.title(name)}"
    return card(f"{evidence.metric} on test{of}", worded(estimate["value"]), note)


def _verdict_card(evidence: Evidence) -> Html:
    verdict = evidence.evaluation["verdict"]
    rival = verdict.get("baseline")
    note = f"against {evidence.title(rival)}" if rival else "no baseline was trained"
    return card("Deep learning", verdict["answer"], note, VERDICTS.get(verdict["answer"], "plain"))


def _gate_cards(evidence: Evidence) -> list[Html]:
    items = []
    if evidence.quality:
        said, tone = GATES[evidence.quality["verdict"]]
        failed = sum(not item["success"] for item in evidence.quality["expectations"])
        total = len(evidence.quality["expectations"])
        items.append(
            card("Data quality gate", said, f"{total - failed:,} of {total:,} rules met", tone)
        )
    if evidence.leakage:
        said, tone = GATES[evidence.leakage["verdict"]]
        note = count(len(evidence.leakage["findings"]), "finding")
        items.append(card("Leakage gate", said, note, tone))
    if evidence.receipt:
        clean = evidence.receipt["pass"]
        note = f"{evidence.receipt['rows']:,} rows compared, {evidence.receipt['flips']} differ"
        said = "same numbers" if clean else "refused"
        items.append(card("Exported file", said, note, "good" if clean else "bad"))
    return items


def _gain(evidence: Evidence) -> Html:
    """Draw the network's gain over the best baseline, with what counts as no difference."""
    verdict = evidence.evaluation["verdict"]
    if verdict.get("gain") is None:
        return Html()
    rope, apart = verdict["equivalent_within"], verdict.get("evidence") or {}
    rival = evidence.title(verdict["baseline"])
    rows = [Row("gain of the network", verdict["gain"], verdict["low"], verdict["high"])]
    if len(apart) > 1:
        rows += [
            Row(title, apart[name]["gain"], apart[name]["low"], apart[name]["high"], "other")
            for name, title in (("folds", "by the folds"), ("test", "by the test part"))
        ]
    picture = forest(
        f"Gain in {verdict['metric']} over {rival}: {worded(verdict['gain'])}",
        rows,
        f"← {rival} better · {verdict['metric']} · network better →",
        reference=(0.0, "equal"),
        band=(-rope, rope),
    )
    caption = "The network against the best baseline. Shaded: too small a difference to matter."
    return figure(picture, caption)
