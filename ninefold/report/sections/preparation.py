"""What becomes of each column before the network sees it, and why."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    badge,
    bullets,
    code,
    count,
    details,
    join,
    paragraph,
    prose,
    table,
)
from ninefold.report.section import Section

TENSOR_NAMES = {
    "image": ("picture", "pictures"),
    "tokens": ("text, word by word", "texts, word by word"),
    "sequence": ("sequence", "sequences"),
    "words": ("sequence of words", "sequences of words"),
}


class Preparation(Section):
    """The preprocessing's decision table and the list of features."""

    title = "Preparation"
    order = 60
    sources = ("layout",)

    def render(self, evidence: Evidence) -> Html:
        layout = evidence.layout
        decided = layout["treatments"]
        dropped = [row for row in decided if row["treatment"] == "dropped"]
        features, codes = layout["features"], layout["codes"]
        kinds = Counter(row["treatment"].split(",")[0] for row in decided)
        body = [
            (
                code(row["column"]),
                row["kind"],
                row["treatment"],
                prose(row["why"]),
                len(row["features"]),
            )
            for row in decided
        ]
        header = ("column", "kind", "treatment", "why", "features")
        cards = zip(codes, layout["cardinalities"], strict=True)
        sources = layout.get("sources") or features
        shown = [
            f"{source} (masked)" if source in evidence.masked else name
            for name, source in zip(features, sources, strict=True)
        ]
        named = [
            *dict.fromkeys(shown),
            *(f"{name} (embedding of {size} levels)" for name, size in cards),
        ]
        return join(
            [
                paragraph(
                    f"{count(len(decided), 'column')} become{'s' if len(decided) == 1 else ''} "
                    f"{_parts(layout)}. "
                    "All that is fitted here was fitted on the train part; the same graph stands "
                    "in front of the network in the exported file."
                ),
                _proof(evidence.network.get("facts", {}).get("fit_scope")),
                bullets(f"{kind}: {count(n, 'column')}" for kind, n in sorted(kinds.items())),
                _dropped([row["column"] for row in dropped]),
                details("Every column, what becomes of it, and why", table(header, body, (4,))),
                details(f"The {count(len(named), 'feature')}", paragraph(", ".join(named)))
                if named
                else "",
            ]
        )


def _parts(layout: Mapping[str, Any]) -> str:
    """Say what a row is to the network."""
    tensors = Counter(tensor["kind"] for tensor in layout.get("tensors") or ())
    found = [
        (len(layout["features"]), "number", "numbers"),
        (len(layout["codes"]), "embedded category", "embedded categories"),
        *((number, *TENSOR_NAMES[kind]) for kind, number in tensors.items()),
    ]
    return " and ".join(count(number, *names) for number, *names in found if number) or "nothing"


def _proof(found: Mapping[str, Any] | None) -> Html:
    """Say how this run proved that nothing was fitted on other rows."""
    if not found:
        return Html()
    holds = found["verdict"] == "pass"
    said = "is byte for byte the same" if holds else f"differs: {', '.join(found['differs'])}"
    return paragraph(
        badge("proved" if holds else "not proved", "good" if holds else "bad"),
        f" {count(found['train_rows'], 'train row')} were prepared twice, once beside "
        f"{count(found['poisoned_valid_rows'], 'valid row')} with every cell poisoned; what was "
        f"fitted {said}. The test part is no input of training at all.",
    )


def _dropped(names: list[str]) -> Html:
    if not names:
        return Html()
    return paragraph("Left out: ", join((code(name) for name in names), ", "), ".")
