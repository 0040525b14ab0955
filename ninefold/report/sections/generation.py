"""Drawn rows beside real ones: a map, column by column, what is wrong, the first rows."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.charts.groups import groups
from ninefold.report.charts.lines import Curve, lines
from ninefold.report.charts.pairs import pairs
from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    bullets,
    callout,
    code,
    details,
    figure,
    grid,
    join,
    number,
    paragraph,
    table,
    tag,
)
from ninefold.report.section import Section
from ninefold.report.sections.pictures import picture


class GenerationSection(Section):
    """Map, distributions, diagnosis, loss of the critic, rows."""

    title = "Drawn rows"
    order = 30
    sources = ("evaluation", "network")
    tasks = ("generation",)

    def render(self, evidence: Evidence) -> Html:
        found, facts = evidence.evaluation, evidence.network["facts"]
        shown = [item for item in found["columns"] if item["column"] not in evidence.masked]
        return join(
            [
                paragraph(
                    f"A generator with {number(facts['parameters'])} parameters learnt from "
                    f"{facts['train_rows']:,} train rows; its rows are compared with the test rows."
                ),
                _left_out(found["left_out"]),
                _diagnosis(found["diagnosis"]),
                grid([_map(found["map"]), _critic(evidence)]),
                *(_pictures(part) for part in found.get("gallery", ())),
                *_columns(shown),
                details("The first drawn rows", _rows(found["first_rows"], evidence))
                if found["first_rows"]
                else "",
            ]
        )


def _columns(shown: list[Mapping[str, Any]]) -> list[Html]:
    if not shown:
        return []
    title = tag("h3", "Column by column, the farthest apart first")
    return [title, grid(_column(item) for item in shown)]


def _pictures(part: Mapping[str, Any]) -> Html:
    shown = tag("div", *(picture(uri, "") for uri in part["pictures"]), class_="thumbs")
    return join([tag("h3", part["title"]), shown])


def _left_out(names: list[str]) -> Html:
    if not names:
        return Html()
    listed = ", ".join(f"`{name}`" for name in names)
    return paragraph(
        f"Not drawn, since no feature tells them (constant, copies of another column, dates, "
        f"texts): {listed}."
    )


def _diagnosis(items: list[Mapping[str, str]]) -> Html:
    if not items:
        said = (
            "Neither mode collapse nor memorisation: all kinds of rows are there, none is copied."
        )
        return callout("good", said)
    return callout("warn", bullets(f"{i['what']}: {i['why']}. Try {i['change']}." for i in items))


def _map(points: list[list[float]]) -> Html:
    dots = [(x, y, int(group)) for x, y, group in points]
    if not dots:
        return Html()
    picture = groups(
        "Drawn and real rows", dots, ("test rows", "drawn rows"), "first principal component",
        "second",
    )  # fmt: skip
    return figure(picture, "In the plane of the train rows' principal components")


def _critic(evidence: Evidence) -> Html:
    if not evidence.history:
        return Html()
    curves = [
        Curve(name, [(row["epoch"], row[key]) for row in evidence.history], css)
        for key, name, css in (
            ("wasserstein", "distance the critic sees", "network"),
            ("slope", "its slope", "rival"),
        )
    ]
    picture = lines("The critic, step by step", curves, "step", "")
    return figure(picture, "The distance should fall and settle, the slope stay near 1")


def _column(item: Mapping[str, Any]) -> Html:
    title, bars = f"Distribution of {item['column']}", item["bars"]
    shares = list(zip(item["real"], item["drawn"], strict=True))
    if item["kind"] == "number":
        places = [float(start) for start in bars]
        curves = [
            Curve(name, list(zip(places, item[name], strict=True)), css, has_dots=True)
            for name, css in (("real", "network"), ("drawn", "rival"))
        ]
        highest = max(0.01, *(max(both) for both in shares))
        picture = lines(title, curves, "from", "share", y_range=(0.0, highest))
    else:
        rows = [(name, *both) for name, both in zip(bars, shares, strict=True)]
        picture = pairs(title, rows, ("real", "drawn"))
    return figure(picture, tag("b", item["column"], f" (distance {number(item['distance'], 2)})"))


def _rows(rows: list[Mapping[str, Any]], evidence: Evidence) -> Html:
    names = [name for name in (rows[0] if rows else {}) if name not in evidence.masked]
    return table([code(name) for name in names], [[row[name] for name in names] for row in rows])
