"""Mistakes in the arguments of a rule, as Ninefold words them: place, rule, value."""

from collections.abc import Mapping
from typing import Any

RULES = {
    "type_error.enum": "one of {enum_values}",
    "type_error.float": "a number",
    "type_error.integer": "a whole number",
    "type_error.list": "a list",
    "type_error.str": "text",
    "value_error.const": "one of {permitted}",
    "value_error.missing": "given",
    "value_error.number.not_ge": ">= {limit_value}",
    "value_error.number.not_gt": "> {limit_value}",
    "value_error.number.not_le": "<= {limit_value}",
    "value_error.number.not_lt": "< {limit_value}",
}
"""What an argument must be, by the name that pydantic 1, which Great Expectations uses, has for
the mistake."""


def mistake(error: Mapping[str, Any], kwargs: Mapping[str, Any]) -> str:
    """Word one of the `errors()` of pydantic 1 that the arguments `kwargs` of a rule raised."""
    steps = [str(step) for step in error["loc"] if step != "__root__"]
    rule = RULES.get(error["type"])
    if rule is None or not steps:
        return " ".join(f"{'.'.join(steps)} {error['msg']}".split())
    must = rule.format(**{key: _listed(value) for key, value in error.get("ctx", {}).items()})
    value = f", however: {kwargs[steps[0]]!r}" if steps[0] in kwargs else ""
    return f"`{'.'.join(steps)}` must be {must}{value}"


def _listed(value: Any) -> str:
    """Word what pydantic says a limit is: a number or a list of choices."""
    if isinstance(value, int | float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
