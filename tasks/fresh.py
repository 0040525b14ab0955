"""Fresh rows against the suite and the training reference, without training anything."""

import shutil
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from expectations.gate import gate
from ninefold import sequences
from ninefold.columns import Column, read_columns, to_frame, write_table
from ninefold.config import load_params
from ninefold.datasets import DatasetSpec
from ninefold.datasets.file import FileSpec
from ninefold.datasets.image_folder import ImageFolderSpec
from ninefold.datasets.long_table import LongTableSpec
from ninefold.datasets.pictures.spec import ImageFilesSpec
from ninefold.datasets.series.spec import LongSpec
from ninefold.datasets.tables.fresh import Unread, read_fresh, together
from ninefold.datasets.tables.source import Source
from ninefold.describing import described_names
from ninefold.errors import InputError
from ninefold.files import read_json, replacing, write_json
from ninefold.freshness import compare, too_few, without_values
from ninefold.freshness.page import render
from ninefold.quality_history import entry, remember
from tasks.stage_io import StageIO

FOLDER, DOCS = Path("reports/fresh"), Path("reports/fresh_docs")
SHOWN, NAMED = 5, 10
NEAR = 0.6
"""How alike a name must be to one that is gone, as a share of its letters."""
NEEDED = {"input", "time", "group"}
COUNTS = ("expectations", "passed", "blocked", "warned", "errors")
UNREAD = {"expectations": [], "counts": dict.fromkeys(COUNTS, 0), "suite": "", "rows": 0,
          "success": False, "verdict": "block"}  # fmt: skip
"""What is told of the suite where the rows could not be read."""


def check(workspace: Path, data: Path) -> dict[str, Any]:
    """Check fresh rows; write reports/fresh, Data Docs and a line of history.

    `data` is a file, or a folder, of the make that ingest reads.

    Returns the content of reports/fresh/quality.json: that of reports/quality.json, and `findings`,
    `comparison` with training and the `verdict` on all of it.

    Raises:
        InputError: the file cannot be read, or the workspace has not been run yet.
    """
    params = load_params(workspace, ("ingest", "validate"))
    trained = _trained(workspace)
    reference = read_json(StageIO(workspace, "explore").out("reference.json"))
    reference = without_values(reference, described_names(trained, params["validate"].mask))
    suite, history = _suite(workspace)
    spec = _of_the_same_make(params["ingest"], trained, data)
    opened = _opened(spec, workspace)
    findings: list[dict[str, Any]] = []
    comparison: list[dict[str, Any]] = []
    missing: list[str] = []
    unknown: list[str] = []
    try:
        source = spec.rows(opened) if isinstance(spec, LongSpec) else opened
        names = source.names
        missing = [c.name for c in trained if c.roles & NEEDED and c.name not in names]
        unknown = [n for n in names if n not in {*spec.drop, *(c.name for c in trained)}]
        for name in missing:
            findings.append(_finding("block", source.absent.get(name) or _gone(name, unknown)))
        findings += _added(unknown)
        findings += _left_out(source, hides=bool(params["validate"].mask))
        _check_channels(source, trained)
        table, columns, unread = read_fresh(source, spec, trained)
    except InputError as error:
        report = {**UNREAD, "findings": [*findings, _finding("block", str(error))]}
        shutil.rmtree(workspace / DOCS, ignore_errors=True)  # they told of other rows
    else:
        findings += _unread(unread, params["validate"].mask)
        if few := too_few(table.num_rows):
            findings.append(_finding("info" if table.num_rows else "warn", few))
        comparison = compare(reference, to_frame(table, columns))
        findings += _shifts(comparison, {c.name for c in columns if c.roles & NEEDED})
        with TemporaryDirectory() as folder:
            path = Path(folder) / "fresh.parquet"
            write_table(path, table, columns)
            known = _known(workspace)
            report = gate(
                path, suite, params["validate"], workspace / DOCS, trained, known, findings
            )
    report |= {
        "data": data.name,
        "comparison": comparison,
        "missing_columns": missing,
        "unknown_columns": unknown,
    }
    _write(workspace, report)
    if history is not None:
        remember(history, entry(report, data.name))
    return report


def _opened(spec: DatasetSpec, workspace: Path) -> Source:
    """Return what a file or folder holds; of a long table its steps. Raises `InputError`."""
    if isinstance(spec, LongSpec):
        return spec.steps(workspace)
    return spec.open_fresh(workspace) if isinstance(spec, ImageFolderSpec) else spec.open(workspace)


def _check_channels(source: Source, trained: Iterable[Column]) -> None:
    """Raise `InputError` for sequences of other channels than training had."""
    for column in trained:
        found = source.known.get(column.name)
        if column.kind != "sequence" or found is None or found.kind != "sequence":
            continue
        had, has = sequences.channels(column.format), sequences.channels(found.format)
        if had != has:
            raise InputError(
                f"column `{column.name}` must have the channels {', '.join(had)}, however: "
                f"{', '.join(has)}"
            )


