"""Rows drawn between two others: found if they cross the split, else silent."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.leakage.case import Case
from ninefold.leakage.synthetic_rows import SyntheticRowsCheck
from ninefold.problem import ProblemSpec
from tests.leakage.reports import asked, at_random, loud, report

N = 600


def drawn(x, rng):
    """Points between rows and near rows, as SMOTE makes them, and the parents."""
    distance = ((x[:, None] - x[None]) ** 2).sum(axis=2) + 1e9 * np.eye(len(x))
    near = np.argsort(distance, axis=1)[:, :5]
    first = np.arange(len(x))
    second = near[first, rng.integers(0, 5, len(x))]
    return x + rng.random((len(x), 1)) * (x[second] - x), np.stack([first, second])


def case(decimals=None, everywhere=True, kind="given", seed=0, written=1, width=5):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, 5)) * [1, 5, 20, 0.5, 3] + [0, 40, 100, 1, 7]
    x = np.round(x, written)[:, :width]
    y = np.where(rng.random(N) < 0.2, "rare", "common").astype(object)
    part = rng.choice(["train", "test"], N, p=[0.75, 0.25]).astype(object)
    members = np.flatnonzero((y == "rare") & (everywhere | (part == "train")))
    new, parents = drawn(x[members], rng)
    new = new if decimals is None else np.round(new, decimals)
    shares = [0.75, 0.25] if everywhere else [1.0, 0.0]
    part = np.concatenate([part, rng.choice(["train", "test"], len(new), p=shares)])
    x, y = np.concatenate([x, new]), np.concatenate([y, np.full(len(new), "rare")])
    columns = [Column(f"x{i}", "number", frozenset({"input"})) for i in range(width)]
    columns.append(Column("y", "category", frozenset({"target"})))
    data = {f"x{i}": x[:, i] for i in range(width)} | {"y": y.astype(object)}
    frame = Frame(tuple(columns), data, np.arange(len(x)))
    rows = np.concatenate([np.arange(N, len(x)), members[parents].ravel()])
    problem = ProblemSpec(target="y", task="classification")
    return Case(frame, part.astype(object), problem, kind), set(rows.tolist())


@pytest.mark.parametrize("decimals", [None, 5])
@pytest.mark.parametrize("kind", ["given", "stratified"])
def test_rows_drawn_before_the_split_are_found_and_named(kind, decimals):
    made, rows = case(decimals, kind=kind)
    (finding,) = SyntheticRowsCheck().findings(made)
    assert finding.severity == ("block" if kind == "given" else "warn")
    assert set(finding.rows) <= rows
    test = rows & set(np.flatnonzero(made.test).tolist())
    assert len(finding.rows) > 0.6 * len(test)


def test_rows_rounded_as_coarsely_as_the_table_is_written_are_found():
    made, rows = case(2, written=2)
    (finding,) = SyntheticRowsCheck().findings(made)
    assert len(set(finding.rows) & rows) > 0.8 * len(finding.rows)


def test_rows_of_two_columns_are_found_and_those_on_a_grid_are_not():
    made, rows = case(width=2)
    (finding,) = SyntheticRowsCheck().findings(made)
    assert finding.severity == "warn"
    assert set(finding.rows) <= rows
    assert not list(SyntheticRowsCheck().findings(case(width=2, everywhere=False)[0]))
    rng = np.random.default_rng(0)
    along = rng.lognormal(3, 0.8, 1000).round()
    table = {"area": along * np.pi, "edge": (np.sqrt(along) + rng.normal(0, 1, 1000)).round() * 0.7}
    table["y"] = rng.choice(["a", "b"], 1000).astype(object)
    assert not loud(report(table, "y"), "rows.synthetic")


@pytest.mark.parametrize("seed", range(2))
def test_scaled_shares_that_are_mostly_zero_are_not(seed):
    """As words in mails: the grid that they lie on was scaled, too."""
    rng = np.random.default_rng(seed)
    size = np.round(rng.lognormal(4.5, 1.2, 3000)) + 5
    table = {"size": size}
    for name, often in (("free", 0.005), ("money", 0.003), ("credit", 0.002)):
        table[name] = np.round(100 * rng.poisson(often * size) / size, 2)
    table = {name: values / values.std() for name, values in table.items()}
    table["y"] = rng.choice(["a", "b"], len(size)).astype(object)
    part = at_random(len(size), seed)
    assert not asked(SyntheticRowsCheck(), table, "y", part)


@pytest.mark.parametrize("seed", range(3))
def test_rows_drawn_from_train_for_train_are_silent(seed):
    assert not list(SyntheticRowsCheck().findings(case(everywhere=False, seed=seed)[0]))


def test_a_distance_times_a_few_wages_is_a_grid():
    """What a trip costs, by the worth of the hours on the way: homes lie on lines, by classes."""
    rng = np.random.default_rng(0)
    home, wages = rng.integers(0, 40, 1200), np.cumsum(rng.uniform(0.2, 1.4, 12)).round(1)
    wage = wages[rng.integers(0, 12, 1200)]
    table = {
        name: (rng.integers(5, 60, 40)[home] * wage + rng.integers(0, 40, 40)[home]).round(3)
        for name in ("beach", "boat", "charter")
    }
    table["catch"] = rng.gamma(0.5, 0.5, 40).round(4)[home]
    table["mode"] = rng.choice(["beach", "boat"], 1200).astype(object)
    assert not asked(SyntheticRowsCheck(), table, "mode", at_random(1200, 0))


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_straight_growth_and_smooth_series_are_silent(noise):
    """Between two moments everything lies on a line, by halves."""
    t = np.arange(400.0)
    rng = np.random.default_rng(0)
    data = {f"x{i}": (i + 1) * t + noise * rng.normal(size=400) for i in range(4)}
    data["x4"] = np.sin(t / 50)
    data["y"] = rng.normal(size=400)
    columns = [Column(n, "number", frozenset({"target" if n == "y" else "input"})) for n in data]
    frame = Frame(tuple(columns), data, np.arange(400))
    part = rng.choice(["train", "test"], 400, p=[0.75, 0.25]).astype(object)
    made = Case(frame, part, ProblemSpec(target="y", task="regression"), "random")
    assert not list(SyntheticRowsCheck().findings(made))


@pytest.mark.parametrize("digits", [1, 3])
@pytest.mark.parametrize("seed", range(2))
def test_columns_that_follow_from_two_others_are_silent(digits, seed):
    """Where two columns meet a line by chance, what is computed from them meets it too."""
    rng = np.random.default_rng(seed)
    height, weight = rng.normal(1.75, 0.1, 2000).round(2), rng.normal(75, 12, 2000).round(1)
    data = {
        "height": height,
        "weight": weight,
        "bmi": (weight / height**2).round(digits),
        "surface": (0.2 * weight**0.425 * height**0.725).round(digits + 1),
        "y": rng.normal(size=2000),
    }
    columns = [Column(n, "number", frozenset({"target" if n == "y" else "input"})) for n in data]
    part = rng.choice(["train", "test"], 2000, p=[0.75, 0.25]).astype(object)
    frame = Frame(tuple(columns), data, np.arange(2000))
    made = Case(frame, part, ProblemSpec(target="y", task="regression"), "given")
    assert not list(SyntheticRowsCheck().findings(made))


def test_measures_of_one_size_lie_between_others_without_anybody_drawing_them():
    rng = np.random.default_rng(0)
    across = rng.lognormal(1.74, 0.2, 4000)
    along = across * rng.normal(1, 0.004, 4000)
    share = rng.normal(61.7, 1.4, 4000)
    deep = (across + along) / 2 * share / 100
    carat = across * along * deep * 0.0061 * rng.normal(1, 0.01, 4000)
    table = {"carat": carat.round(2), "depth": share.round(1), "x": across.round(2)}
    table |= {"y": along.round(2), "z": deep.round(2), "table": rng.normal(57, 2.2, 4000).round()}
    price = np.exp(7 + 1.5 * np.log(carat) + rng.normal(0, 0.2, 4000)).round()
    assert not loud(report(table | {"price": price}, "price"), "rows.synthetic")
