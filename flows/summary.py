"""A few lines about what a workspace's last run found, read from its reports."""

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ninefold.errors import InputError
from ninefold.sealing import looks, read_ledger, sentence
from tasks.engine import StageInfo

WIDTH, SHOWN = 10, 4


def lines(workspace: Path, stages: Mapping[str, StageInfo]) -> Iterator[str]:
    """Yield the summary, line by line; what no stage wrote, or not as expected, is left out."""
    outs = {path.name: path for stage in stages.values() for path in stage.outs}
    names = {"evaluation.json", *(file for _, file, _ in READERS)}
    reports = {name: _content(outs[name]) for name in names & outs.keys()}
    for title, file, read in READERS:
        if text := _said(read, reports.get(file)):
            yield f"{title:<{WIDTH}} {text}"
    evaluation = reports.get("evaluation.json")
    if text := _said(functools.partial(_openings, stages), evaluation):
        yield f"{'test part':<{WIDTH}} {text}"
    for title, file in (("model", "model.onnx"), ("report", "report.html")):
        if file in outs and outs[file].is_file():
            yield f"{title:<{WIDTH}} {_short(outs[file], workspace)}"
    if "model.onnx" in outs and outs["model.onnx"].is_file():
        use = "sample" if _said(_task, evaluation) == "generation" else "predict"
        yield f"{'next':<{WIDTH}} ninefold report --open · ninefold serve · ninefold {use} …"


def _content(report: Path) -> Any:
    try:
        return json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _said(read: Callable[[Any], str], content: Any) -> str:
    """Return what `read` says of a report; "" where it is not there or not as expected."""
    try:
        return read(content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InputError, StopIteration):
        return ""


def _task(content: Any) -> str:
    return str(content["task"])


def _openings(stages: Mapping[str, StageInfo], content: Any) -> str:
    """Say how often the test part was opened."""
    sealed = content["test_set"]
    journal = next(stage.journal for stage in stages.values() if stage.journal)
    openings = looks(read_ledger(journal), sealed)
    return sentence(len(openings), sealed["metric"], sealed["standard_error"])


def _short(path: Path, workspace: Path) -> str:
    inside = path.is_relative_to(workspace.resolve())
    return str(path.relative_to(workspace.resolve()) if inside else path)


def _quality(content: Any) -> str:
    found = content["expectations"]
    failed = [item for item in found if not item["success"]]
    met = f"{len(found) - len(failed)} of {len(found)} expectations met"
    names = list(dict.fromkeys(", ".join(i["columns"]) or "whole table" for i in failed))
    about = f"; not: {'; '.join(names[:SHOWN])}{'; …' * (len(names) > SHOWN)}" if names else ""
    return _gate(content["verdict"], met + about)


def _split(content: Any) -> str:
    """Say how rows were divided, and what is odd about it."""
    rows = ", ".join(f"{part['rows']:,} {name}" for name, part in content["parts"].items())
    odd = content.get("warnings") or []
    more = f" (and {len(odd) - 1} more, see the report)" if len(odd) > 1 else ""
    return f"by {content['split']['kind']}: {rows}" + (f"; {odd[0]}{more}" if odd else "")


def _leakage(content: Any) -> str:
    counts = {
        severity: sum(item["severity"] == severity for item in content["findings"])
        for severity in ("block", "warn", "info")
    }
    text = ", ".join(f"{n} {severity}" for severity, n in counts.items() if n) or "no findings"
    return _gate(content["verdict"], text)


def _gate(verdict: str, text: str) -> str:
    return f"{verdict} ({text})"


def _verdict(content: Any) -> str:
    verdict = content["verdict"]
    return f"deep learning: {verdict['answer']}. {verdict['sentence']}"


def _exported(content: Any) -> str:
    """Name the model in the file, and why it is that one."""
    is_network = content["model"] == "network"
    title = "the network" if is_network else f"{content['title']}, not the network"
    return f"{title}: {content['why']}"


def _metrics(content: Any) -> str:
    values = [(name, value) for name, value in _flat(content) if isinstance(value, (int, float))]
    return ", ".join(f"{name} {value:.4g}" for name, value in values[:6])


def _flat(content: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, Mapping):
        for name, value in content.items():
            yield from _flat(value, f"{prefix}.{name}" if prefix else str(name))
    else:
        yield prefix, content


READERS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("quality", "quality.json", _quality),
    ("split", "manifest.json", _split),
    ("leakage", "leakage.json", _leakage),
    ("verdict", "evaluation.json", _verdict),
    ("metrics", "metrics.json", _metrics),
    ("exported", "receipt.json", _exported),
)
"""Title, file name and reader of each line that comes from a report."""
