"""What a Prefect run shows of a stage: links to its pages and tables of its key figures."""

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from prefect.artifacts import create_link_artifact, create_table_artifact

from tasks.engine import StageInfo

Rows = list[dict[str, Any]]
ROWS_SHOWN = 50
log = logging.getLogger("ninefold.flow")


def publish(stage: StageInfo) -> None:
    """Publish the pages and tables among a stage's outputs; outputs that are missing are left out.

    An artifact that Prefect does not take is logged and costs nothing else.
    """
    for path in stage.outs:
        try:
            for page in pages(path):
                create_link_artifact(
                    link=page.as_uri(),
                    link_text=page.name if page.parent != path else path.name,
                    key=key(stage.name, page.stem if page == path else path.name),
                    description=f"{stage.description or stage.name}: {page}",
                )
            if path.name == "quality.json" and path.is_file():
                _publish_failing_rows(stage, path)
            if path.name in TABLES and path.is_file():
                rows = TABLES[path.name](json.loads(path.read_text(encoding="utf-8")))
                create_table_artifact(
                    rows[:ROWS_SHOWN],
                    key=key(stage.name, path.stem),
                    description=f"{stage.description or stage.name}: {path}",
                )
        except Exception as error:
            log.debug("artifact of %s: %s", path, error)


def _publish_failing_rows(stage: StageInfo, path: Path) -> None:
    """Publish the failing rows with their values, as masked as the report has them."""
    rows = list(failing_rows(json.loads(path.read_text(encoding="utf-8"))))
    docs = next((page for out in stage.outs for page in pages(out)), path)
    if rows:
        create_table_artifact(
            rows[:ROWS_SHOWN],
            key=key(stage.name, "failing-rows"),
            description=f"Failing rows and their values, by rule. All of it: {docs.as_uri()}",
        )


def failing_rows(content: Any) -> Iterator[dict[str, Any]]:
    """Yield the failing rows of a reports/quality.json, blocking rules first."""
    failed = [item for item in content["expectations"] if not item["success"]]
    for item in sorted(failed, key=lambda item: item["severity"] != "block"):
        for row in item["rows"]:
            yield {
                "expectation": item["type"],
                "severity": item["severity"],
                "row": row["row"],
                "values": ", ".join(f"{name}: {value}" for name, value in row["values"].items()),
                "because": item["because"],
            }


def key(*words: str) -> str:
    """Return an artifact key: lower-case letters, digits and dashes, no word twice."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(dict.fromkeys(words)).lower()).strip("-")


def pages(path: Path) -> Iterator[Path]:
    """Yield the HTML page that an output is, or the start page of the site that it holds."""
    if path.suffix == ".html" and path.is_file():
        yield path
    elif path.is_dir():
        yield from sorted(path.rglob("index.html"), key=lambda page: len(page.parts))[:1]


def _metrics(content: Any) -> Rows:
    """Return a row per metric with a column for each part and baseline."""
    found = dict(_measured(content))
    names = dict.fromkeys(name for values in found.values() for name in values)
    return [
        {"metric": name, **{who: _rounded(values.get(name)) for who, values in found.items()}}
        for name in names
    ]


def _measured(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield who was measured, as `test` or `baseline.linear`, and what was found."""
    if flat := {name: v for name, v in content.items() if not isinstance(v, Mapping)}:
        yield prefix or "value", flat
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _measured(value, f"{prefix}.{name}" if prefix else name)


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _quality(content: Any) -> Rows:
    found = [
        {"met": False, "severity": item["severity"], "because": item["message"]}
        for item in content.get("findings", ())
    ]
    return found + [
        {
            "met": item.get("success"),
            "severity": item.get("severity"),
            "expectation": str(item.get("type")).removeprefix("expect_"),
            "columns": _names(item.get("columns") or item.get("column")),
            "unexpected": item.get("unexpected_count"),
            "because": item.get("because"),
        }
        for item in sorted(content["expectations"], key=lambda item: bool(item.get("success")))
    ]


def _leakage(content: Any) -> Rows:
    return [
        {
            "severity": item.get("severity"),
            "finding": item.get("kind"),
            "columns": _names(item.get("columns")),
            "rows": len(item.get("rows") or ()),
            "message": item.get("message"),
            "remedy": item.get("remedy"),
            "accepted because": (item.get("ignored") or {}).get("reason", ""),
        }
        for item in content["findings"]
    ] or [{"finding": "none", "verdict": content.get("verdict")}]


def _comparison(content: Any) -> Rows:
    return [
        {
            "column": item["column"],
            "what": item["what"],
            "shifted": item["shifted"],
            "size": item["size"],
            "q": item["q"],
            "message": item["message"] if item["shifted"] else "like training",
        }
        for item in content["comparison"]
    ] or [{"column": "none", "message": "nothing could be compared"}]


def _monitored(content: Any) -> Rows:
    return [
        {
            "severity": item["severity"],
            "part": item["part"],
            "column": item["column"],
            "what": item["what"],
            "size": _rounded(item["size"]),
            "q": _rounded(item["q"]),
            "message": item["message"],
        }
        for item in content["comparison"]
    ] or [{"column": "none", "message": "nothing could be compared"}]


def _tuning(content: Any) -> Rows:
    """Return a row per trial, the winner first."""
    metric = content["metric"]["name"]
    ranked = sorted(content["trials"], key=lambda trial: trial["number"] != content["winner"])
    return [
        {
            "trial": trial["number"],
            "state": "winner" if trial["number"] == content["winner"] else trial["state"],
            metric: _rounded(trial["value"]),
            **{name: _rounded(value) for name, value in trial["cost"].items()},
            **{name: _rounded(value) for name, value in trial["params"].items()},
            "why it ended": trial["reason"],
        }
        for trial in ranked
    ]


def _names(columns: object) -> str:
    if isinstance(columns, Sequence) and not isinstance(columns, str):
        return ", ".join(map(str, columns))
    return str(columns or "")


TABLES: Mapping[str, Callable[[Any], Rows]] = {
    "metrics.json": _metrics,
    "quality.json": _quality,
    "leakage.json": _leakage,
    "comparison.json": _comparison,
    "monitor.json": _monitored,
    "tuning.json": _tuning,
}
"""File name of a report -> its key figures as rows."""
