"""Labels of steps: how many are right, which are mixed up, and a few sequences."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.charts.heatmap import confusion
from ninefold.report.charts.strips import strips
from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    count,
    figure,
    grid,
    interval,
    join,
    number,
    paragraph,
    percent,
    table,
    tag,
)
from ninefold.report.section import Section
from ninefold.report.sections.pictures import picture

NOTHING = -1
"""Code of a step without a label."""


class Tags(Section):
    """Metrics of steps, confusion, label by label, and sequences with both strips."""

    title = "The labels of steps"
    order = 90
    sources = ("evaluation",)
    tasks = ("tagging",)

    def render(self, evidence: Evidence) -> Html:
        found = evidence.evaluation
        caption = "Confusion of steps: each row adds up to 100 % of a true label"
        names, counts = found["classes"], [[int(n) for n in row] for row in found["confusion"]]
        parts = [
            _metrics(found),
            grid([figure(confusion(caption, names, counts), caption), _strips(found)]),
            tag("h3", "Label by label"),
            _labels(names, counts),
        ]
        if found["sequence"] not in evidence.masked:
            parts += [tag("h3", "These sequences"), *_examples(found)]
        return join(parts)


def _examples(found: Mapping[str, Any]) -> list[Html]:
    """Draw the sequences, or write their words, the wrongly labelled ones with both labels."""
    drawn = [picture(e["picture"], f"row {e['row']}", 120)
             for e in found["examples"] if "picture" in e]  # fmt: skip
    if drawn:
        return [tag("div", *drawn, class_="thumbs")]
    names, lines = found["classes"], []
    for example in found["examples"]:
        steps = zip(example["words"], example["truth"], example["said"], strict=True)
        words = [
            word if truth in (said, NOTHING) else tag("b", f"{word} [{_name(names, said)}]")
            for word, truth, said in steps
        ]
        spaced = [part for word in words for part in (word, " ")]
        lines.append((f"row {example['row']}", tag("span", *spaced)))
    said = "Words in bold got the label beside them, which is wrong."
    return [paragraph(said), table(("row", "words"), lines)]


def _name(names: list[str], code: int) -> str:
    return names[code] if code >= 0 else "–"


def _metrics(found: Mapping[str, Any]) -> Html:
    body = [
        (tag("b", name), number(test["value"]), interval(test),
         number(found["valid"][name]["value"]))
        for name, test in found["test"].items()
    ]  # fmt: skip
    sure = f"{found['resampled']['confidence']:.0%}"
    said = (
        f"{count(found['steps']['test'], 'labelled step')} of "
        f"{count(found['rows']['test'], 'test row')}; padding has no say. Intervals draw whole "
        "sequences again and again."
    )
    header = ("metric of steps", "test", f"{sure} interval", "valid")
    return join([table(header, body, (1, 2, 3)), paragraph(said)])


def _strips(found: Mapping[str, Any]) -> Html:
    rows = [(f"row {e['row']}", e["truth"], e["said"]) for e in found["examples"]]
    caption = "From most mistakes to fewest: true labels above, what was said below"
    return figure(strips(caption, found["classes"], rows), caption)


def _labels(names: list[str], counts: list[list[int]]) -> Html:
    def share(part: int, whole: int) -> str:
        return percent(part / whole) if whole else "–"

    body = [
        (name, f"{sum(counts[i]):,}", share(counts[i][i], sum(row[i] for row in counts)),
         share(counts[i][i], sum(counts[i])))
        for i, name in enumerate(names)
    ]  # fmt: skip
    return table(("label", "steps", "precision", "recall"), body, (1, 2, 3))
