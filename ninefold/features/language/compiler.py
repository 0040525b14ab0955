"""From a syntax tree to graph nodes, with types checked on the way."""

import ast
import datetime
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.config import nearest
from ninefold.errors import ConfigError
from ninefold.features import dates
from ninefold.features.language import logic
from ninefold.features.language.arithmetic import BINARY
from ninefold.features.language.functions import FUNCTIONS
from ninefold.features.language.parse import Source, parse
from ninefold.features.values import (
    NOUNS,
    Type,
    Value,
    any_missing,
    as_number,
    literal,
    missing_mask,
    number,
    truth,
)

if TYPE_CHECKING:
    from ninefold.features.scope import Scope

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**",
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "Equal", ast.NotEq: "Equal", ast.Lt: "Less", ast.LtE: "LessOrEqual",
    ast.Gt: "Greater", ast.GtE: "GreaterOrEqual",
}  # fmt: skip


def compile_expression(scope: "Scope", text: str) -> Value:
    """Add an expression's nodes to the scope's graph and return its value.

    Raises:
        ConfigError: a syntax error, an unknown column or function, or types that do not fit; says
            at which character.
    """
    source = parse(text, f"{scope.place}.expression")
    try:
        value = Compiler(scope, source).value(source.tree)
    except RecursionError:
        raise ConfigError(f"{source.place} must be nested less deeply") from None
    if not scope.used:
        raise ConfigError(f"{source.place} must use at least one column, however: {text!r}")
    return value


