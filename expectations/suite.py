"""A suite: expectations by Great Expectations' own names, with severity and reason, in YAML.

name: flights
expectations:
  - type: expect_column_values_to_be_between
    column: month
    min_value: 1
    max_value: 12
    severity: block
    because: there are twelve months
"""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from expectations.absent import NoColumnError, worded
from expectations.arguments import mistake
from expectations.expressions import names_in
from ninefold.columns import ROW, Column, Kind
from ninefold.config import read_yaml
from ninefold.errors import ConfigError, nearest
from ninefold.registry import modules

Severity = Literal["block", "warn"]
COLUMN_KEYS = ("column", "column_A", "column_B", "column_list")
"""Arguments that name columns, which must be there; `expect_column_to_exist` asks for it itself."""
ABOUT_TRAINING = (
    "expect_column_class_rows_to_be_at_least",
    "expect_column_class_share_to_be_at_least",
    "expect_table_columns_to_match_ordered_list",
    "expect_table_columns_to_match_set",
    "expect_table_condition_number_to_be_at_most",
    "expect_table_row_count_to_be_between",
    "expect_table_row_count_to_equal",
    "expect_table_to_be_large_enough",
    "expect_table_variance_inflation_to_be_at_most",
)
"""Rules on a table to learn from, which fewer, fresh rows may break without being wrong."""
OWN_KEYS = ("type", "severity", "because")
ASKS_FOR_COLUMNS = (
    "expect_column_to_exist",
    "expect_table_column_count_to_be_between",
    "expect_table_column_count_to_equal",
    "expect_table_columns_to_match_set",
    "expect_table_columns_to_match_ordered_list",
)
"""Rules on which columns there are, whatever they hold."""
INTERNAL_KEYS = (
    "batch_id",
    "catch_exceptions",
    "description",
    "id",
    "meta",
    "notes",
    "rendered_content",
    "severity",
    "windows",
)
"""Arguments that the gate sets itself."""


@dataclass(frozen=True)
class Rule:
    """One expectation of a suite; `columns` are those it reads, None for the whole table."""

    type: str
    kwargs: Mapping[str, Any]
    severity: Severity
    because: str
    columns: tuple[str, ...] | None
    expectation: Any

    @property
    def spared(self) -> float:
        """The share of values, or of a table's rows, that may break it."""
        if self.type.endswith("_share_to_be_at_most"):
            return float(self.kwargs["max_value"])
        return 1 - float(self.kwargs.get("mostly", 1))

    def copy(self) -> Any:
        """Return the expectation, as one that belongs to no suite yet."""
        return self.expectation.copy(update={"id": None})


@dataclass(frozen=True)
class Suite:
    """A named list of rules."""

    name: str
    rules: tuple[Rule, ...]

    def fitting(self, columns: Collection[str], trained: Collection[str]) -> "Suite":
        """Return the rules by which fresh rows with some of the `trained` columns can be judged.

        A rule on whole rows says nothing of rows that lack a cell.
        """
        known = {*columns}
        kept = [
            rule
            for rule in self.rules
            if rule.type not in ABOUT_TRAINING
            and {*(trained if rule.columns is None else rule.columns)}
            <= known | {*rule.kwargs.get("ignore", [])}
        ]
        return Suite(self.name, tuple(kept))

    def reads(self, columns: Collection[str]) -> list[str]:
        """Return the columns that have to be read to check the suite, in the table's order."""
        if any(rule.columns is None for rule in self.rules):
            return list(columns)
        wanted = {name for rule in self.rules for name in rule.columns or ()}
        return [name for name in columns if name in wanted]


def load_suite(path: Path, columns: tuple[Column, ...]) -> Suite:
    """Read and check a suite against the columns there are.

    Raises:
        ConfigError: one line per mistake: unknown expectation, argument or column, wrong value.
    """
    content = read_yaml(path)
    place = f"{path.parent.name}/{path.name}"
    for key in content:
        if key not in ("name", "expectations"):
            raise ConfigError(
                f"{place}: unknown key `{key}`{nearest(key, ['name', 'expectations'])}"
            )
    items = content.get("expectations")
    if not isinstance(items, list):
        raise ConfigError(f"{place}: `expectations` must be a list, however: {items!r}")
    kinds = {column.name: column.kind for column in columns}
    rules: list[Rule] = []
    mistakes: dict[int, ConfigError] = {}
    for position, item in enumerate(items, start=1):
        try:
            rules.append(_rule(item, position, kinds))
        except ConfigError as error:
            mistakes[position] = error
    if mistakes:
        known = {name for rule in rules for name in rule.columns or ()}
        raise ConfigError("\n".join(worded(mistakes, place, {*kinds} - known)))
    return Suite(str(content.get("name", path.stem)), tuple(rules))


def implementations() -> dict[str, Any]:
    """Return every expectation by its type: Great Expectations' own and those in `custom/`."""
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

    list(modules("expectations.custom"))
    return {
        name: get_expectation_impl(name) for name in list_registered_expectation_implementations()
    }


