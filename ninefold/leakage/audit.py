"""Run every check, apply what people chose to ignore, and come to a verdict."""

from dataclasses import replace
from typing import Annotated, Any

import numpy as np
from pydantic import Field, StringConstraints

from ninefold.columns import Array, Frame, is_missing
from ninefold.config import ColumnName, Spec, nearest
from ninefold.describing import described
from ninefold.errors import ConfigError, GateError
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.channels import told_of
from ninefold.leakage.inflation import inflations
from ninefold.leakage.merging import merged
from ninefold.problem import ProblemSpec
from ninefold.registry import components

LARGEST = 1e50
"""Size of a number whose square can still be squared."""
ORDER = ("block", "warn", "info")
COMPARED, TELLS = ("anomaly", "clustering", "embedding"), ("target", "missing")
"""Tasks whose target is only compared with, and families that ask what tells it even so: what was
made from it is found again, and the comparison praises it."""
MOST_LABELS = 20
"""Different numbers that may be labels."""


class IgnoreSpec(Spec):
    """A finding that people looked into and accept; it stays in the report."""

    finding: str
    """Its kind, such as target.copy."""
    columns: tuple[ColumnName, ...] = ()
    """Only findings on these columns; none: on any."""
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    """Why it is no leak; stands in the report."""


class AuditSpec(Spec):
    """The leakage gate."""

    ignore: tuple[IgnoreSpec, ...] = ()
    """Findings that do not count, each with a reason."""
    seed: int = Field(0, ge=0)
    """Decides the shuffles that findings are held against."""


def audit(
    features: Frame, part: Array, problem: ProblemSpec, spec: AuditSpec, split_kind: str
) -> dict[str, Any]:
    """Return `{"verdict", "findings", "checked"}`, worst findings first.

    Args:
        features: every row of `features.parquet`.
        part: `(N,)` of "train", "valid", "test" or "" (not in use).
        problem: target, time, group, identifiers.
        spec: what to ignore.
        split_kind: the plain kind of split whose promises the parts make: `split.like` of the
            manifest.

    Raises:
        ConfigError: `spec` ignores a finding that no check reports.
    """
    every = [check() for check in components("ninefold.leakage", Check)]
    _check_ignored(spec, [kind for check in every for kind in check.kinds])
    once = {kind for check in every if not check.needs_target for kind in check.kinds}
    found: list[dict[str, Any]] = []
    seen: set[tuple[str, ...]] = set()
    asked: list[Check] = []
    rounds = [(problem, target, part, every) for target in problem.targets or ("",)]
    if (learnt := _as_learnt(problem, features)) is not None:
        told = [check for check in every if check.needs_target and check.family in TELLS]
        known = np.where(_without_target(features, learnt), "", part)
        rounds.append((learnt, learnt.target, known, told))
    for of, target, parts, checks in rounds:
        case, checks = _asked(features, parts, of, target, (split_kind, spec.seed), checks)
        new = [check for check in checks if check not in asked or _is_of_target(check)]
        items = [
            item if of is problem else _doubted(item)
            for item in merged(item for check in new for item in check.findings(case))
            if item.kind not in once or (item.kind, *item.columns) not in seen
        ]
        seen |= {(item.kind, *item.columns) for item in items}
        about = {"target": target} if problem.also else {}
        found += [
            _ignored(told_of(item, features.columns).to_json() | {"inflation": by, **about}, spec)
            for item, by in zip(items, inflations(case, items), strict=True)
        ]
        asked += [check for check in new if check not in asked]
    found.sort(key=lambda item: (ORDER.index(item["severity"]), item["kind"], item["columns"]))
    severities = {item["severity"] for item in found}
    verdict = "block" if "block" in severities else "warn" if "warn" in severities else "pass"
    asked = [check for check in every if check in asked]
    checked = {
        "rows": len(case),
        "features": len(case.features),
        "families": list(dict.fromkeys(check.family for check in asked)),
        "kinds": [kind for check in asked for kind in check.kinds],
        "unused": _unused(spec, found),
    }
    return {"verdict": verdict, "findings": found, "checked": checked}


def _as_learnt(problem: ProblemSpec, features: Frame) -> ProblemSpec | None:
    """Return the problem as if labels that are only compared with were learnt, if it has such."""
    if problem.task not in COMPARED or not problem.target:
        return None
    is_number = features.column(problem.target).kind == "number"
    if is_number and len(np.unique(features[problem.target])) > MOST_LABELS:
        return None
    return problem.model_copy(update={"task": "classification"})


