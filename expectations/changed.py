"""Columns that hold something else than their rules were written for: text instead of numbers."""

from collections.abc import Mapping

from expectations.suite import Rule, Suite
from ninefold.columns import Kind

OF_KIND = "expect_column_to_be_of_kind"
ALIKE = {"category": "text"}


def checkable(suite: Suite, kinds: Mapping[str, Kind]) -> tuple[Suite, dict[str, int]]:
    """Return the rules that can be checked on columns of these kinds, and how many cannot.

    Where a column is not of the kind that a rule asks for, its other rules would only say so again,
    each in its own way; they go, unless they block and that rule does not. Counts stand by column.
    """
    changed = {
        rule.columns[0]: rule.severity
        for rule in suite.rules
        if rule.type == OF_KIND and rule.columns and not _holds(rule, kinds[rule.columns[0]])
    }
    kept: list[Rule] = []
    left = dict.fromkeys(changed, 0)
    for rule in suite.rules:
        causes = {*(rule.columns or ())} & {*changed} if rule.type != OF_KIND else set()
        if any(changed[name] in (rule.severity, "block") for name in causes):
            left |= {name: left[name] + 1 for name in causes}
        else:
            kept.append(rule)
    return Suite(suite.name, tuple(kept)), left


def _holds(rule: Rule, found: Kind) -> bool:
    wanted = str(rule.kwargs["kind"])
    return ALIKE.get(wanted, wanted) == ALIKE.get(found, found)
