"""Small frames for tests, with kinds told from the values."""

import datetime
from typing import Any

import numpy as np

from ninefold.columns import NAT, Column, Frame, Kind
from ninefold.features import FeaturizeSpec, build, featurize
from ninefold.problem import ProblemSpec

INPUT = frozenset({"input"})
PROBLEM = ProblemSpec(target="outcome", task="classification")


def micros(moment: datetime.datetime | None) -> int:
    """Microseconds since 1970 of a naive datetime."""
    if moment is None:
        return NAT
    return (moment - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)


def frame(roles: dict[str, frozenset[Any]] | None = None, **data: Any) -> Frame:
    """Return a frame with a target `outcome`; `text_…` are text, other lists of text categories."""
    data["outcome"] = np.zeros(len(next(iter(data.values()))))
    roles = {"outcome": frozenset({"target"}), **(roles or {})}
    columns, arrays = [], {}
    for name, values in data.items():
        kind: Kind
        kind, array = "number", np.asarray(values)
        if array.dtype == bool:
            kind = "bool"
        elif array.dtype.kind in "OU" and any(isinstance(v, str) for v in values):
            kind = "text" if name.startswith("text_") else "category"
            array = np.array(list(values), dtype=object)
        elif array.dtype.kind in "OM":
            kind, array = "datetime", np.array([micros(v) for v in values], dtype=np.int64)
        else:
            array = array.astype(np.float64)
        columns.append(Column(name, kind, roles.get(name, INPUT)))
        arrays[name] = array
    return Frame(tuple(columns), arrays, np.arange(len(next(iter(arrays.values())))))


def derive(
    source: Frame, *entries: Any, auto: bool = False, problem: ProblemSpec = PROBLEM
) -> Frame:
    """Return the featurized frame."""
    spec = FeaturizeSpec(derive=entries, auto=auto)
    model, columns = build(source.columns, problem, spec)
    return featurize(source, model, columns)


def calculate(source: Frame, expression: str) -> np.ndarray[Any, Any]:
    """Return an expression's column; alone and in a batch, every row gives the same."""
    entry = {"kind": "expression", "name": "result", "expression": expression}
    model, columns = build(source.columns, PROBLEM, FeaturizeSpec(derive=(entry,), auto=False))
    result = featurize(source, model, columns)["result"]
    for row in range(min(len(source), 12)):
        alone = featurize(source.take(np.array([row])), model, columns)["result"]
        np.testing.assert_array_equal(alone[0], result[row])
    return result
