"""The audit of a plain table of arrays, as the tests of the families ask for it."""

import numpy as np

from ninefold.columns import Column, Frame
from ninefold.config import validate
from ninefold.leakage import AuditSpec
from ninefold.leakage.audit import audit
from ninefold.leakage.case import Case
from ninefold.problem import ProblemSpec
from ninefold.splitting import split

KINDS = {"f": "number", "i": "number", "b": "bool", "M": "datetime"}


def at_random(n, seed=1):
    return np.random.default_rng(seed).choice(["train", "test"], n, p=[0.75, 0.25]).astype(object)


def frame_of(table, target, time=None, group=()):
    """Return a frame of arrays: numbers, dates (datetime64), bools, and texts as categories."""
    columns, data = [], {}
    for name, values in table.items():
        kind = KINDS.get(values.dtype.kind, "category")
        if kind == "number":
            values = values.astype(np.float64)
        elif kind == "datetime":
            values = values.astype("datetime64[us]").astype(np.int64)
        roles = {"target"} if name == target else {"time"} if name == time else {"input"}
        columns.append(Column(name, kind, frozenset({"group"} if name in group else roles)))
        data[name] = values
    return Frame(tuple(columns), data, np.arange(len(table[target])))


def report(table, target, part=None, *, time=None, group=()):
    """Return the audit's report on a table `{name: array}`; without `part` on Ninefold's split."""
    is_number = table[target].dtype.kind in "fi" and len(np.unique(table[target])) > 20
    task = "regression" if is_number else "classification"
    problem = ProblemSpec(target=target, task=task, time=time, group=tuple(group))
    frame, kind = frame_of(table, target, time, group), "given"
    if part is None:
        parts = split(frame, problem, validate("split", {}))
        part, kind = parts.part, parts.manifest["split"]["like"]
    return audit(frame, part, problem, AuditSpec(), kind)


def asked(check, table, target, part):
    """Return what one check finds in a table `{name: array}` with a given split."""
    is_number = table[target].dtype.kind in "fi" and len(np.unique(table[target])) > 20
    problem = ProblemSpec(target=target, task="regression" if is_number else "classification")
    return list(check.findings(Case(frame_of(table, target), part, problem, "given")))


def loud(found, *kinds):
    """Return the findings that stop or warn, of these kinds if any are named."""
    return [
        item for item in found["findings"]
        if item["severity"] != "info" and (not kinds or item["kind"] in kinds)
    ]  # fmt: skip
