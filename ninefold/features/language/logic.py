"""True, false and missing: three-valued logic as graph nodes (Kleene, as in SQL)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import NAT
from ninefold.features.values import Value, missing_mask, truth, with_missing

if TYPE_CHECKING:
    from ninefold.graph import Graph


def known(graph: "Graph", value: Value) -> Value:
    """Return a truth whose tensor is false where it is missing."""
    if value.missing is None:
        return value
    return truth(graph.And(value.ref, graph.Not(value.missing)), value.missing)


def negation(graph: "Graph", value: Value) -> Value:
    """Not."""
    return known(graph, truth(graph.Not(value.ref), value.missing))


def _is_false(graph: "Graph", value: Value) -> str:
    no = graph.Not(value.ref)
    return no if value.missing is None else graph.And(no, graph.Not(value.missing))


def conjunction(graph: "Graph", left: Value, right: Value) -> Value:
    """And: false beside missing is false."""
    both = graph.And(left.ref, right.ref)
    if left.missing is None and right.missing is None:
        return truth(both)
    is_false = graph.Or(_is_false(graph, left), _is_false(graph, right))
    return truth(both, graph.Not(graph.Or(both, is_false)))


def disjunction(graph: "Graph", left: Value, right: Value) -> Value:
    """Or: true beside missing is true."""
    either = graph.Or(left.ref, right.ref)
    if left.missing is None and right.missing is None:
        return truth(either)
    both_false = graph.And(_is_false(graph, left), _is_false(graph, right))
    return truth(either, graph.Not(graph.Or(either, both_false)))


def choice(graph: "Graph", test: Value, yes: Value, no: Value) -> Value:
    """Return `yes` where the test holds, `no` where not, missing where it is missing."""
    picked = graph.Where(test.ref, yes.ref, no.ref)
    if yes.type == "truth":
        missing = _picked_mask(graph, test, yes.missing, no.missing)
        return known(graph, truth(picked, missing))
    if test.missing is not None:
        picked = blank(graph, yes, picked, test.missing)
    return Value(yes.type, picked, kind=yes.kind if yes.kind == no.kind else None)


def _picked_mask(graph: "Graph", test: Value, yes: str | None, no: str | None) -> str | None:
    mask = test.missing
    if yes is not None or no is not None:
        never = graph.constant(False)
        picked = graph.Where(test.ref, yes or never, no or never)
        mask = picked if mask is None else graph.Or(mask, picked)
    return mask


def blank(graph: "Graph", like: Value, ref: str, mask: str) -> str:
    """Return `ref` with missing values where `mask` holds."""
    if like.type == "number":
        return with_missing(graph, ref, mask)
    empty: Any = graph.constant("") if like.type == "text" else np.int64(NAT)
    return graph.Where(mask, empty, ref)


def membership(graph: "Graph", value: Value, members: Sequence[Any]) -> Value:
    """Tell whether the value is one of `members`: all text, or all numbers."""
    from ninefold.graph import tensor

    unique = sorted(set(members)) if value.type == "text" else sorted({float(m) for m in members})
    keys = np.array(unique, dtype=object if value.type == "text" else np.float64)
    found = graph.LabelEncoder(
        value.ref,
        keys_tensor=tensor(keys),
        values_tensor=tensor(np.ones(len(unique), dtype=np.int64)),
        default_tensor=tensor(np.zeros(1, dtype=np.int64)),
    )
    return known(graph, truth(graph.cast(found, np.bool_), missing_mask(graph, value)))


def first_present(graph: "Graph", left: Value, right: Value) -> Value:
    """Return `left`, and `right` where it is missing."""
    mask = missing_mask(graph, left)
    if mask is None:
        return left
    picked = graph.Where(mask, right.ref, left.ref)
    if left.type != "truth":
        return Value(left.type, picked, kind=left.kind if left.kind == right.kind else None)
    both = None if right.missing is None else graph.And(mask, right.missing)
    return known(graph, truth(picked, both))
