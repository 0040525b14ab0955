"""Drafts a suite from a table, for a person to edit; the table it was drafted from passes it."""

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import NAT, Array, Column, to_array
from ninefold.problem import ProblemSpec

if TYPE_CHECKING:
    import pyarrow as pa

MAX_LEVELS = 30
MANY_ROWS_PER_LEVEL = 10
MARGIN = 0.5
"""How far beyond the range seen a number may lie, in widths of that range, before it warns."""
HEAD = """\
# Drafted from the data; edit it: you know what good data means, the data only know what they are.
# `severity: block` stops a run with exit code 3, `warn` tells. `type` is any expectation of Great
# Expectations (https://greatexpectations.io/expectations) or of expectations/custom, such as
#   - {type: expect_rows_to_satisfy, expression: missing(a) or a <= b, severity: block, because: …}
"""


def draft(table: "pa.Table", columns: tuple[Column, ...], problem: ProblemSpec) -> str:
    """Return the YAML text of a suite that the table meets, with the evidence as reasons.

    What always held and must hold for the pipeline to work blocks (kinds, targets, ids, values
    that were never missing); what merely was so (ranges, levels) warns.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    rules = _table_rules(table)
    for column in columns:
        rules += _rules(table[column.name], column, problem)
    yaml = YAML()
    yaml.width, yaml.allow_unicode = 100, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    content = {"name": "suite", "expectations": [CommentedMap(rule) for rule in rules]}
    yaml.dump(content, text)
    return HEAD + text.getvalue()


def _rule(type_: str, severity: str, because: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": type_, **kwargs, "severity": severity, "because": because}


def _table_rules(table: "pa.Table") -> list[dict[str, Any]]:
    from ninefold.datasets.tables.profiling import duplicates

    rows, repeated = table.num_rows, duplicates(table)
    share = float(np.ceil(repeated / max(rows, 1) * 1.5 * 1000) / 1000)
    low = max(1, rows // 2)
    return [
        _rule("expect_table_row_count_to_be_between", "warn",
              f"{rows} rows were there; half of them would be a surprise", min_value=low),
        _rule("expect_table_duplicate_share_to_be_at_most", "warn",
              f"{repeated} rows repeated another", max_value=min(1.0, share)),
    ]  # fmt: skip


def _rules(values: "pa.ChunkedArray", column: Column, problem: ProblemSpec) -> list[dict[str, Any]]:
    """Draft the rules for one column."""
    rules = [
        _rule("expect_column_to_be_of_kind", "block", "the pipeline was set up for it",
              column=column.name, kind=column.kind)
    ]  # fmt: skip
    rules += _missing(values, column, problem)
    present = values.drop_null()
    if len(present) == 0:
        return rules
    if "id" in column.roles:
        return rules + _unique(present, column)
    if column.kind == "number":
        return rules + _numbers(to_array(present, "number"), column)
    if column.kind == "datetime":
        return rules + _datetimes(to_array(present, "datetime"), column)
    if column.kind == "category":
        return rules + _levels(present, column, problem)
    return rules


def _missing(
    values: "pa.ChunkedArray", column: Column, problem: ProblemSpec
) -> list[dict[str, Any]]:
    """Expect no more missing values than there were, with room."""
    name, share = column.name, values.null_count / max(len(values), 1)
    kind = "expect_column_values_to_not_be_null"
    if share == 0:
        is_needed = name in (problem.target, problem.time)
        severity = "block" if is_needed else "warn"
        because = f"none of {len(values)} was missing"
        return [_rule(kind, severity, because, column=name)]
    mostly = float(np.floor(max(0.0, 1 - 1.5 * share - 0.01) * 1000) / 1000)
    if mostly == 0:
        return []
    return [_rule(kind, "warn", f"{share:.1%} were missing", column=name, mostly=mostly)]


def _unique(present: "pa.ChunkedArray", column: Column) -> list[dict[str, Any]]:
    import pyarrow.compute as pc

    if pc.count_distinct(present).as_py() < len(present):
        return []
    because = "an identifier, and every value differed"
    return [_rule("expect_column_values_to_be_unique", "block", because, column=column.name)]


def _numbers(values: Array, column: Column) -> list[dict[str, Any]]:
    finite = values[np.isfinite(values)]
    infinite = len(values) - len(finite)
    because = f"{infinite} were infinite" if infinite else "all were finite"
    rules = [
        _rule("expect_column_values_to_be_finite", "warn" if infinite else "block", because,
              column=column.name)
    ]  # fmt: skip
    if not len(finite):
        return rules
    low, high = float(finite.min()), float(finite.max())
    with np.errstate(over="ignore"):
        room = MARGIN * (high / 2 - low / 2) * 2
    bounds = {"min_value": _round(low - room, -1), "max_value": _round(high + room, 1)}
    if low >= 0:
        bounds["min_value"] = 0 if low == 0 else max(0, bounds["min_value"])
    if not np.isfinite([*bounds.values()]).all() or low == high:
        return rules
    because = f"ranged from {low:.6g} to {high:.6g}"
    kind = "expect_column_values_to_be_between"
    if infinite:
        return rules
    return [*rules, _rule(kind, "warn", because, column=column.name, **bounds)]


def _round(value: float, direction: int) -> float:
    """Round outwards to three significant digits."""
    if value == 0 or not np.isfinite(value):
        return 0 if value == 0 else value
    unit = 10.0 ** (np.floor(np.log10(abs(value))) - 2)
    if unit == 0:
        return value
    rounded = (np.floor if direction < 0 else np.ceil)(value / unit) * unit
    text = float(f"{rounded:.6g}")
    return int(text) if text.is_integer() and abs(text) < 1e15 else text


def _datetimes(micros: Array, column: Column) -> list[dict[str, Any]]:
    days = micros[micros != NAT].astype("M8[us]").astype("M8[D]")
    low, high = days.min(), days.max()
    year = np.timedelta64(366, "D")
    if not (
        np.datetime64("1678-01-01") < low - year and high + 3 * year < np.datetime64("2262-01-01")
    ):
        return []
    return [
        _rule("expect_column_values_to_be_between", "warn", f"ranged from {low} to {high}",
              column=column.name, min_value=str(low - year), max_value=str(high + 3 * year))
    ]  # fmt: skip


def _levels(
    present: "pa.ChunkedArray", column: Column, problem: ProblemSpec
) -> list[dict[str, Any]]:
    levels = sorted(present.unique().to_pylist())
    if len(levels) > MAX_LEVELS or len(present) < MANY_ROWS_PER_LEVEL * len(levels):
        return []
    is_target = column.name == problem.target and problem.task == "classification"
    because = f"{len(levels)} levels in {len(present)} rows"
    return [
        _rule("expect_column_values_to_be_in_set", "block" if is_target else "warn", because,
              column=column.name, value_set=levels)
    ]  # fmt: skip
