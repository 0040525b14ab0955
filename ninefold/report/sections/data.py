"""What the data look like: size, missing values, a picture of every column."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.charts.bars import histogram, levels, shares
from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    card,
    cards,
    count,
    details,
    figure,
    grid,
    join,
    number,
    paragraph,
    percent,
    tag,
)
from ninefold.report.section import Section

MAX_BARS = 15
MAX_LEVELS = 6
BEYOND = 0.5
"""Farther beyond the axis of a picture than this, in widths of it, and its end is said."""


class Data(Section):
    """Profile of the raw table."""

    title = "The data"
    order = 20
    sources = ("profile",)

    def render(self, evidence: Evidence) -> Html:
        profile, most = evidence.profile, evidence.spec.max_columns
        columns = profile["columns"]
        pictures = [_picture(column) for column in columns]
        kinds = ", ".join(f"{amount} {kind}" for kind, amount in profile["kinds"].items())
        cells = profile["rows"] * len(columns)
        missing = percent(profile["missing"] / cells) if cells else "none"
        repeated = profile.get("duplicates", 0)
        rest = pictures[most:]
        said = (
            "All rows of the table are counted here, those of the sealed test part among them: it "
            "says what came in, and nothing is fitted or chosen by it. What the train rows alone "
            "tell of the target stands under relations."
        )
        return join(
            [
                paragraph(said),
                cards(
                    card("Rows", f"{profile['rows']:,}"),
                    card("Columns", f"{len(columns):,}", kinds),
                    card("Missing cells", missing, f"{profile['missing']:,} cells"),
                    card("Repeated rows", f"{repeated:,}", tone="warn" if repeated else "plain"),
                    *_steps(profile.get("series")),
                ),
                _missing(columns),
                tag("h3", "Every column"),
                paragraph(
                    "Bars of numbers and dates end where half a per cent of the values lies "
                    "beyond; those are counted in the outer bars."
                ),
                grid(pictures[:most], small=True),
                details(f"{count(len(rest), 'more column')}", grid(rest, small=True))
                if rest
                else "",
            ]
        )


def _steps(series: Mapping[str, Any] | None) -> list[Html]:
    """Return the card of a long table: its steps, and what had to be done about them."""
    if series is None:
        return []
    done = {"out_of_order": "put in order", "repeated": "left out, their time is another's",
            "put_in": "put in without values where time jumps"}  # fmt: skip
    said = [f"{series[key]:,} {what}" for key, what in done.items() if series.get(key)]
    whose = f"{series['entities']:,} series" if series["entities"] > 1 else "one series"
    return [card("Steps", f"{series['steps']:,}", "; ".join([f"of {whose}", *said]))]


def _missing(columns: list[Mapping[str, Any]]) -> Html:
    gaps = sorted((c for c in columns if c["missing"]), key=lambda c: -c["missing"])
    if not gaps:
        return tag("p", "No value is missing.")
    rows = [(c["name"], c["missing"] / c["rows"], percent(c["missing"] / c["rows"])) for c in gaps]
    said = f"Missing values in {count(len(gaps), 'column')}"
    more = f", the {MAX_BARS} worst" if len(gaps) > MAX_BARS else ""
    return join([tag("h3", "Missing values"), figure(shares(said, rows[:MAX_BARS]), said + more)])


def _picture(column: Mapping[str, Any]) -> Html:
    name, kind = column["name"], column["kind"]
    what, bars = _told(column)
    name += what
    if bars and bars["counts"]:
        low, *_, high = bars.get("ends", bars["edges"])
        ends = (_end(low), _end(high))
        picture = histogram(f"Distribution of {name}", bars["counts"], ends)
    elif column.get("top"):
        counted = [(item["value"], item["count"]) for item in column["top"][:MAX_LEVELS]]
        known = column["rows"] - column["missing"]
        rest = known - sum(amount for _, amount in counted)
        others = max(column["distinct"] - len(counted), 1)
        if rest > 0:
            counted.append((f"{others:,} more", rest))
        picture = levels(f"Most frequent values of {name}", counted, known)
    else:
        said = "values are masked" if column["missing"] < column["rows"] else "no values"
        picture = tag("p", said, class_="soft")
    notes = [kind, *_roles(column)]
    if column["missing"]:
        notes.append(f"{percent(column['missing'] / column['rows'])} missing")
    if column.get("infinite"):
        notes.append(f"{column['infinite']:,} infinite")
    notes += _beyond(column, bars)
    return figure(picture, join([tag("b", name), Html("<br>"), " · ".join(notes)]))


def _beyond(column: Mapping[str, Any], bars: Any) -> list[str]:
    """Say how far values lie that the end bins hold, but which lie far beyond the axis."""
    if column["kind"] != "number" or not bars or "ends" not in bars:
        return []
    low, high = bars["ends"]
    room = BEYOND * (high - low)
    said = []
    if column.get("min", low) < low - room:
        said.append(f"values down to {_end(column['min'])}")
    if column.get("max", high) > high + room:
        said.append(f"values up to {_end(column['max'])}")
    return said


def _told(column: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the bars of a column; of one of pictures or sequences those of the first number told
    of each that varies, after its name.
    """
    told = column.get("told", {})
    for name, numbers in told.items():
        if len(numbers.get("histogram", {}).get("counts", ())) > 1:
            return f" {name}", numbers["histogram"]
    return "", column.get("histogram")


def _roles(column: Mapping[str, Any]) -> list[str]:
    names = {"after": "known only afterwards", "id": "identifier"}
    return [names.get(role, role) for role in column.get("roles", ()) if role != "input"]


def _end(value: Any) -> str:
    return value[:10] if isinstance(value, str) else number(value, 3)
