"""The functions an expression may call."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from ninefold.features import dates, strings
from ninefold.features.language import logic
from ninefold.features.values import Value, missing_mask, number, truth

if TYPE_CHECKING:
    from ninefold.features.language.compiler import Compiler
    from ninefold.graph import Graph

Emit = Callable[["Compiler", ast.Call], Value]


@dataclass(frozen=True)
class Function:
    """A function: least and greatest number of values (0: any), and its nodes."""

    arguments: tuple[int, int]
    emit: Emit


def _numeric(nodes: Callable[["Graph", str], str]) -> Function:
    """Make a function of one number."""

    def emit(compiler: "Compiler", node: ast.Call) -> Value:
        value = compiler.typed(node.args[0], "number")
        return number(nodes(compiler.graph, value.ref))

    return Function((1, 1), emit)


def _extreme(operator: str) -> Function:
    """Make min or max of several numbers; missing where any is."""

    def emit(compiler: "Compiler", node: ast.Call) -> Value:
        refs = [compiler.typed(item, "number").ref for item in node.args]
        return number(reduce(lambda a, b: _propagating(compiler.graph, operator, a, b), refs))

    return Function((2, 0), emit)


def _propagating(graph: "Graph", operator: str, left: str, right: str) -> str:
    missing = graph.Or(graph.IsNaN(left), graph.IsNaN(right))
    return graph.Where(missing, np.nan, graph.node(operator, left, right)[0])


def _clip(compiler: "Compiler", node: ast.Call) -> Value:
    value, low, high = (compiler.typed(item, "number").ref for item in node.args)
    graph = compiler.graph
    raised = _propagating(graph, "Max", value, low)
    return number(_propagating(graph, "Min", raised, high))


def _where(compiler: "Compiler", node: ast.Call) -> Value:
    return compiler.choice(node, *node.args)


def _isnull(compiler: "Compiler", node: ast.Call) -> Value:
    value, graph = compiler.value(node.args[0]), compiler.graph
    mask = missing_mask(graph, value)
    if mask is not None:
        return truth(mask)
    never = graph.And(value.ref, graph.Not(value.ref)) if value.type == "truth" else None
    return truth(never) if never else truth(graph.constant(False))


def _coalesce(compiler: "Compiler", node: ast.Call) -> Value:
    values = compiler.same_type(node, [compiler.value(item) for item in node.args])
    if any(value.is_literal for value in values[:-1]):
        raise compiler.source.error(node, "only the last value of coalesce may be written out")
    return reduce(lambda left, right: logic.first_present(compiler.graph, left, right), values)


def _size(name: str) -> Function:
    def emit(compiler: "Compiler", node: ast.Call) -> Value:
        return strings.SIZES[name](compiler.graph, compiler.typed(node.args[0], "text"))

    return Function((1, 1), emit)


def _contains(compiler: "Compiler", node: ast.Call) -> Value:
    part = compiler.constant(node.args[1], "the text looked for")
    if not isinstance(part, str) or not part:
        raise compiler.source.error(node.args[1], f"must be text, however: {part!r}")
    text = compiler.typed(node.args[0], "text")
    return logic.known(compiler.graph, strings.contains(compiler.graph, text, part))


def _date_part(name: str) -> Function:
    def emit(compiler: "Compiler", node: ast.Call) -> Value:
        return dates.part(compiler.graph, compiler.typed(node.args[0], "datetime"), name)

    return Function((1, 1), emit)


def _is_weekend(compiler: "Compiler", node: ast.Call) -> Value:
    return dates.is_weekend(compiler.graph, compiler.typed(node.args[0], "datetime"))


def _span(unit: str) -> Function:
    def emit(compiler: "Compiler", node: ast.Call) -> Value:
        return dates.in_units(compiler.graph, compiler.typed(node.args[0], "duration"), unit)

    return Function((1, 1), emit)


def _round(compiler: "Compiler", node: ast.Call) -> Value:
    graph, value = compiler.graph, compiler.typed(node.args[0], "number").ref
    digits = compiler.constant(node.args[1], "the number of digits") if len(node.args) > 1 else 0
    if not isinstance(digits, int) or not -15 <= digits <= 15:
        raise compiler.source.error(node.args[1], f"must be from -15 to 15, however: {digits!r}")
    if digits == 0:
        return number(graph.Round(value))
    power = 10.0 ** abs(digits)
    if digits > 0:
        return number(graph.Div(graph.Round(graph.Mul(value, power)), power))
    return number(graph.Mul(graph.Round(graph.Div(value, power)), power))


FUNCTIONS: dict[str, Function] = {
    "abs": _numeric(lambda graph, x: graph.Abs(x)),
    "ceil": _numeric(lambda graph, x: graph.Ceil(x)),
    "clip": Function((3, 3), _clip),
    "coalesce": Function((2, 0), _coalesce),
    "contains": Function((2, 2), _contains),
    "cos": _numeric(lambda graph, x: graph.elementwise("Cos", x)),
    "exp": _numeric(lambda graph, x: graph.elementwise("Exp", x)),
    "floor": _numeric(lambda graph, x: graph.Floor(x)),
    "is_weekend": Function((1, 1), _is_weekend),
    "isnull": Function((1, 1), _isnull),
    "length": _size("characters"),
    "log": _numeric(lambda graph, x: graph.elementwise("Log", x)),
    "log1p": _numeric(lambda graph, x: graph.elementwise("Log", graph.Add(x, 1.0))),
    "max": _extreme("Max"),
    "min": _extreme("Min"),
    "round": Function((1, 2), _round),
    "sign": _numeric(lambda graph, x: graph.Where(graph.IsNaN(x), x, graph.Sign(x))),
    "sin": _numeric(lambda graph, x: graph.elementwise("Sin", x)),
    "sqrt": _numeric(lambda graph, x: graph.Sqrt(x)),
    "where": Function((3, 3), _where),
    "words": _size("words"),
    **{name: _date_part(name) for name in dates.PARTS},
    **{unit: _span(unit) for unit in dates.UNITS},
}
"""Name -> function."""
