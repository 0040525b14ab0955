"""A model in use, looked at from its workspace: reports/monitor and a line of history."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ninefold.config import load_params
from ninefold.files import replacing, write_json
from ninefold.monitoring.judged import Judged
from ninefold.monitoring.page import render
from ninefold.monitoring.watch import watch
from ninefold.production import in_use
from ninefold.quality_history import remember

FOLDER = Path("reports/monitor")
REPORT = "monitor.json"
HISTORY, PICTURE = Path("monitor_history.jsonl"), Path(".ninefold/monitor_history.svg")
JUDGED = Path(".ninefold/monitored.json")
LISTED = 12


def look(
    workspace: Path,
    inputs: Sequence[Path],
    model: Path | None = None,
    labels: Path | None = None,
    key: str | None = None,
    follow: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Compare rows that the model predicted with training; see `ninefold.monitoring.watch`.

    Paths are relative to the workspace.

    Args:
        model: by default the one in use.
        follow: is given the published report; each file is looked at once then, and counts as
            judged after that.

    Raises:
        InputError: a model without a reference, or a source that cannot be read.
        NothingNewError: all files were judged before.
    """

    def followed(report: dict[str, Any]) -> None:
        publish(workspace, report)
        if follow is not None:
            follow(report)

    params = load_params(workspace, ("validate", "monitor"))
    return watch(
        workspace / (model or in_use(workspace)),
        [workspace / path for path in inputs],
        params["monitor"],
        workspace / labels if labels is not None else None,
        key,
        params["validate"].mask,
        Judged(workspace / JUDGED) if follow is not None else None,
        followed,
    )


def publish(workspace: Path, report: Mapping[str, Any]) -> None:
    """Write reports/monitor, and remember the verdict."""
    folder = workspace / FOLDER
    write_json(folder / REPORT, report)
    with replacing(folder / "index.html") as temporary:
        temporary.write_text(render(report), encoding="utf-8")
    found = [item for item in report["comparison"] if item["severity"] != "pass"]
    severities = [item["severity"] for item in report["findings"]]
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": report["data"],
        "version": report["model"]["version"],
        "rows": report["rows"],
        "verdict": report["verdict"],
        "expectations": len(report["comparison"]) + bool(report["performance"]),
        "blocked": severities.count("block"),
        "warned": severities.count("warn"),
        "failed": [f"{item['what']} {item['column']}" for item in found][:LISTED],
    }
    remember(workspace / HISTORY, line, PICTURE)


def lines(report: Mapping[str, Any]) -> list[str]:
    """Return what was found as people read it, worst first."""
    said = [
        f"{report['model']['name']} {report['model']['version']} on {report['data']}: "
        f"{report['verdict']} ({report['rows']:,} rows, {len(report['comparison'])} comparisons)"
    ]
    said += [f"  {i['severity']}: {i['message']}" for i in report["findings"][:LISTED]]
    if len(report["findings"]) > LISTED:
        said.append(f"  … and {len(report['findings']) - LISTED} more")
    if report["aside"]:
        said.append(
            f"  {report['aside']:,} recorded rows were answered by another version and are left "
            "aside: --model names its file, or `registry` for what is in production"
        )
    if not report["is_judged"]:
        said.append(f"  fewer than {report['min_rows']} rows: nothing is judged")
    if (found := report["performance"]) and found["severity"] == "pass":
        said.append(f"  {found['message']}")
    return [*said, f"Look at {FOLDER.as_posix()}/index.html"]
