"""What goes with what: the target with every column, and columns with each other."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.charts.bars import shares
from ninefold.report.charts.bins import bins
from ninefold.report.charts.matrix import associations
from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    code,
    count,
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

MAX_BARS, MAX_MATRIX = 15, 22


class Relations(Section):
    """Tests against the target, the target bin by bin, associations of all pairs."""

    title = "Relations"
    order = 22
    sources = ("exploration",)

    def render(self, evidence: Evidence) -> Html:
        found = evidence.exploration
        target, pairs = found.get("target"), found["associations"]
        return join(
            [
                paragraph(_looked_at(found)),
                *(_with_target(found, target) if target else ()),
                *(
                    part
                    for more in found.get("more_targets", ())
                    for part in _with_target(more, more["target"])
                ),
                tag("h3", "With each other"),
                _matrix(pairs, bool(target)),
                details(f"The {count(len(pairs['strongest']), 'strongest pair')}", _pairs(pairs)),
            ]
        )


def _with_target(found: Mapping[str, Any], target: Mapping[str, Any]) -> tuple[Html, ...]:
    title = tag("h3", f"With the target {target['name']}")
    return title, _tests(target), _shapes(found["shapes"], target)


def _looked_at(found: Mapping[str, Any]) -> str:
    looked = found["looked_at"]
    rows = "All" if looked["rows"] == found["rows"] else f"{looked['rows']:,} of the"
    said = f"{rows} {found['rows']:,} train rows and {count(looked['columns'], 'column')}"
    if looked["left_out"]:
        said += f" (the first ones; {looked['left_out']:,} more were left out)"
    if looked.get("related", looked["columns"]) < looked["columns"]:
        said += f" (with each other, and for gaps and outliers, the {looked['related']} that go "
        said += "with the target most)"
    return f"{said} were looked at; neither the valid nor the test part was read for this."


def _tests(target: Mapping[str, Any]) -> Html:
    tests = target["tests"]
    shown = [t for t in tests if t["q"] <= target["alpha"]][:MAX_BARS]
    said = (
        f"{target['significant']} of {count(len(tests), 'test')} against {target['name']} hold "
        f"after Benjamini and Hochberg's correction for their number (q ≤ {target['alpha']:g}). "
        "Rows that are not independent of each other make p-values too small: go by the effect, "
        "0 for none and 1 for all."
    )
    rows = [(_name(t), t["effect"], number(t["effect"], 2)) for t in shown]
    header = ("column", "of", "test", "effect", "p", "q", "rows")
    body = [
        (code(t["column"]), t["what"], t["test"], number(t["effect"], 3), number(t["p"], 2),
         number(t["q"], 2), f"{t['rows']:,}")
        for t in tests
    ]  # fmt: skip
    caption = "Strongest effects"
    return join(
        [
            paragraph(said),
            figure(shares(caption, rows, "data"), caption) if rows else "",
            details(f"All {count(len(tests), 'test')}", table(header, body, (3, 4, 5, 6))),
        ]
    )


def _name(test: Mapping[str, Any]) -> str:
    return f"{test['column']} missing" if test["what"] == "gaps" else str(test["column"])


def _shapes(shapes: list[Mapping[str, Any]], target: Mapping[str, Any]) -> Html:
    if not shapes:
        return Html()
    is_share = target["task"] == "classification"
    listed = [b for shape in shapes for b in shape["bins"]]
    ends = [b[end] for b in listed for end in ("low", "high") if b["rows"] >= 10]
    ends += [b["value"] for b in listed]
    limits = (min(ends, default=0.0), max(ends, default=1.0))
    pictures = [
        figure(
            bins(f"{target['what']} along {s['column']}", s["bins"], limits, is_share),
            tag("b", s["column"]),
        )
        for s in shapes
        if s["bins"]
    ]
    what = target["what"][:1].upper() + target["what"][1:]
    lead = paragraph(f"{what}, bin by bin, with 95 % intervals, all on one scale:")
    return join([lead, grid(pictures, small=True)])


def _matrix(pairs: Mapping[str, Any], has_target: bool) -> Html:
    names, values = pairs["columns"], pairs["matrix"]
    strongest = [max((v for j, v in enumerate(row) if j != i), default=0.0)
                 for i, row in enumerate(values)]  # fmt: skip
    first = [0] * has_target
    order = sorted(range(len(first), len(names)), key=lambda i: -strongest[i])
    kept = [*first, *sorted(order[: MAX_MATRIX - len(first)])]
    picture = associations(
        "Associations of all pairs", [names[i] for i in kept],
        [[values[i][j] for j in kept] for i in kept],
    )  # fmt: skip
    rest = len(names) - len(kept)
    more = f"; {rest} columns with weaker ties are not drawn" if rest > 0 else ""
    said = f"0 (pale) to 1 (dark){', the target first' * has_target}{more}"
    return join([tag("div", figure(picture, said), class_="wide"), paragraph(_measures(pairs))])


def _measures(pairs: Mapping[str, Any]) -> str:
    words = pairs["measures"]
    return (
        f"Numbers and dates by {words['spearman']}, categories by {words['cramer']}, one of each "
        f"by the {words['ratio']}; all run from 0 to 1."
    )


def _pairs(pairs: Mapping[str, Any]) -> Html:
    body = [
        (code(p["a"]), code(p["b"]), number(p["value"], 3), pairs["measures"][p["measure"]],
         number(p.get("signed"), 3), number(p.get("pearson"), 3))
        for p in pairs["strongest"]
    ]  # fmt: skip
    return table(("", "", "strength", "measure", "signed", "Pearson"), body, (2, 4, 5))
