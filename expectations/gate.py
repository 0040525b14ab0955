"""The data quality gate: runs a suite on the raw table, writes Data Docs, says what failed."""

import contextlib
import logging
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from expectations.allowance import allow
from expectations.changed import OF_KIND, checkable, told_once
from expectations.checking import results
from expectations.clues import clue
from expectations.suite import Rule, Suite, load_suite
from expectations.wording import sentence
from ninefold.columns import ROW, Column, read_columns
from ninefold.describing import described_columns, described_names, described_table
from ninefold.errors import GateError
from ninefold.files import jsonable
from ninefold.quality import ValidateSpec

MASKED = "•••"
PLAIN = ("column", "column_A", "column_B", "column_list", "kind", "mostly", "ignore", "target",
         "within")  # fmt: skip
"""Arguments that hold no value of a column."""
SHOWN = 5


def gate(
    raw_path: Path,
    suite_path: Path,
    spec: ValidateSpec,
    docs_dir: Path,
    trained: tuple[Column, ...] | None = None,
    training: Sequence[Mapping[str, Any]] = (),
    findings: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Check a table against a suite, write Data Docs and return reports/quality.json.

    Nothing stops here: see `stop`, which is called once everything is written.

    Args:
        trained: for fresh rows, the columns the suite was written for. Rules on a column that the
            rows lack, and on what only a training table must be, are left out.
        training: the expectations of the report on the training data, some of which they break.
        findings: what else was found of the rows; the verdict is on all of it.

    Raises:
        ConfigError: the suite has mistakes.
    """
    stored = read_columns(raw_path)
    columns = described_columns(stored)
    hidden = described_names(stored, spec.mask)
    spec = spec.model_copy(update={"mask": tuple(sorted(hidden))})
    trained = None if trained is None else described_columns(trained)
    with _quiet():
        suite = load_suite(suite_path, trained or columns)
        if trained is not None:
            suite = suite.fitting([c.name for c in columns], [c.name for c in trained])
        suite, left = checkable(suite, {column.name: column.kind for column in columns})
        names = [column.name for column in columns]
        table = _read(raw_path, suite, stored)
        found = results(suite, table, names, spec.max_rows)
        if trained is not None:
            allow(suite, found, training)
        suite, found = told_once(suite, found)
        report = _report(suite, raw_path, columns, found, spec)
        _tell_clues(report, suite, table)
        _tell_unchecked(report, left)
        report["suite_path"] = f"{suite_path.parent.name}/{suite_path.name}"
        verdict = worst([*report["expectations"], *findings])
        report |= {"success": verdict != "block", "verdict": verdict, "findings": [*findings]}
        from expectations.data_docs import write_data_docs

        write_data_docs(docs_dir, suite, report, found, spec.mask)
    return report


def _tell_clues(report: dict[str, Any], suite: Suite, table: Any) -> None:
    """Say what the values that break a rule may be, where they show it and may be shown."""
    for rule, item in zip(suite.rules, report["expectations"], strict=True):
        is_told = item["status"] == "fail" and not item.get("masked")
        if is_told and (said := clue(rule, table)):
            item["clue"] = said


def _tell_unchecked(report: dict[str, Any], left: Mapping[str, int]) -> None:
    """Say beside a column's kind how many of its rules were left out since it is another."""
    for item in report["expectations"]:
        count = left.get(item["columns"][0], 0) if item["type"] == OF_KIND else 0
        if count and not item["error"]:
            rules = "its other rule was" if count == 1 else f"its {count} other rules were"
            item["observed"] = f"{item['observed']}; {rules} not checked"


def stop(report: dict[str, Any], docs: str = "reports/data_docs/index.html") -> None:
    """Raise `GateError` (exit code 3) if a report's verdict is block."""
    if report["verdict"] != "block":
        return
    failed = [item for item in report["expectations"] if _blocks(item)]
    lines = [f"  {sentence(item)}" for item in failed[:SHOWN]]
    if len(failed) > SHOWN:
        lines.append(f"  … and {len(failed) - SHOWN} more")
    raise GateError(
        f"data quality gate: {len(failed)} of {len(report['expectations'])} expectations block\n"
        + "\n".join(lines)
        + f"\nLook at {docs}; correct the data, or edit the suite {report['suite_path']} "
        "(severity: warn lets a rule pass)"
    )


def worst(found: Iterable[Mapping[str, Any]]) -> str:
    """Return the verdict on expectations and findings: block, warn or pass."""
    severities = {item["severity"] for item in found if not item.get("success")}
    return next((severity for severity in ("block", "warn") if severity in severities), "pass")


def _blocks(item: dict[str, Any]) -> bool:
    return item["severity"] == "block" and not item["success"]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the warnings and log lines of third parties from the user's terminal."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logger.setLevel(level)


def _read(path: Path, suite: Suite, columns: tuple[Column, ...]) -> Any:
    """Return a DataFrame of `ROW` and the columns that the suite needs, tensors described."""
    import pyarrow.parquet as pq

    names = suite.reads([column.name for column in described_columns(columns)])
    wanted = {
        column.name
        for column in columns
        if {new.name for new in described_columns((column,))} & set(names)
    }
    table = pq.read_table(path, columns=[ROW, *(c.name for c in columns if c.name in wanted)])
    table = described_table(table, columns).select([ROW, *names])
    return table.to_pandas(split_blocks=True, self_destruct=True)


def _report(
    suite: Suite, path: Path, columns: tuple[Column, ...], found: list[Any], spec: ValidateSpec
) -> dict[str, Any]:
    import pyarrow.parquet as pq

    ids = [column.name for column in columns if "id" in column.roles]
    items = [
        _item(rule, result, path, ids, spec)
        for rule, result in zip(suite.rules, found, strict=True)
    ]
    blocked = sum(_blocks(item) for item in items)
    warned = sum(not item["success"] for item in items) - blocked
    counts = {
        "expectations": len(items),
        "passed": len(items) - blocked - warned,
        "blocked": blocked,
        "warned": warned,
        "errors": sum(item["error"] is not None for item in items),
    }
    content = {
        "suite": suite.name,
        "rows": pq.read_metadata(path).num_rows,
        "counts": counts,
        "expectations": items,
    }
    return dict(jsonable(content))


def _item(
    rule: Rule, result: Any, path: Path, ids: list[str], spec: ValidateSpec
) -> dict[str, Any]:
    """Return one entry of quality.json: no ids or times, only what the data says."""
    found = dict(result.result or {})
    is_masked = is_about(rule.columns, spec.mask)
    is_kind = rule.type == OF_KIND
    error = _error(result)
    if error and is_masked:
        error = "its message is masked, since it may hold values"
    observed = found.get("observed_value")
    columns = list(rule.columns or ())
    kwargs = masked_arguments(rule.kwargs) if is_masked else dict(rule.kwargs)
    hides = kwargs != dict(rule.kwargs)
    is_listed = not result.success and not error
    rows = _failing_rows(found, path, [*ids, *columns], spec) if is_listed else []
    return {
        "type": rule.type,
        "columns": columns,
        **({"masked": True} if is_masked else {}),
        "severity": rule.severity,
        "because": MASKED if hides and rule.because else rule.because,
        "success": bool(result.success),
        "status": "error" if error else "pass" if result.success else "fail",
        "error": error,
        "kwargs": kwargs,
        "observed": MASKED if is_masked and not is_kind and observed is not None else observed,
        "element_count": found.get("element_count"),
        "missing_count": found.get("missing_count"),
        "unexpected_count": found.get("unexpected_count"),
        "unexpected_percent": found.get("unexpected_percent"),
        "rows": rows,
    }


def is_about(columns: Iterable[str] | None, mask: Collection[str]) -> bool:
    """Tell whether a rule reads a column whose values are masked."""
    return bool(set(columns or ()) & set(mask))


def masked_arguments(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a rule with all that may be values of its column masked."""
    return {key: value if key in PLAIN else MASKED for key, value in kwargs.items()}


def _error(result: Any) -> str | None:
    """Return why an expectation could not be checked at all, if so."""
    info = result.exception_info or {}
    infos = [info] if "raised_exception" in info else list(info.values())
    for item in infos:
        if isinstance(item, dict) and item.get("raised_exception"):
            return " ".join(str(item.get("exception_message")).split())[:300]
    return None


def _failing_rows(
    found: dict[str, Any], path: Path, names: list[str], spec: ValidateSpec
) -> list[dict[str, Any]]:
    """List failing rows by position, with their values as they stand in the table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    listed = sorted(set(found.get("partial_unexpected_index_list") or []))[: spec.max_rows]
    if not listed:
        return []
    columns = read_columns(path)
    told = {new.name: old for old in columns for new in described_columns((old,))}
    shown = [name for name in dict.fromkeys(names) if name in told]
    needed = tuple(dict.fromkeys(told[name] for name in shown))
    table = pq.read_table(path, columns=[ROW, *(column.name for column in needed)])
    table = described_table(table.take(pa.array(listed, pa.int64())), needed)
    rows = table.select([ROW, *shown]).to_pylist()
    return [
        {
            "row": row.pop(ROW),
            "values": {
                name: MASKED if {name, told[name].name} & {*spec.mask} else _shown(value)
                for name, value in row.items()
            },
        }
        for row in rows
    ]


def _shown(value: Any) -> Any:
    """Spell out infinities, which JSON does not know."""
    is_infinite = isinstance(value, float) and value in (float("inf"), float("-inf"))
    return str(value) if is_infinite else value
