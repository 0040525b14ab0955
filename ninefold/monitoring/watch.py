"""Looks at rows that a model predicted, and says what is unlike training, or wrong."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ninefold.errors import InputError
from ninefold.head import Head
from ninefold.monitoring import MonitorSpec
from ninefold.monitoring.batches import RECORDED, Seen, Wanted, look, masked_of
from ninefold.monitoring.comparing import SEVERITIES, compare
from ninefold.monitoring.counting import Counter
from ninefold.monitoring.judged import Judged, NothingNewError
from ninefold.monitoring.labels import Labelled, coded, labels_of
from ninefold.monitoring.performance import performance
from ninefold.monitoring.reference import Reference
from ninefold.progress import progress
from ninefold.scoring.inputs import Item, expand
from ninefold.scoring.score import kinds_of, opened, proved_model
from ninefold.scoring.spec import ScoreSpec
from ninefold.serving.model import Model
from ninefold.serving.rows import Rows


def watch(
    model_path: Path,
    inputs: Sequence[Path],
    spec: MonitorSpec,
    labels: Path | None = None,
    key: str | None = None,
    masked: Collection[str] = (),
    judged_before: Judged | None = None,
    follow: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Return what reports/monitor/monitor.json holds.

    Args:
        inputs: tables, or folders of them or of what a server recorded.
        labels: a table with a column named as the target; without it, labels are taken from the
            sources where all of them have that column.
        key: column that joins the labels; by default the rows stand in order.
        masked: columns of which no value is shown.
        judged_before: files of folders that are compared no more; labels still join them.
        follow: is given the report before its files count as judged, so that a kill loses none.

    Raises:
        InputError: a model without a reference, or a source that cannot be read.
        NothingNewError: all files were judged before, and no labels are given.
    """
    model, rows = proved_model(model_path)
    reference = Reference.of(model)
    items = expand(inputs, rows.takes_pictures, (*kinds_of(rows), RECORDED))
    is_old = {
        item.path: judged_before is not None
        and item.path not in inputs
        and judged_before.has(item, model.sha256)
        for item in items
    }
    every, new = items, [item for item in items if not is_old[item.path]]
    if labels is None:
        items = new
    if not items:
        said = f"no file of {', '.join(map(str, inputs))} is new"
        raise NothingNewError(said, model.version)
    counter = Counter(reference, rows.signature, masked_of(items))
    wanted = _wanted(items, rows, reference, labels, key)
    seen = Seen()
    before = replace(seen)  # its labelled rows stand among those of `seen`, in order
    for item in progress(items, "monitor", unit="file"):
        look(model, rows, item, counter, before if is_old[item.path] else seen, wanted)
    report = judged(
        model,
        reference,
        spec,
        seen.counts,
        [item.path.name for item in new or items],
        reference.masked | frozenset(masked),
        {"failed": seen.failed, "aside": seen.aside, "flagged": seen.flagged},
        _performance(reference, rows, spec, seen.with_rows_of(before), wanted, labels),
    )
    if follow is not None:
        follow(report)
    if judged_before is not None and report["is_judged"]:
        judged_before.keep(every, model.sha256)
    return report


