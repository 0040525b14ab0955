"""One finding a column: what several checks say of the same one is said once."""

from collections.abc import Iterable
from dataclasses import replace

from ninefold.leakage.case import Finding

MERGED = ("target", "missing", "id", "encoding")
"""Families whose findings on one column are about the same thing."""
SEVERITIES = ("block", "warn", "info")
STRONGEST = (
    "target.copy",
    "target.bands",
    "encoding.target",
    "encoding.summary",
    "missing.encodes_target",
    "target.determines",
    "target.nearly",
    "target.noisy",
    "encoding.forecast",
    "missing.tells_target",
    "target.one_sided",
    "id.predictive",
)
"""Kinds that say most, first."""


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings with one of these families left per column, the strongest.

    The kinds of the others stand in its evidence as `also`. Copies on both sides that a check has
    told for certain are not called copies of the source once more.
    """
    kept: list[Finding] = []
    by_column: dict[tuple[str, ...], list[Finding]] = {}
    every = list(findings)
    are_told = any(item.kind == "rows.duplicate" and item.severity != "info" for item in every)
    for item in every:
        if item.kind in ("rows.repeated", "rows.retold") and are_told:
            continue
        if item.kind.partition(".")[0] in MERGED and len(item.columns) == 1:
            by_column.setdefault(item.columns, []).append(item)
        else:
            kept.append(item)
    for group in by_column.values():
        first, *others = sorted(group, key=_strength)
        also = sorted({item.kind for item in others} - {first.kind})
        evidence = {**first.evidence, "also": also} if also else first.evidence
        kept.append(replace(first, evidence=evidence))
    return kept


def _strength(item: Finding) -> tuple[int, int, str]:
    place = STRONGEST.index(item.kind) if item.kind in STRONGEST else len(STRONGEST)
    return SEVERITIES.index(item.severity), place, item.kind
