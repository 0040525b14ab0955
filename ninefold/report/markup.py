"""Small pieces of HTML; whatever comes from data is escaped here and nowhere else."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Literal

Tone = Literal["good", "warn", "bad", "plain"]
BACKTICKS = re.compile("`([^`\n]+)`")
MARKS: dict[Tone, str] = {"good": "✓", "warn": "!", "bad": "✕", "plain": "·"}


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def html(value: object) -> Html:
    """Escape anything but `Html`; control characters, which HTML forbids, become `�`."""
    if isinstance(value, Html):
        return value
    text = "".join(c if c >= " " or c in "\n\t" else "�" for c in str(value))
    return Html(escape(text.encode("utf-8", "replace").decode("utf-8")))


def prose(text: object) -> Html:
    """Escape a sentence and set what stands in backticks as code."""
    return Html(BACKTICKS.sub(r"<code>\1</code>", html(text)))


def join(parts: Iterable[object], separator: str = "") -> Html:
    """Join pieces, escaping what is not markup."""
    return Html(separator.join(html(part) for part in parts))


def tag(name: str, *content: object, **attributes: object) -> Html:
    """Return `<name …>content</name>`; attribute `class_` is `class`, None is left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{given}>{join(content)}</{name}>")


def paragraph(*content: object) -> Html:
    """Return one paragraph."""
    return tag("p", *content)


def badge(text: object, tone: Tone) -> Html:
    """Return a coloured word; a mark stands before it, so that colour is not needed."""
    mark = tag("span", MARKS[tone], aria_hidden="true")
    return tag("span", mark, " ", text, class_=f"badge {tone}")


def callout(tone: Tone, *content: object) -> Html:
    """Return a box that stands out."""
    return tag("div", *content, class_=f"callout {tone}")


def card(title: object, value: object, note: object = "", tone: Tone = "plain") -> Html:
    """Return a number (or word) with what it is."""
    return tag(
        "div",
        tag("div", title, class_="card-title"),
        tag("div", value, class_="card-value"),
        tag("div", note, class_="card-note") if note else "",
        class_=f"card {tone}",
    )


def cards(*items: Html) -> Html:
    """Return cards side by side."""
    return tag("div", *items, class_="cards")


def figure(picture: Html, caption: object = "") -> Html:
    """Return a picture with a caption."""
    return tag("figure", tag("figcaption", caption) if caption else "", picture)


def grid(pictures: Iterable[Html], small: bool = False) -> Html:
    """Return pictures side by side, as many as fit."""
    return tag("div", *pictures, class_="grid small" if small else "grid")


def table(
    header: Sequence[object], rows: Iterable[Sequence[object]], numbers: Sequence[int] = ()
) -> Html:
    """Return a table; columns at the positions `numbers` are set flush right."""

    def cells(name: str, row: Sequence[object]) -> Html:
        return tag(
            "tr",
            *(tag(name, c, class_="number" if i in numbers else None) for i, c in enumerate(row)),
        )

    body = tag("tbody", *(cells("td", row) for row in rows))
    content = tag("table", tag("thead", cells("th", header)), body)
    return tag("div", content, class_="scroll")


def details(summary: object, *content: object) -> Html:
    """Return content that is folded away; in print it is open."""
    return Html(tag("details", tag("summary", summary), *content))


def bullets(items: Iterable[object]) -> Html:
    """Return a list."""
    return tag("ul", *(tag("li", item) for item in items))


def code(text: object) -> Html:
    """Return text in a fixed-width font."""
    return tag("code", text)


def number(value: Any, digits: int = 4) -> str:
    """Word a number for reading: `0.6908`, `29,164`, `1.2e−07`; `–` where there is none."""
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        return "–" if value is None else str(value)
    if value != value or value in (float("inf"), float("-inf")):
        return "–"
    if float(value).is_integer() and abs(value) < 1e15:
        text = f"{int(value):,}" if abs(value) >= 10_000 else str(int(value))
    elif not 1e-4 <= abs(value) < 1e9:
        text = f"{value:.2g}"
    elif abs(value) >= 10_000:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"
    return text.replace("-", "−")


def percent(share: float) -> str:
    """Word a share: `12 %`, `0.4 %`, `< 0.1 %`; never 0 or 100 unless it is exactly that."""
    value = share * 100
    if 0 < value < 0.1:
        return "< 0.1 %"
    if 99.9 < value < 100:
        return "> 99.9 %"
    is_round = 10 <= value < 99.5 or value == int(value)
    return f"{value:.0f} %" if is_round else f"{value:.1f} %"


def interval(estimate: Any, digits: int = 4) -> str:
    """Word an estimate's interval; "" where there is none."""
    low, high = estimate.get("low"), estimate.get("high")
    if low is None or high is None:
        return ""
    return f"{number(low, digits)} to {number(high, digits)}"


def count(amount: int, noun: str, plural: str | None = None) -> str:
    """Word an amount: `1 row`, `1,200 rows`."""
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"
