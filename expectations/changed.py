"""Rules that would only say again what another says."""

from collections.abc import Mapping, Sequence
from typing import Any

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


def told_once(suite: Suite, found: Sequence[Any]) -> tuple[Suite, list[Any]]:
    """Return the rules, and what was found of each, without those that warn of a part of what the
    same rule on fewer values stops at: labels of which most are foreign are foreign.
    """
    pairs = list(zip(suite.rules, found, strict=True))
    stops = [_asked(r) for r, result in pairs if r.severity == "block" and not result.success]
    kept = [(r, f) for r, f in pairs if r.severity == "block" or _asked(r) not in stops]
    return Suite(suite.name, tuple(r for r, _ in kept)), [f for _, f in kept]


def _asked(rule: Rule) -> tuple[str, dict[str, Any]]:
    """Return what a rule asks for, of however many values."""
    return rule.type, {key: value for key, value in rule.kwargs.items() if key != "mostly"}


def _holds(rule: Rule, found: Kind) -> bool:
    wanted = str(rule.kwargs["kind"])
    return ALIKE.get(wanted, wanted) == ALIKE.get(found, found)