def _rule(item: Any, position: int, kinds: Mapping[str, Kind]) -> Rule:
    if not isinstance(item, dict) or not isinstance(item.get("type"), str):
        raise ConfigError(f"must be a mapping with a `type`, however: {item!r}")
    known, type_ = implementations(), item["type"]
    if type_ not in known:
        raise ConfigError(f"no expectation `{type_}`{nearest(type_, known)}")
    severity, because = item.get("severity", "block"), item.get("because", "")
    if severity not in get_args(Severity):
        raise ConfigError(f"`severity` must be block or warn, however: {severity!r}")
    kwargs = {key: value for key, value in item.items() if key not in OWN_KEYS}
    _check_keys(type_, kwargs, known[type_])
    columns = _columns(type_, kwargs, kinds)
    if "expression" in kwargs and "column_list" in known[type_].__fields__:
        kwargs["column_list"] = _at_least_two(columns or ())
    typed = {key: _typed(value, columns, kinds) for key, value in kwargs.items()}
    made = _instance(type_, typed, severity, str(because), position)
    kwargs = {key: value for key, value in item.items() if key not in OWN_KEYS}
    return Rule(type_, kwargs, severity, str(because), columns, made)


def _description(implementation: Any, kwargs: Mapping[str, Any]) -> str | None:
    """Word an expectation of our own for Data Docs; the others word themselves."""
    if not implementation.__module__.startswith("expectations.custom."):
        return None
    name = implementation.__module__.rpartition(".")[2].replace("_", " ")
    shown = {k: v for k, v in kwargs.items() if k not in ("column", "column_list")}
    said = ", ".join(str(v) if k == "expression" else f"{k} {v}" for k, v in shown.items())
    return f"{name}: {said}" if said else name


def _at_least_two(columns: tuple[str, ...]) -> list[str]:
    """Great Expectations wants two columns for a rule on rows; a row's position does no harm."""
    return [*columns, ROW] if len(columns) < 2 else list(columns)


def _check_keys(type_: str, kwargs: Mapping[str, Any], implementation: Any) -> None:
    fields = [key for key in implementation.__fields__ if key not in INTERNAL_KEYS]
    for key in kwargs:
        if key not in fields:
            raise ConfigError(f"{type_} has no argument `{key}`{nearest(key, fields)}")


def _columns(
    type_: str, kwargs: Mapping[str, Any], kinds: Mapping[str, Kind]
) -> tuple[str, ...] | None:
    """Return the columns an expectation reads. Raises `ConfigError` for one that is not there."""
    if type_ in ASKS_FOR_COLUMNS:
        return ()
    named: list[Any] = []
    for name in [*kwargs.get("ignore", []), *[kwargs[k] for k in ("target",) if k in kwargs]]:
        if name not in kinds:
            raise NoColumnError(str(name), type_, kinds)
    for key in COLUMN_KEYS:
        value = kwargs.get(key, [])
        named += value if isinstance(value, list) else [value]
    if "expression" in kwargs:
        named += names_in(str(kwargs["expression"]))
    for name in named:
        if name not in kinds:
            raise NoColumnError(str(name), type_, kinds)
    condition = kwargs.get("row_condition")
    if condition is not None:
        named += [name for name in kinds if name in str(condition)]
    reads_all = not named and type_ != "expect_table_row_count_to_be_between"
    return None if reads_all else tuple(dict.fromkeys(named))


def _typed(value: Any, columns: tuple[str, ...] | None, kinds: Mapping[str, Kind]) -> Any:
    """Turn dates, written out in YAML, into what a datetime column is compared with."""
    import pandas as pd

    is_date = bool(columns) and kinds.get(str((columns or ("",))[0])) == "datetime"
    if isinstance(value, (datetime.date, datetime.datetime)):
        return pd.Timestamp(value).tz_localize(None)
    if is_date and isinstance(value, str) and value[:4].isdigit():
        try:
            return pd.Timestamp(value)
        except ValueError:
            raise ConfigError(f"{value!r} must be a date such as 2013-01-31") from None
    return value


def _instance(
    type_: str, kwargs: Mapping[str, Any], severity: str, because: str, position: int
) -> Any:
    from great_expectations.compatibility.pydantic import ValidationError

    levels = {"block": "critical", "warn": "warning"}
    implementation = implementations()[type_]
    try:
        made = implementation(
            **kwargs,
            severity=levels[severity],
            notes=because or None,
            description=_description(implementation, kwargs),
            meta={"position": position - 1},
        )
        low, high = kwargs.get("min_value"), kwargs.get("max_value")
        if low is not None and high is not None and low > high:
            raise ValueError(f"`min_value` must be <= `max_value`, however: {low} > {high}")
        return made
    except ValidationError as error:
        raise ConfigError(f"{type_}: {mistake(error.errors()[0], kwargs)}") from None
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{type_}: {' '.join(str(error).split())}") from None
