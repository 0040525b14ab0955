"""Whatever a table holds, the audit answers: no crash and no warning of a library."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ninefold.columns import Column, Frame
from ninefold.leakage import AuditSpec
from ninefold.leakage.audit import audit
from ninefold.problem import ProblemSpec

GAP = np.iinfo(np.int64).min
DAY = 86_400_000_000


def huge(n, r):
    return r.choice([-1e300, 1e300, 1e-300, 0.0, 5.0], n)


NUMBERS = {
    "constant": lambda n, r: np.full(n, 3.0),
    "missing": lambda n, r: np.full(n, np.nan),
    "one value": lambda n, r: np.where(np.arange(n) == n // 2, 1.0, np.nan),
    "huge": huge,
    "growing": lambda n, r: 10.0 ** np.linspace(-300, 300, n),
    "infinite": lambda n, r: np.where(r.random(n) < 0.1, -np.inf, r.normal(size=n)),
    "few": lambda n, r: r.integers(0, 3, n).astype(float),
    "gappy": lambda n, r: np.where(r.random(n) < 0.6, np.nan, r.normal(size=n)),
    "number": lambda n, r: r.normal(size=n),
    "clock": lambda n, r: r.integers(0, 24, n) * 100.0 + r.integers(0, 60, n),
    "row": lambda n, r: np.arange(n) + 1e15,
    "spike": lambda n, r: np.where(r.random(n) < 0.95, 0.0, r.lognormal(9, 9, n)),
}
NAMES = {
    "empty": lambda n, r: np.full(n, "", dtype=object),
    "levels": lambda n, r: np.array([f"{i}" for i in r.permutation(n)], dtype=object),
    "odd": lambda n, r: r.choice(["", " ", "é\u0301", "nan", "\x00", "A", "a", "12:30"], n),
    "texts": lambda n, r: np.array(
        [" ".join(r.choice(["to", "be", "or", "not", ""], r.integers(0, 40))) for _ in range(n)],
        dtype=object,
    ),
    "hours": lambda n, r: np.array([f"{i % 24:02d}:{i % 60:02d}" for i in range(n)], dtype=object),
}
DATES = {
    "days": lambda n, r: np.arange(n) * DAY,
    "gaps": lambda n, r: np.where(r.random(n) < 0.5, GAP, r.integers(0, 10**16, n)),
    "no date": lambda n, r: np.full(n, GAP),
    "one day": lambda n, r: np.full(n, DAY),
    "far": lambda n, r: r.choice([-(10**17), 10**17], n),
}
FLAGS = {"flag": lambda n, r: r.random(n) < 0.03, "always": lambda n, r: np.ones(n, dtype=bool)}
MAKERS = (
    {name: ("number", make) for name, make in NUMBERS.items()}
    | {name: ("category", make) for name, make in NAMES.items()}
    | {name: ("datetime", make) for name, make in DATES.items()}
    | {name: ("bool", make) for name, make in FLAGS.items()}
)
TARGETS = {
    "one a class": ("category", lambda n, r: np.array([f"c{i}" for i in range(n)], dtype=object)),
    "rare": ("category", lambda n, r: np.where(np.arange(n) == 1, "yes", "no").astype(object)),
    "classes": ("category", lambda n, r: r.choice(["a", "b", "c"], n).astype(object)),
    "flag": ("bool", lambda n, r: r.random(n) < 0.4),
    "few": ("number", lambda n, r: r.integers(0, 4, n).astype(float)),
    "normal": ("number", lambda n, r: r.normal(size=n)),
    "huge": ("number", huge),
    "constant": ("number", lambda n, r: np.ones(n)),
    "spike": ("number", NUMBERS["spike"]),
}


def frame_of(n, names, target, roles, r):
    columns = [Column("y", TARGETS[target][0], frozenset({"target"}))]
    data = {"y": TARGETS[target][1](n, r)}
    for name in names:
        kind, make = MAKERS[name]
        columns.append(Column(name, kind, frozenset({roles.get(name, "input")})))
        data[name] = make(n, r)
    data = {k: v.astype(object) if v.dtype.kind == "U" else v for k, v in data.items()}
    return Frame(tuple(columns), data, r.permutation(n))


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 150),
    st.lists(st.sampled_from(sorted(MAKERS)), max_size=7, unique=True),
    st.sampled_from(sorted(TARGETS)),
    st.sampled_from(["given", "random", "stratified", "group", "time"]),
    st.booleans(),
    st.integers(0, 2**20),
)
@example(120, ["huge", "growing", "number", "days"], "normal", "given", False, 0)
@example(120, ["huge", "growing", "number", "days"], "classes", "given", False, 0)
@example(90, ["texts", "levels", "odd", "clock", "hours"], "one a class", "random", False, 0)
def test_the_audit_answers(n, names, target, kind, has_roles, seed):
    r = np.random.default_rng(seed)
    dates = [name for name in names if name in DATES]
    levels = [name for name in names if name in ("few", "odd", "levels")]
    time = dates[0] if has_roles and dates else None
    group = (levels[0],) if has_roles and levels else ()
    roles = ({time: "time"} if time else {}) | dict.fromkeys(group, "group")
    if has_roles and "number" in names:
        roles["number"] = "after"
    frame = frame_of(n, names, target, roles, r)
    is_number = TARGETS[target][0] == "number" and target != "few"
    problem = ProblemSpec(
        target="y", task="regression" if is_number else "classification", time=time, group=group,
        horizon="2d" if time and seed % 2 else None,
    )  # fmt: skip
    part = r.choice(["train", "valid", "test", ""], n, p=[0.6, 0.1, 0.25, 0.05]).astype(object)
    part[:2] = ["train", "test"]
    assert audit(frame, part, problem, AuditSpec(), kind)["checked"]["rows"] == (part != "").sum()


@pytest.mark.parametrize("target", ["classes", "normal"])
def test_thousands_of_levels_and_no_column_at_all(target):
    r = np.random.default_rng(0)
    part = np.where(np.arange(4000) % 4 == 0, "test", "train").astype(object)
    for names in (["levels", "texts"], []):
        frame = frame_of(4000, names, target, {}, r)
        task = "regression" if target == "normal" else "classification"
        problem = ProblemSpec(target="y", task=task)
        assert audit(frame, part, problem, AuditSpec(), "given")["verdict"] in ("pass", "warn")
