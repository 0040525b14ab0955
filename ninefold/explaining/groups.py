"""Columns that go together: one can stand in for another, so they are judged as one."""

from collections.abc import Sequence

import numpy as np

from ninefold.columns import Frame
from ninefold.exploration.association import associations
from ninefold.exploration.view import look_at

Groups = tuple[tuple[str, ...], ...]


def column_groups(frame: Frame, names: Sequence[str], together: float) -> Groups:
    """Return the columns `names` in groups, linked if associated as strongly as `together`.

    Columns without an order or levels (texts, pictures) stay alone.
    """
    plain = [n for n in names if frame.column(n).kind in ("number", "datetime", "category", "bool")]
    view = look_at(frame.select(plain), "", "")
    found = associations(view) if view.columns else {"columns": [], "matrix": []}
    place = {name: i for i, name in enumerate(found["columns"])}
    group = {name: i for i, name in enumerate(names)}
    matrix = np.asarray(found["matrix"])
    for a in names:
        for b in names:
            if a in place and b in place and matrix[place[a], place[b]] >= together:
                old, new = group[b], group[a]
                group = {name: new if own == old else own for name, own in group.items()}
    order = dict.fromkeys(group[name] for name in names)
    return tuple(tuple(name for name in names if group[name] == number) for number in order)
