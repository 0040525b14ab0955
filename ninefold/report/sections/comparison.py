"""The network beside simpler models: does deep learning earn its place?"""

from collections.abc import Mapping
from typing import Any

from ninefold.problem import LEARNED
from ninefold.report.charts.bars import shares
from ninefold.report.charts.intervals import Row, forest
from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    count,
    figure,
    grid,
    join,
    number,
    paragraph,
    percent,
    table,
    tag,
)
from ninefold.report.section import Section


class Comparison(Section):
    """Network and baselines with intervals, chances, folds and size."""

    title = "Was deep learning needed?"
    order = 80
    sources = ("evaluation",)
    tasks = (*LEARNED, "tagging")

    def render(self, evidence: Evidence) -> Html:
        return join(
            [
                paragraph(_said(evidence)),
                grid([_models(evidence), *_chances(evidence), *_folds(evidence)]),
                _cost(evidence),
            ]
        )


def _said(evidence: Evidence) -> str:
    verdict = evidence.evaluation["verdict"]
    if not verdict.get("baseline"):
        return str(verdict["sentence"])
    return (
        "Simpler models learnt from the same rows and were judged on the same ones. The best of "
        f"them is the one to beat: {evidence.title(verdict['baseline'])}."
    )


def _models(evidence: Evidence) -> Html:
    found, metric = evidence.evaluation, evidence.metric
    ours = found["test"][metric]
    rows = [Row("network", ours["value"], ours["low"], ours["high"])]
    for name, baseline in _by_value(evidence):
        theirs = baseline["test"][metric]
        css = "rival" if baseline.get("is_best") else "other"
        rows.append(Row(evidence.title(name), theirs["value"], theirs["low"], theirs["high"], css))
    better = "higher" if found["metric"]["higher_is_better"] else "lower"
    caption = f"{metric} on the test part with its interval; {better} is better"
    return figure(forest(caption, rows, metric), caption)


def _by_value(evidence: Evidence) -> list[tuple[str, Mapping[str, Any]]]:
    found, metric = evidence.evaluation, evidence.metric
    sign = -1.0 if found["metric"]["higher_is_better"] else 1.0

    def key(item: tuple[str, Mapping[str, Any]]) -> tuple[bool, float, str]:
        value = found["baselines"][item[0]]["test"][metric]["value"]
        return value is None, sign * (value or 0.0), item[0]

    return sorted(found["baselines"].items(), key=key)


def _chances(evidence: Evidence) -> list[Html]:
    """Draw how likely the network is better, equal, worse than the best baseline."""
    verdict = evidence.evaluation["verdict"]
    if verdict.get("p_better") is None:
        return []
    rival = evidence.title(verdict["baseline"])
    rows = [
        (name, verdict[key], percent(verdict[key]))
        for name, key in (
            ("network better", "p_better"),
            ("no difference", "p_equivalent"),
            (f"{rival} better", "p_worse"),
        )
    ]
    caption = (
        f"How likely, judged by folds and test part; differences under "
        f"{number(verdict['equivalent_within'], 2)} do not matter"
    )
    return [figure(shares(caption, rows, "network"), caption)]


def _folds(evidence: Evidence) -> list[Html]:
    """Draw how every model fared over the folds."""
    found = evidence.folds
    names = [name for name in found.get("means", ()) if found["means"][name] is not None]
    if not names:
        return []
    sign = -1.0 if found["higher_is_better"] else 1.0
    rows: list[Row] = []
    for name in sorted(names, key=lambda name: (name != "network", sign * found["means"][name])):
        scores = [each["scores"][name] for each in found["rounds"]]
        css = {"network": "network", found["best"]: "rival"}.get(name, "other")
        rows.append(Row(evidence.title(name), found["means"][name], min(scores), max(scores), css))
    caption = (
        f"The same models trained anew in {count(len(found['rounds']), 'fold')} of the train part: "
        "mean, worst and best fold"
    )
    return [figure(forest(caption, rows, found["metric"]), caption)]


def _cost(evidence: Evidence) -> Html:
    cost = evidence.evaluation["verdict"].get("cost") or {}
    sizes = {"network": cost.get("network_bytes"), **(cost.get("baseline_bytes") or {})}
    seconds = evidence.training_cost.get("cpu_seconds") or {}
    body = [
        (
            evidence.title(name),
            f"{number(round(size / 1000))} kB",
            *_speed(evidence.latency.get(name)),
            f"{seconds[name]:.1f} s" if name in seconds else "–",
        )
        for name, size in sizes.items()
        if size
    ]
    if not body:
        return Html()
    rows = evidence.training_cost.get("rows")
    training = f"training on {rows:,} rows" if rows else "training"
    header = ("model", "size", "one row", "per row of 256", training)
    note = "One thread, CPU time: answers of the ONNX files from raw rows, and training."
    if evidence.latency and "network" not in evidence.latency:
        note += " The network is timed where it is what is exported."
    return join([tag("h3", "What they cost"), table(header, body, (1, 2, 3, 4)), paragraph(note)])


def _speed(found: Mapping[str, float] | None) -> tuple[str, str]:
    if not found:
        return ("–", "–")
    return (f"{found['one_row_us']:,.0f} µs", f"{found['per_row_us']:,.1f} µs")