def judged(
    model: Model,
    reference: Reference,
    spec: MonitorSpec,
    counts: Mapping[str, Any],
    names: Sequence[str],
    masked: Collection[str],
    facts: Mapping[str, Any],
    measured: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the report on what was counted: comparison, findings and the verdict on them."""
    assert model.signature is not None
    outside = facts["flagged"].get("out_of_range", {})
    comparison = compare(reference, model.signature, counts, spec, outside) if counts else []
    comparison = [_told(item, _is_of(item, masked)) for item in comparison]
    rows, failed = int(counts.get("rows", 0)), int(facts["failed"])
    findings = [
        {"severity": item["severity"], "message": item["message"]}
        for item in [*comparison, *([measured] if measured else []), _unread(rows, failed, spec)]
        if item["severity"] != "pass"
    ]
    found = {item["severity"] for item in findings}
    return {
        "data": ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else ""),
        "model": {"name": model.name, "version": model.version, "sha256": model.sha256},
        "rows": rows,
        "reference_rows": reference.rows,
        "is_judged": rows + failed >= spec.min_rows,
        "min_rows": spec.min_rows,
        "verdict": next(name for name in SEVERITIES if name in found | {"pass"}),
        "findings": sorted(findings, key=lambda item: SEVERITIES.index(item["severity"])),
        "comparison": comparison,
        "performance": measured,
        **facts,
    }


def _unread(rows: int, failed: int, spec: MonitorSpec) -> dict[str, Any]:
    """Judge how many rows have no prediction: each of them misses an input that can be read."""
    share = failed / max(rows + failed, 1)
    said = f"{failed:,} of {rows + failed:,} rows hold a cell that cannot be read"
    limits = (("block", spec.missing_block), ("warn", spec.missing_warn))
    passed = [name for name, limit in limits if limit is not None and share >= limit]
    is_judged = failed > 0 and rows + failed >= spec.min_rows
    return {"severity": passed[0] if passed and is_judged else "pass", "message": said}


def _is_of(item: Mapping[str, Any], names: Collection[str]) -> bool:
    return item["part"] == "input" and str(item["column"]).split(": ")[0] in names


def _told(item: Mapping[str, Any], is_masked: bool) -> dict[str, Any]:
    """Return a comparison with what moved most; of a masked column how far, none of its values."""
    told = {key: value for key, value in item.items() if key != "moved"}
    if is_masked:
        return {**told, "levels": [], "edges": []}
    return {**told, "message": item["message"] + item.get("moved", "")}


def _wanted(
    items: Sequence[Item], rows: Rows, reference: Reference, labels: Path | None, key: str | None
) -> Wanted:
    if reference.head is None:
        if labels is not None:
            raise InputError("--labels must go with a model that predicts a target")
        return Wanted()
    targets = reference.head.target.names
    if labels is not None:
        return Wanted(True, key)
    if key is not None:
        raise InputError("--id must go with --labels: it is the column that joins them")
    tables = [item for item in items if item.path.suffix != RECORDED]
    has = [set(targets) <= set(opened(item.path, rows, ScoreSpec())[0].names) for item in tables]
    is_labelled = len(tables) == len(items) and bool(items) and all(has)
    return Wanted(True, None, targets) if is_labelled else Wanted()


def _performance(
    reference: Reference,
    rows: Rows,
    spec: MonitorSpec,
    seen: Seen,
    wanted: Wanted,
    labels: Path | None,
) -> dict[str, Any] | None:
    if reference.head is None or not wanted.predictions or not seen.predictions:
        return None
    found = _labelled(reference.head, rows, seen, wanted, labels)
    prediction = np.concatenate(seen.predictions)
    if reference.head.target.task == "regression" and not reference.head.each:
        prediction = prediction.ravel()
    measured = performance(reference, found.y, prediction[found.rows], spec)
    if measured is None:
        return None
    if found.remarks:
        measured["message"] = "; ".join([measured["message"], *found.remarks])
        if measured["severity"] == "pass" and spec.performance != "never":
            measured["severity"] = "warn"
    told = {"without_label": found.without, "unknown_labels": found.unknown}
    about = {"unknown_are": f"no {found.rule}", "labels_apart": found.apart}
    return {**measured, **told, **about}


def _labelled(head: Head, rows: Rows, seen: Seen, wanted: Wanted, labels: Path | None) -> Labelled:
    tokens = rows.signature.missing_tokens
    if labels is None:
        own = [seen.labels[name] for name in wanted.labels]
        return coded(own, np.arange(sum(map(len, own[0]))), head, tokens)
    if wanted.key is None and seen.failed:
        raise InputError(
            f"rows must all have a prediction to be joined in order, however: {seen.failed} have "
            "none. Join labels by a column with --id"
        )
    ids = seen.ids if wanted.key is not None else seen.rows
    return labels_of(labels, head, tokens, wanted.key, ids)