def _doubted(item: Finding) -> Finding:
    """Return a finding on labels that are only compared with: no model learns them, none blocks."""
    return replace(item, severity="warn") if item.severity == "block" else item


def _is_of_target(check: Check) -> bool:
    """Tell whether a check has more to say of a second target."""
    return check.needs_target or "shift.target" in check.kinds


def _asked(
    features: Frame,
    part: Array,
    problem: ProblemSpec,
    target: str,
    settings: tuple[str, int],
    checks: list[Check],
) -> tuple[Case, list[Check]]:
    """Return the case of one target, the others left out, and the checks that can be asked."""
    others = {*problem.targets} - {target}
    problem = problem.alone(target)
    features = features.select([c.name for c in features.columns if c.name not in others])
    used = part != ""
    has_target = problem.learns_target and _varies(features[problem.target][used])
    checks = [check for check in checks if has_target or not check.needs_target]
    tensors = {
        column.name: features[column.name][used]
        for column in features.columns
        if column.is_tensor and "input" in column.roles
    }
    table = _bounded(described(features), problem.target)
    unlabelled = table.take(_without_target(table, problem))
    case = Case(
        table.take(used),
        part[used],
        problem,
        *settings,
        unlabelled,
        tensors,
        {name: features.column(name).format for name in tensors},
    )
    return case, checks


def _varies(values: Array) -> bool:
    """Tell whether there is anything to tell: a target of one value says nothing of leaks."""
    return len(values) > 0 and bool((values != values[0]).any())


def _bounded(frame: Frame, target: str) -> Frame:
    """Return the frame with numbers that statistics can be computed of.

    Others than `LARGEST` allows, infinite ones too, count as missing, or are cut in the target:
    their squares overflow, and nobody measured them.
    """
    changed = {}
    for column in frame.columns:
        values = frame[column.name]
        if column.kind != "number" or values.dtype.kind != "f":
            continue
        size = np.abs(values)
        if (size > LARGEST).any():
            cut = np.clip(values, -LARGEST, LARGEST) if column.name == target else np.nan
            changed[column.name] = np.where(size > LARGEST, cut, values)
        if ((size < 1 / LARGEST) & (size > 0)).any():
            known = changed.get(column.name, values)
            changed[column.name] = np.where(size < 1 / LARGEST, 0.0, known)
    return replace(frame, data={**frame.data, **changed}) if changed else frame


def stop_on_block(report: dict[str, Any]) -> None:
    """Raise `GateError` if the verdict is block: what leaks, and what to change."""
    if report["verdict"] != "block":
        return
    lines = [
        f"  {item['kind']}: {item['message']}\n    {item['remedy']}"
        for item in report["findings"]
        if item["severity"] == "block"
    ]
    count = f"{len(lines)} finding{'s' * (len(lines) > 1)}"
    raise GateError(
        f"the leakage gate stopped the run: {count} without an honest reading "
        "(reports/leakage.json has all)\n" + "\n".join(lines)
    )


def _without_target(features: Frame, problem: ProblemSpec) -> Array:
    """Return the mask `(N,)` of the rows that have no target."""
    if not problem.learns_target:
        return np.zeros(len(features), dtype=bool)
    column = features.column(problem.target)
    return is_missing(column.kind, features[column.name])


def _check_ignored(spec: AuditSpec, kinds: list[str]) -> None:
    for number, item in enumerate(spec.ignore):
        if item.finding not in kinds:
            raise ConfigError(
                f"params.yaml: audit.ignore.{number}.finding must be a kind of finding, however: "
                f"{item.finding!r}{nearest(item.finding, kinds)}"
            )


def _is_about(item: IgnoreSpec, finding: dict[str, Any]) -> bool:
    is_there = not item.columns or set(item.columns) >= set(finding["columns"])
    return item.finding == finding["kind"] and is_there


def _unused(spec: AuditSpec, found: list[dict[str, Any]]) -> list[str]:
    """Say which overrides fit no finding: a column misspelt, or a leak that has gone."""
    return [
        f"audit.ignore.{number} ({item.finding}"
        + (f" on {', '.join(f'`{name}`' for name in item.columns)}" if item.columns else "")
        + ") fits no finding"
        for number, item in enumerate(spec.ignore)
        if not any(_is_about(item, finding) for finding in found)
    ]


def _ignored(finding: dict[str, Any], spec: AuditSpec) -> dict[str, Any]:
    """Turn a finding that people accept into an info that says so."""
    for item in spec.ignore:
        if _is_about(item, finding):
            ignored = {"severity": finding["severity"], "reason": item.reason}
            return {**finding, "severity": "info", "ignored": ignored}
    return finding