def _of_the_same_make(ingest: DatasetSpec, trained: Iterable[Column], data: Path) -> DatasetSpec:
    """Return how to open fresh data: as ingest opens its own, where that are files of the user."""
    path = str(data.resolve())
    if "path" not in type(ingest).model_fields:
        return FileSpec(path=path, missing=ingest.missing)
    changes: dict[str, Any] = {"path": path, "sample_rows": None}
    if isinstance(ingest, LongTableSpec):
        ingest = ingest.as_read(trained)
    if isinstance(ingest, ImageFilesSpec):
        format = next((c.format for c in trained if c.kind == "image" and c.format), "rgb")
        changes |= {"channels": format.split()[0], "unreadable": "drop"}
    return ingest.model_copy(update=changes)


def _left_out(source: Source, *, hides: bool) -> list[dict[str, Any]]:
    """Say which files hold no whole image; `hides` where names may be what nobody is to see."""
    found = source.notes.get("unreadable") or {"count": 0}
    if not found["count"]:
        return []
    count, files = found["count"], found["files"]
    shown = "" if hides else f": {', '.join(files[:SHOWN])}" + ", …" * (len(files) > SHOWN)
    what = "1 file holds" if count == 1 else f"{count} files hold"
    return [_finding("warn", f"{what} no whole image{shown}")]


def _gone(name: str, unknown: Iterable[str]) -> str:
    """Say that a column is missing, and which one that training did not have may be it."""
    folded = {other.casefold(): other for other in unknown}
    near = get_close_matches(name.casefold(), folded, n=1, cutoff=NEAR)
    perhaps = f"; perhaps it is now called `{folded[near[0]]}`" if near else ""
    return f"column `{name}` is missing{perhaps}"


def _added(unknown: list[str]) -> list[dict[str, Any]]:
    """Say which columns came to what training had: no model reads them, so nothing is wrong."""
    if not unknown:
        return []
    listed = ", ".join(f"`{name}`" for name in unknown[:NAMED]) + ", …" * (len(unknown) > NAMED)
    one = len(unknown) == 1
    what = f"column {listed}" if one else f"{len(unknown)} columns"
    said = f"{what}, which training did not have, {'is' if one else 'are'} left aside"
    return [_finding("info", said if one else f"{said}: {listed}")]


def _unread(unread: Iterable[Unread], masked: Collection[str]) -> list[dict[str, Any]]:
    """Word the cells that are not what their column holds: a model cannot take them.

    Columns that are written in another way are told together, as their file is.
    """
    groups: dict[str, list[Unread]] = {}
    for item in unread:
        is_open = item.is_left_out and item.looks and item.column.name not in masked
        groups.setdefault(item.looks if is_open else f"`{item.column.name}`", []).append(item)
    found = []
    for items in groups.values():
        stops = any(item.column.roles & {*NEEDED, "target"} for item in items)
        one = items[0]
        said = together(items) if items[1:] else one.sentence(hides=one.column.name in masked)
        found.append(_finding("block" if stops else "warn", said))
    return found


def _finding(severity: str, message: str) -> dict[str, Any]:
    return {"severity": severity, "message": message}


def _shifts(comparison: Iterable[dict[str, Any]], needed: set[str]) -> list[dict[str, Any]]:
    """Word what moved: a column that is all missing blocks, a shift warns."""
    found = []
    for item in comparison:
        is_gone = item["what"] == "missing" and item["now"] == 1 and item["before"] < 0.5
        if item["column"] in needed and is_gone:
            found.append(_finding("block", item["message"]))
        elif item["shifted"]:
            found.append(_finding("warn", item["message"]))
    return found


def _trained(workspace: Path) -> tuple[Column, ...]:
    """Return the raw columns that training saw."""
    path = StageIO(workspace, "ingest").out("raw.parquet")
    if not path.is_file():
        raise InputError(f"{path.name} is missing: run `ninefold run` (or `dvc pull`) first")
    return read_columns(path)


def _suite(workspace: Path) -> tuple[Path, Path | None]:
    """Return the suite that the stage validate reads, and the history it keeps."""
    io = StageIO(workspace, "validate")
    suite = next(str(d) for d in io.declared["deps"] if str(d).startswith("expectations/"))
    history = (io.declared.get("meta") or {}).get("history")
    return io.dep(suite), workspace / str(history) if history else None


def _known(workspace: Path) -> list[dict[str, Any]]:
    """Return what the suite found in the training data, where that is still there."""
    path = StageIO(workspace, "validate").out("quality.json")
    return list(read_json(path)["expectations"]) if path.is_file() else []


def _write(workspace: Path, report: dict[str, Any]) -> None:
    folder = workspace / FOLDER
    write_json(folder / "quality.json", report)
    write_json(folder / "comparison.json", {"comparison": report["comparison"]})
    with replacing(folder / "index.html") as temporary:
        temporary.write_text(render(report), encoding="utf-8")
