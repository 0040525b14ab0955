"""What earlier validations found: one line of JSON each, and a small picture of the last ones.

The history is no output of a stage: it outlives reruns, and what a stage computes never depends on
it. A line is appended whole, so that a killed process costs at most its own line; the oldest go
once there are more than `KEPT`.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from ninefold import journal
from ninefold.files import alone, replacing

KEPT, DRAWN, LISTED = 200, 40, 12
PICTURE = Path(".ninefold") / "quality_history.svg"
"""Where the picture lies in a workspace."""
FEW = 12
"""Fewer bars than these are drawn as wide as so many."""
BASE, LOW, HIGH = 88, 14, 70
"""Where bars stand, and how tall they are at least and at most."""
COLOURS = {"pass": "#18794e", "warn": "#d29400", "block": "#c4320a"}


def entry(report: Mapping[str, Any], data: str) -> dict[str, Any]:
    """Return what is remembered of a reports/quality.json: no cell of data.

    What else than rules was found counts as they do.
    """
    failed = [
        f"{item['type']} {', '.join(item['columns'])}".strip()
        for item in report["expectations"]
        if not item["success"]
    ]
    found = Counter(item["severity"] for item in report["findings"])
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": data,
        "rows": report["rows"],
        "verdict": report["verdict"],
        "expectations": report["counts"]["expectations"],
        "blocked": report["counts"]["blocked"] + found["block"],
        "warned": report["counts"]["warned"] + found["warn"],
        "failed": failed[:LISTED],
    }


def remember(path: Path, found: Mapping[str, Any], drawn: Path = PICTURE) -> None:
    """Append one line to the history and draw the picture anew, in `drawn` beside it."""
    with alone(path):
        journal.append(path, found)
        entries = read_history(path)
        if len(entries) > KEPT:
            with replacing(path) as temporary:
                text = "".join(json.dumps(e, ensure_ascii=False) + "\n" for e in entries[-KEPT:])
                temporary.write_text(text, encoding="utf-8")
        with replacing(path.parent / drawn) as temporary:
            temporary.write_text(picture(entries), encoding="utf-8")


def read_history(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a history, oldest first; damaged ones are left out."""
    return [content for content in journal.read(path) if content.get("verdict") in COLOURS]


def picture(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return an SVG of the last validations: colour says the verdict, height how much was found."""
    shown = list(entries)[-DRAWN:]
    width, height = 640, 112
    step = width / max(len(shown), FEW)
    most = max([_failed(item) for item in shown] + [1])
    bars = []
    for index, item in enumerate(shown):
        failed = _failed(item)
        tall = LOW + (HIGH - LOW) * failed / most
        hint = (
            f"{item.get('at', '')}: {item.get('data', '')}, {item.get('rows', 0):,} rows, "
            f"{item['verdict']}, {failed} found, {item.get('expectations', 0)} rules checked"
        )
        number = (
            f'<text x="{(index + 0.5) * step:.1f}" y="{BASE - tall - 4:.1f}" font-size="11" '
            f'fill="#808890" text-anchor="middle">{failed}</text>'
        )
        bars.append(
            f'<rect x="{index * step + 1:.1f}" y="{BASE - tall:.1f}" width="{step - 3:.1f}" '
            f'height="{tall:.1f}" rx="2" fill="{COLOURS[item["verdict"]]}">'
            f"<title>{escape(hint)}</title></rect>" + number * bool(failed)
        )
    ends = [str(item.get("at", ""))[:10] for item in (shown[:1] + shown[-1:])] or ["", ""]
    text = (
        f'<text x="{{x}}" y="{BASE + 18}" font-size="12" fill="#808890" '
        'text-anchor="{a}">{t}</text>'
    )
    labels = text.format(x=1, a="start", t=escape(ends[0]))
    if ends[0] != ends[-1]:
        place = len(shown) * step
        labels += text.format(x=f"{max(place, 150):.0f}", a="end", t=escape(ends[-1]))
    said = f"The last {len(shown)} validations, oldest first"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{said}" font-family="system-ui, sans-serif"><title>{said}</title>'
        f'<line x1="0" y1="{BASE + 0.5}" x2="{width}" y2="{BASE + 0.5}" stroke="#8884"/>'
        f"{''.join(bars)}"
        f"{labels}</svg>\n"
    )


def _failed(item: Mapping[str, Any]) -> int:
    return int(item.get("blocked", 0)) + int(item.get("warned", 0))