class Compiler:
    """Walks one expression."""

    def __init__(self, scope: "Scope", source: Source) -> None:
        self.scope, self.graph, self.source = scope, scope.graph, source

    def value(self, node: ast.expr) -> Value:
        """Return the value of a part of the expression."""
        visit: Callable[[Any], Value] | None = getattr(
            self, f"_{type(node).__name__.lower()}", None
        )
        if visit is None:
            what = type(node).__name__
            hint = "; write the column's name in `backticks`" if what == "Attribute" else ""
            raise self.source.error(node, f"{what} cannot be used in an expression{hint}")
        return visit(node)

    def typed(self, node: ast.expr, *types: Type) -> Value:
        """Return a value that must be of one of `types`; truths pass as numbers."""
        value = self.value(node)
        if value.type not in types and value.type == "truth" and "number" in types:
            return as_number(self.graph, value)
        if value.type not in types:
            wanted = " or ".join(NOUNS[item] for item in types)
            raise self.source.error(node, f"must be {wanted}, however: it is {NOUNS[value.type]}")
        return value

    def constant(self, node: ast.expr, what: str) -> Any:
        """Return the content of a literal."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            content = self.constant(node.operand, what)
            if isinstance(content, (int, float)) and not isinstance(content, bool):
                return -content
        if not isinstance(node, ast.Constant):
            raise self.source.error(node, f"{what} must be written out")
        return node.value

    def _constant(self, node: ast.Constant) -> Value:
        content = node.value
        if not isinstance(content, (bool, int, float, str)):
            raise self.source.error(node, f"{content!r} cannot be used; missing is isnull(column)")
        if content == "" and isinstance(content, str):
            raise self.source.error(node, "empty text means missing; write isnull(column)")
        if isinstance(content, (int, float)) and not _is_finite(content):
            raise self.source.error(node, f"{content!r} is too large for a number")
        return literal(self.graph, content)

    def _name(self, node: ast.Name) -> Value:
        name = self.source.column_name(node)
        try:
            return self.scope.column(name)
        except ConfigError:
            known = [*self.scope.raw, *self.scope.derived]
            raise self.source.error(node, f"no column `{name}`{nearest(name, known)}") from None

    def _binop(self, node: ast.BinOp) -> Value:
        sign = OPERATORS.get(type(node.op))
        if sign is None:
            raise self.source.error(node, f"{type(node.op).__name__} is no operator here")
        left, right = self.value(node.left), self.value(node.right)
        if sign == "-" and left.type == right.type == "datetime":
            return dates.difference(self.graph, left, right)
        if sign == "+" and left.type == right.type == "text":
            return self._joined(left, right)
        for part, value in ((node.left, left), (node.right, right)):
            if value.type not in ("number", "truth"):
                raise self.source.error(
                    part, f"`{sign}` needs numbers, however: this is {NOUNS[value.type]}"
                )
        first, second = as_number(self.graph, left), as_number(self.graph, right)
        return number(BINARY[sign](self.graph, first, second))

    def _joined(self, left: Value, right: Value) -> Value:
        joined = self.graph.StringConcat(left.ref, right.ref)
        masks = missing_mask(self.graph, left), missing_mask(self.graph, right)
        missing = any_missing(self.graph, *masks)
        if missing is not None:
            joined = self.graph.Where(missing, self.graph.constant(""), joined)
        return Value("text", joined, kind="category")

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            return logic.negation(self.graph, self.condition(node.operand))
        value = self.typed(node.operand, "number")
        if isinstance(node.op, ast.USub):
            return number(self.graph.Neg(value.ref))
        if isinstance(node.op, ast.UAdd):
            return value
        raise self.source.error(node, "`~` is no operator here; write not")

    def condition(self, node: ast.expr) -> Value:
        """Return a value that must be true or false."""
        value = self.value(node)
        if value.type != "truth":
            raise self.source.error(
                node, f"must be true or false, however: it is {NOUNS[value.type]}"
            )
        return value

    def _boolop(self, node: ast.BoolOp) -> Value:
        combine = logic.conjunction if isinstance(node.op, ast.And) else logic.disjunction
        result = self.condition(node.values[0])
        for part in node.values[1:]:
            result = combine(self.graph, result, self.condition(part))
        return result

    def _ifexp(self, node: ast.IfExp) -> Value:
        return self.choice(node, node.test, node.body, node.orelse)

    def choice(self, node: ast.AST, test: ast.expr, yes: ast.expr, no: ast.expr) -> Value:
        """Return one of two values by a condition; missing where the condition is."""
        first, second = self.same_type(node, [self.value(yes), self.value(no)])
        return logic.choice(self.graph, self.condition(test), first, second)

    def same_type(self, node: ast.AST, values: list[Value]) -> list[Value]:
        """Return values that must be of one type; truths pass as numbers beside numbers."""
        types = {value.type for value in values}
        if types == {"number", "truth"}:
            return [as_number(self.graph, value) for value in values]
        if len(types) > 1:
            found = " and ".join(sorted(NOUNS[item] for item in types))
            raise self.source.error(node, f"needs values of one type, however: {found}")
        return values

    def _compare(self, node: ast.Compare) -> Value:
        result: Value | None = None
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(operator, (ast.In, ast.NotIn)):
                part = self._membership(left, right)
                if isinstance(operator, ast.NotIn):
                    part = logic.negation(self.graph, part)
            elif isinstance(operator, (ast.Is, ast.IsNot)):
                raise self.source.error(node, "`is` is no operator here; write == or isnull(…)")
            else:
                part = self._comparison(node, operator, left, right)
            result = part if result is None else logic.conjunction(self.graph, result, part)
            left = right
        assert result is not None
        return result

    def _comparison(
        self, node: ast.Compare, operator: ast.cmpop, left: ast.expr, right: ast.expr
    ) -> Value:
        first, second = self._comparable(node, left, right)
        is_equality = isinstance(operator, (ast.Eq, ast.NotEq))
        if first.type == "text" and not is_equality:
            raise self.source.error(node, "text has no order; only == and != compare it")
        if first.type == "truth" and not is_equality:
            first, second = as_number(self.graph, first), as_number(self.graph, second)
        result = self.graph.node(COMPARISONS[type(operator)], first.ref, second.ref)[0]
        if isinstance(operator, ast.NotEq):
            result = self.graph.Not(result)
        missing = any_missing(
            self.graph, missing_mask(self.graph, first), missing_mask(self.graph, second)
        )
        return logic.known(self.graph, truth(result, missing))

    def _comparable(self, node: ast.Compare, left: ast.expr, right: ast.expr) -> list[Value]:
        """Return both sides; text beside a datetime is read as a date."""
        values = [self.value(left), self.value(right)]
        if {value.type for value in values} == {"datetime", "text"}:
            return [self._date(p, v) for p, v in zip((left, right), values, strict=True)]
        return self.same_type(node, values)

    def _date(self, node: ast.expr, value: Value) -> Value:
        if value.type == "datetime":
            return value
        text = self.constant(node, "a date beside a datetime")
        try:
            moment = datetime.datetime.fromisoformat(text)
        except ValueError:
            raise self.source.error(
                node, f"must be a date such as 2013-12-31 or 2013-12-31 08:30, however: {text!r}"
            ) from None
        if moment.tzinfo is not None:
            moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
        since = moment - datetime.datetime(1970, 1, 1)
        micros = since // datetime.timedelta(microseconds=1)
        return Value("datetime", self.graph.constant(np.int64(micros)), None, micros)

    def _membership(self, left: ast.expr, right: ast.expr) -> Value:
        if not isinstance(right, (ast.List, ast.Tuple, ast.Set)) or not right.elts:
            raise self.source.error(right, "`in` needs a list such as ['JFK', 'LGA']")
        value = self.typed(left, "number", "text")
        contents = [self.constant(item, "a member of the list") for item in right.elts]
        expected = str if value.type == "text" else (int, float)
        for item, content in zip(right.elts, contents, strict=True):
            if not isinstance(content, expected) or content == "":
                raise self.source.error(
                    item, f"must be {NOUNS[value.type]} as the value before `in`: {content!r}"
                )
        return logic.membership(self.graph, value, contents)

    def _call(self, node: ast.Call) -> Value:
        if not isinstance(node.func, ast.Name):
            raise self.source.error(node, "only functions can be called")
        name = self.source.column_name(node.func)
        function = FUNCTIONS.get(name)
        if function is None:
            raise self.source.error(node, f"no function `{name}`{nearest(name, FUNCTIONS)}")
        if node.keywords or any(isinstance(item, ast.Starred) for item in node.args):
            raise self.source.error(node, f"{name} takes its values by position")
        least, most = function.arguments
        if not least <= len(node.args) <= (most or len(node.args)):
            count = (
                str(least)
                if least == most
                else f"{least} or more"
                if not most
                else (f"{least} to {most}")
            )
            raise self.source.error(node, f"{name} takes {count} values, however: {len(node.args)}")
        return function.emit(self, node)


def _is_finite(content: float) -> bool:
    try:
        return math.isfinite(float(content))
    except OverflowError:
        return False
