"""Pictures and sequences themselves: samples of each class, mistakes, and filters."""

from typing import Any

from ninefold.report.evidence import Evidence
from ninefold.report.markup import Html, code, count, html, join, number, paragraph, tag
from ninefold.report.section import Section

PNG, SVG = "data:image/png;base64", "data:image/svg+xml;base64"
DRAWING = (120, 48)
NOUNS = {"image": "train picture", "sequence": "train sequence"}


class Pictures(Section):
    """Samples of each class from train, the surest mistakes on test, filters of the first layer."""

    title = "Pictures and sequences"
    order = 95
    sources = ("exploration",)

    def has_content(self, evidence: Evidence) -> bool:
        return bool(evidence.exploration.get("galleries"))

    def render(self, evidence: Evidence) -> Html:
        parts = [_gallery(item) for item in evidence.exploration["galleries"]]
        masked = evidence.masked
        parts += [
            _mistakes(item)
            for item in evidence.evaluation.get("mistakes", ())
            if item["column"] not in masked
        ]
        filters = evidence.network.get("facts", {}).get("filters", ())
        parts += [_filters(item) for item in filters]
        return join(parts)


def picture(uri: str, caption: object, side: int = 56) -> Html:
    """Return a small picture, or the drawing of a sequence, with a line below it."""
    size = {PNG: (side, side), SVG: DRAWING}.get(uri.partition(",")[0])
    image = Html("")
    if size is not None:
        width, height = size
        image = Html(
            f'<img src="{html(uri)}" alt="" width="{width}" height="{height}" loading="lazy">'
        )
    return tag("figure", image, tag("figcaption", caption), class_="thumb")


def _gallery(item: dict[str, Any]) -> Html:
    rows = [
        tag(
            "div",
            tag("b", group["label"]) if group["label"] else "",
            f" {count(group['rows'], NOUNS[item['kind']])}",
            tag("div", *(picture(uri, "") for uri in group["pictures"]), class_="thumbs"),
        )
        for group in item["groups"]
    ]
    return join([tag("h3", "Samples of ", code(item["column"])), *rows])


def _mistakes(item: dict[str, Any]) -> Html:
    if not item["rows"]:
        return paragraph("No test row was answered wrong.")
    shown = [
        picture(
            row["picture"],
            join(
                [
                    f"row {row['row']}: {row['actual']}, said {row['predicted']}",
                    f" ({number(row['probability'], 3)})" if row["probability"] is not None else "",
                ]
            ),
            72,
        )
        for row in item["rows"]
    ]
    return join(
        [
            tag("h3", "Worst answers"),
            paragraph(
                "Test rows answered wrong, the surest first. Look at them: wrong labels, "
                "rows nobody could tell, or a kind that train has too little of."
            ),
            tag("div", *shown, class_="thumbs"),
        ]
    )


def _filters(item: dict[str, Any]) -> Html:
    return join(
        [
            tag("h3", "Filters of the first layer"),
            paragraph(
                "What the network looks for first. Strokes and edges are good; noise in most of "
                "them means too little data, too many filters or too short a training."
            ),
            tag("div", *(picture(uri, "", 36) for uri in item["pictures"]), class_="thumbs"),
        ]
    )
