"""Entities that no name gives away: values that tie rows together which share their target."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from ninefold.columns import Array, Column, Frame, is_missing, to_array
from ninefold.leakage.case import Case
from ninefold.leakage.entity import tied_by
from ninefold.leakage.entity_keys import LEAST_ENTITIES
from ninefold.problem import ProblemSpec, Task
from tasks.drafting.roles import Roles

MOST_ROWS = 20
"""Rows of a value that are looked at: what a few of them share, hundreds do."""
MOST_IN_ALL = 6000
LEAST_REPEATED = 0.3
"""Share of the rows whose value must repeat."""


def by_values(
    roles: Roles,
    table: pa.Table,
    columns: Sequence[Column],
    target: str,
    task: Task,
    free: Collection[str],
) -> Roles:
    """Add to what `roles` asks about those of the columns `free` that are entities by their values.

    None is taken without asking: a code that gives the target away, which the audit names, ties its
    rows together just so.
    """
    names = [c.name for c in columns if c.name in free and c.name not in roles.perhaps_after]
    found = () if roles.group else tied(table, columns, target, task, names)
    why = {name: f"rows of one {name} share their {target}" for name in found}
    perhaps = tuple(dict.fromkeys([*found, *roles.perhaps_group]))
    return replace(roles, perhaps_group=perhaps, why_group=why)


def tied(
    table: pa.Table, columns: Sequence[Column], target: str, task: Task, names: Sequence[str]
) -> tuple[str, ...]:
    """Return those of the columns `names` whose rows share what only the name of an entity tells.

    Judged as the leakage audit does: by what a model of the other columns leaves of the target; the
    strongest first.
    """
    own = {column.name: column for column in columns}
    y = to_array(table[target], own[target].kind)
    known = np.flatnonzero(~is_missing(own[target].kind, y))
    problem = ProblemSpec(target=target, task=task)
    shown = tuple(column for column in columns if not column.is_tensor)
    found: dict[str, float] = {}
    for name in names:
        if own[name].kind not in ("category", "text", "number"):
            continue
        rows = _few_of_each(_codes(table, own[name])[known])
        if rows is None:
            continue
        part = table.take(known[rows])
        data = {c.name: to_array(part[c.name], c.kind) for c in shown}
        frame = Frame(shown, data, np.arange(len(rows)))
        case = Case(frame, np.full(len(rows), "train"), problem, "random")
        result = tied_by(case, name)
        if result is not None:
            found[name] = result
    return tuple(sorted(found, key=lambda name: -found[name]))


def _codes(table: pa.Table, column: Column) -> Array:
    """Return codes `(N,)` of a column's values, -1 where it has none."""
    from pandas import factorize

    values = to_array(table[column.name], column.kind)
    codes = factorize(values)[0]
    return np.asarray(np.where(is_missing(column.kind, values), -1, codes))


def _few_of_each(codes: Array) -> Array | None:
    """Return positions of at most `MOST_ROWS` rows of each value; None if too few values repeat."""
    rows = np.random.default_rng(0).permutation(np.flatnonzero(codes >= 0))
    rows = rows[np.argsort(codes[rows], kind="stable")]
    _, first, size = np.unique(codes[rows], return_index=True, return_counts=True)
    if (size > 1).sum() < LEAST_ENTITIES or size[size > 1].sum() < LEAST_REPEATED * len(codes):
        return None
    place = np.arange(len(rows)) - np.repeat(first, size)
    return np.sort(rows[place < MOST_ROWS][:MOST_IN_ALL])
