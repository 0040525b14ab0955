"""The clusters: where they lie, how many there are and why, what sets each apart."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.charts.groups import groups, silhouettes
from ninefold.report.charts.lines import Curve, lines
from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    callout,
    code,
    count,
    details,
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


class Clusters(Section):
    """Map, choice of their number, silhouettes, sizes, profile."""

    title = "The clusters"
    order = 30
    sources = ("evaluation", "network")
    tasks = ("clustering",)

    def render(self, evidence: Evidence) -> Html:
        found, facts = _exported(evidence)
        names = [item["name"] for item in found["clusters"] if item["name"] != "noise"]
        pictures = [_map(found["map"], names), _silhouettes(found["silhouettes"])]
        if found["choice"]:
            pictures.append(_choice(found["choice"]))
        return join(
            [
                paragraph(_said(facts, found)),
                _structure(found["structure"]),
                _approximation(facts.get("approximation")),
                _refined(facts.get("refined")),
                grid(pictures),
                _sizes(found["clusters"]),
                tag("h3", "What sets each apart"),
                *(_profile(item, evidence) for item in found["profile"]),
            ]
        )


def _exported(evidence: Evidence) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return what evaluation and fitting say of the clusters in the file."""
    found, name = evidence.evaluation, evidence.receipt.get("model")
    if name == found.get("rival", {}).get("name", ""):
        entries = {e["name"]: e["facts"] for e in evidence.baselines.get("baselines", ())}
        return {**entries[name], **found["rival"]}, entries[name]
    return found, evidence.network["facts"]


def _said(facts: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    how = facts.get("algorithm_title", facts["algorithm"])
    said = f"{count(facts['k'], 'cluster')} by {how} in {count(facts['train_rows'], 'train row')}"
    choice = found["choice"]
    return f"{said}: {choice['why']}." if choice else f"{said}."


def _structure(found: Mapping[str, Any]) -> Html:
    values = f"silhouette {number(found['silhouette'], 3)}; with every column shuffled by itself "
    values += f"{number(found['shuffled'], 3)} on average and {number(found['most'], 3)} at most"
    if found["p"] <= 0.05:
        return callout("good", f"There is structure here: {values}.")
    return callout(
        "warn", f"Rows without any structure cluster as well (p = {found['p']:.2g}): {values}."
    )


def _approximation(found: Mapping[str, Any] | None) -> Html:
    if not found:
        return Html()
    return paragraph(
        "HDBSCAN itself says nothing of new rows; the exported file gives a row the cluster of the "
        f"nearest exemplar. {percent(found['agrees'])} of the train rows get the cluster HDBSCAN "
        "gave them."
    )


def _refined(found: Mapping[str, Any] | None) -> Html:
    if not found:
        return Html()
    before, after = (found["silhouette_of_features"][key] for key in ("before", "after"))
    return paragraph(
        f"Deep embedded clustering moved {percent(found['moved'])} of the train rows to another "
        f"cluster in {count(found['epochs'], 'pass', 'passes')}. It pulls rows together by "
        "construction, so silhouettes among the codes must rise; among the features themselves "
        f"that of the valid rows went from {number(before, 3)} to {number(after, 3)}. "
        "`unrefined` below is what it began from."
    )


def _map(found: Mapping[str, Any], names: list[str]) -> Html:
    first, second = ([*found["explained"], 0.0])[:2]
    points = [(x, y, int(group)) for x, y, group in found["points"]]
    picture = groups(
        "Train rows in the plane of their principal components", points, names,
        f"first principal component ({percent(first)} of the spread)",
        f"second ({percent(second)})",
    )  # fmt: skip
    return figure(picture, "Map: rows near each other are alike; other directions are not seen")


def _silhouettes(rows: list[Mapping[str, Any]]) -> Html:
    shown = [(item["name"], item["values"], item["mean"]) for item in rows]
    picture = silhouettes("Silhouettes by cluster", shown, "silhouette of test rows")
    return figure(picture, "Each row's silhouette: below 0 it lies nearer to another cluster")


def _choice(found: Mapping[str, Any]) -> Html:
    def curve(key: str, css: str) -> Curve:
        points = [(t["k"], t[key]) for t in found["tried"] if t[key] is not None]
        return Curve(key, points, css, has_dots=True)

    both = [curve("silhouette", "network"), curve("stability", "rival")]
    picture = lines(
        "Choice of the number of clusters", both, "number of clusters", "", y_range=(0.0, 1.0),
        marked_x=(float(found["k"]), f"taken: {found['k']}"),
    )  # fmt: skip
    return figure(picture, "Stability: do two samples of the rows give the same clusters?")


def _sizes(clusters: list[Mapping[str, Any]]) -> Html:
    parts = list(clusters[0]["rows"])
    body = [
        (item["name"], *(f"{item['rows'][p]:,} ({percent(item['shares'][p])})" for p in parts))
        for item in clusters
    ]
    return table(("cluster", *parts), body, range(1, len(parts) + 1))


def _profile(item: Mapping[str, Any], evidence: Evidence) -> Html:
    body = [
        (code(row["column"]), row["what"], number(row["here"], 3), number(row["overall"], 3),
         number(row["effect"], 2))
        for row in item["apart"]
        if row["column"] not in evidence.masked
    ]  # fmt: skip
    header = ("column", "", "here", "all rows", "difference")
    return details(f"Cluster {item['name']}", table(header, body, (2, 3, 4)))
