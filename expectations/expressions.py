"""Rules on whole rows, written as an expression: `missing(dep_time) or arr_time > 0`.

Columns stand by name, in backticks where the name is no identifier. Known are comparisons (also
with `in [..]`), arithmetic, `and`, `or`, `not`, and `missing(x)`, `present(x)`, `abs(x)`; of dates
`year(x)`, `month(x)`, `day(x)`, `hour(x)`, `weekday(x)` (Monday 0). A comparison with a missing
value does not hold.
"""

import ast
import keyword
import operator
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ninefold.errors import ConfigError

COMPARE: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt,
    ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
ARITHMETIC: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip
PARTS = {name: name for name in ("year", "month", "day", "hour")} | {"weekday": "day_of_week"}
"""Functions of dates, and what pandas calls the parts."""


def _part(name: str, values: Any) -> Any:
    """Return a part of dates as numbers, missing where they are."""
    if getattr(getattr(values, "dtype", None), "kind", None) != "M":
        raise ConfigError(f"{name}(column) must be given a column of dates")
    return getattr(values.dt, PARTS[name])


FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "missing": lambda x: x.isna(),
    "present": lambda x: x.notna(),
    "abs": lambda x: x.abs(),
    **{part: partial(_part, part) for part in PARTS},
}


def names_in(expression: str) -> list[str]:
    """Return the columns an expression names. Raises `ConfigError` for what is none."""
    tree, quoted = _parse(expression)
    _check(tree, expression)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called]
    return list(dict.fromkeys(quoted.get(name, name) for name in found))


def quoted(name: str) -> str:
    """Return a column's name as it stands in an expression: in backticks unless a plain word."""
    is_plain = name.isidentifier() and name.isascii() and not keyword.iskeyword(name)
    return name if is_plain else f"`{name}`"


def holds(expression: str, table: Any) -> Any:
    """Return the boolean Series `(N,)` of rows of a DataFrame for which the expression holds."""
    import pandas as pd

    tree, quoted = _parse(expression)
    found = _evaluate(tree, table, quoted)
    if not isinstance(found, pd.Series):
        return pd.Series(bool(found), index=table.index)
    return found.fillna(False).astype(bool)


def _parse(expression: str) -> tuple[ast.expr, dict[str, str]]:
    """Return the syntax tree, and the names that stood in backticks by their stand-ins."""
    quoted: dict[str, str] = {}

    def stand_in(match: re.Match[str]) -> str:
        quoted[f"quoted_{len(quoted)}_"] = match[1]
        return f"quoted_{len(quoted) - 1}_"

    try:
        tree = ast.parse(re.sub(r"`([^`]+)`", stand_in, expression).strip(), mode="eval")
    except (SyntaxError, ValueError):
        raise ConfigError(
            f"expression must be such as `a > 0 or missing(b)`, however: {expression!r}. Put names "
            "with spaces or signs in backticks"
        ) from None
    return tree.body, quoted


ALLOWED = (
    ast.Compare, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Name, ast.Constant, ast.Call, ast.List,
    ast.Tuple, ast.And, ast.Or, ast.Not, ast.USub, ast.UAdd, ast.Load, ast.In, ast.NotIn,
    *COMPARE, *ARITHMETIC,
)  # fmt: skip


def _check(tree: ast.expr, expression: str) -> None:
    for node in ast.walk(tree):
        is_known = not isinstance(node, ast.Call) or (
            isinstance(node.func, ast.Name)
            and node.func.id in FUNCTIONS
            and len(node.args) == 1
            and not node.keywords
        )
        if not isinstance(node, ALLOWED) or not is_known:
            raise ConfigError(
                f"expression may use comparisons, arithmetic, in, and, or, not and "
                f"{', '.join(FUNCTIONS)}(column), however: {ast.unparse(node)!r} in {expression!r}"
            )


def _evaluate(node: ast.expr, table: Any, quoted: Mapping[str, str]) -> Any:
    def value(inner: ast.expr) -> Any:
        return _evaluate(inner, table, quoted)

    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return table[quoted.get(node.id, node.id)]
        case ast.List() | ast.Tuple():
            return [value(item) for item in node.elts]
        case ast.Call(func=ast.Name(id=name)):
            return FUNCTIONS[name](value(node.args[0]))
        case ast.UnaryOp(op=ast.Not()):
            return ~_truth(value(node.operand))
        case ast.UnaryOp(op=ast.USub()):
            return -value(node.operand)
        case ast.UnaryOp():
            return value(node.operand)
        case ast.BinOp():
            return ARITHMETIC[type(node.op)](value(node.left), value(node.right))
        case ast.BoolOp():
            join = operator.and_ if isinstance(node.op, ast.And) else operator.or_
            found = _truth(value(node.values[0]))
            for item in node.values[1:]:
                found = join(found, _truth(value(item)))
            return found
        case ast.Compare():
            return _compare(node, value)
    raise ConfigError(f"expression may not hold {ast.unparse(node)!r}")


def _compare(node: ast.Compare, value: Callable[[ast.expr], Any]) -> Any:
    found, left = True, value(node.left)
    for compare, item in zip(node.ops, node.comparators, strict=True):
        right = value(item)
        if isinstance(compare, (ast.In, ast.NotIn)):
            one = left.isin(right)
            one = ~one & left.notna() if isinstance(compare, ast.NotIn) else one
        else:
            one = COMPARE[type(compare)](left, right)
            if isinstance(compare, ast.NotEq):
                one = one & _given(left) & _given(right)
        found, left = one if found is True else found & _truth(one), right
    return found


def _given(value: Any) -> Any:
    return value.notna() if hasattr(value, "notna") else True


def _truth(value: Any) -> Any:
    """Read a Series as true or false, a missing value as false."""
    return value.fillna(False).astype(bool) if hasattr(value, "fillna") else bool(value)
