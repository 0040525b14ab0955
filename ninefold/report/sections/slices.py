"""Where the model is better or worse than on the whole."""

from itertools import groupby

from ninefold.report.charts.intervals import Row, forest
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
    table,
)
from ninefold.report.section import Section

MAX_COLUMNS = 6


class Slices(Section):
    """The reported metric level by level, with intervals."""

    title = "Slices"
    order = 100
    sources = ("evaluation",)

    def render(self, evidence: Evidence) -> Html:
        found, metric = evidence.evaluation, evidence.metric
        slices = [s for s in found.get("slices") or [] if s["column"] not in evidence.masked]
        if not slices:
            return paragraph("No column has few enough levels to be reported one by one.")
        overall = found["test"][metric]["value"]
        pictures = []
        for column, group in groupby(slices, key=lambda item: item["column"]):
            rows = [
                Row(
                    str(item["level"]),
                    item["value"],
                    item["low"],
                    item["high"],
                    _css(item["is_worse"], item["is_small"]),
                    f"{item['rows']:,}",
                )
                for item in group
            ]
            reference = (overall, "all rows") if overall is not None else None
            title = f"{metric} by {column}"
            picture = forest(title, rows, metric, reference=reference)
            pictures.append(figure(picture, join([code(column), " (rows in small print)"])))
        return join(
            [
                _summary(evidence),
                grid(pictures[:MAX_COLUMNS]),
                details("More columns", grid(pictures[MAX_COLUMNS:]))
                if len(pictures) > MAX_COLUMNS
                else "",
                details("The numbers", _numbers(evidence)),
            ]
        )


def _css(is_worse: bool, is_small: bool) -> str:
    return "worse" if is_worse else "other" if is_small else "network"


def _summary(evidence: Evidence) -> Html:
    slices = evidence.evaluation["slices"]
    worse = [item for item in slices if item["is_worse"]]
    small = sum(item["is_small"] for item in slices)
    note = f" Grey: fewer rows than evaluate.min_slice_rows ({small} slices)." if small else ""
    if not worse:
        return paragraph(
            f"None of {count(len(slices), 'slice')} is clearly worse than the whole.", note
        )
    names = join((code(f"{item['column']} = {item['level']}") for item in worse), ", ")
    said = count(len(worse), "slice is", "slices are")
    many = f"; of {len(slices)} slices a few look so by chance." if len(slices) > 10 else "."
    return callout("warn", f"{said} clearly worse than the whole: ", names, many, note)


def _numbers(evidence: Evidence) -> Html:
    body = [
        (
            item["column"],
            item["level"],
            f"{item['rows']:,}",
            number(item["value"]) if item["value"] is not None else item.get("reason", "–"),
            number(item["low"]),
            number(item["high"]),
        )
        for item in evidence.evaluation["slices"]
    ]
    return table(("column", "level", "rows", evidence.metric, "from", "to"), body, (2, 3, 4, 5))
