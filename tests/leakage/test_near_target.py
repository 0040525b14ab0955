"""target, id: what is nearly the target by itself, and honest measures that come close."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.leakage import AuditSpec, audit
from ninefold.leakage.missing import MissingCheck
from ninefold.problem import ProblemSpec
from tests.leakage.reports import asked, at_random, loud, report

N = 1200
INPUT, ID = frozenset({"input"}), frozenset({"id"})
FORMULAS = {
    "a / b²": lambda a, b: a / b**2,
    "a · b²": lambda a, b: a * b**2,
    "a² + b²": lambda a, b: a**2 + b**2,
}


def findings(data, y, severities=("block", "warn"), ids=()):
    """Audit numbers and texts `data` with target `y`; return a kind for each column named."""
    is_class = y.dtype == object
    kinds = {name: "category" if v.dtype == object else "number" for name, v in data.items()}
    columns = [Column(name, kind, ID if name in ids else INPUT) for name, kind in kinds.items()]
    columns.append(Column("y", "category" if is_class else "number", frozenset({"target"})))
    frame = Frame(tuple(columns), {**data, "y": y}, np.arange(len(y)))
    part = np.where(np.random.default_rng(9).random(len(y)) < 0.25, "test", "train").astype(object)
    task = "classification" if is_class else "regression"
    problem = ProblemSpec(target="y", task=task, ids=ids)
    found = audit(frame, part, problem, AuditSpec(), "given")["findings"]
    return {c: i["kind"] for i in found if i["severity"] in severities for c in i["columns"]}


def noise(rng, n=N):
    return {"n1": rng.normal(size=n), "n2": rng.normal(size=n)}


def classes(mask):
    return np.where(mask, "yes", "no").astype(object)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("is_class", [True, False])
@pytest.mark.some(2)
def test_the_only_cause_among_noise_is_a_question(is_class, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=N)
    y = x + 0.12 * rng.normal(size=N)
    data, target = {"x": x, **noise(rng)}, classes(y > 0) if is_class else y
    assert findings(data, target) == {}
    assert findings(data, target, ("info",))["x"] == "target.noisy"


def test_noisy_copies_among_noise_warn():
    rng = np.random.default_rng(0)
    yes = rng.random(N) < 0.4
    flag = classes(yes ^ (rng.random(N) < 0.02))
    score = yes * 4 + rng.normal(size=N)
    assert findings({"leak": flag, **noise(rng)}, classes(yes)) == {"leak": "target.noisy"}
    assert findings({"leak": score, **noise(rng)}, classes(yes)) == {"leak": "target.noisy"}


def test_a_copy_with_flips_is_named_though_the_others_tell_more():
    rng = np.random.default_rng(0)
    yes = rng.random(N) < 0.3
    causes = {f"x{i}": yes * 1.1 + rng.normal(size=N) for i in range(4)}
    even, uneven = (yes ^ (rng.random(N) < np.where(yes, miss, 0.12)) for miss in (0.12, 0.2))
    assert findings({"flag": classes(even), **causes}, classes(yes)) == {"flag": "target.noisy"}
    assert findings({"flag": classes(uneven), **causes}, classes(yes)) == {}
    written = np.where(even, "spam", "ham").astype(object)
    assert findings({"flag": written, **causes}, classes(yes)) == {}


@pytest.mark.parametrize(("told", "severity"), [((7, 8, 9, 10), "info"), ((7,), "warn")])
def test_several_samples_of_a_wave_are_its_signal_and_one_is_not(told, severity):
    rng = np.random.default_rng(0)
    yes = rng.random(N) < 0.4
    wave = {f"v{n}": 4.0 * (yes if n in told else 0) + rng.normal(size=N) for n in range(16)}
    found = findings(wave, classes(yes), (severity,))
    assert found == dict.fromkeys([f"v{n}" for n in told], "target.noisy")


@pytest.mark.parametrize("seed", range(3))
def test_a_column_that_the_others_outdo_passes(seed):
    """Given the target it is tied to no other column, but they tell the target better."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=N)
    common = y + 0.1 * rng.normal(size=N)
    data = {name: common + 0.05 * rng.normal(size=N) for name in "ab"}
    assert findings({**data, "w": y + 0.2 * rng.normal(size=N)}, y) == {}


@pytest.mark.parametrize("seed", range(3))
def test_the_number_a_class_is_cut_from_is_named_whatever_it_is_tied_to(seed):
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=N)
    weeks, length = (weight + 0.7 * rng.normal(size=N) for _ in range(2))
    blurred = np.round(weight, 2)
    data = {"weight": blurred, "weeks": weeks, "length": length}
    assert set(findings(data, classes(weight < -1.2))) == {"weight"}


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("is_class", [True, False])
@pytest.mark.some(3)
def test_a_formula_with_a_square_names_both(is_class, formula):
    rng = np.random.default_rng(1)
    a, b = rng.normal(75, 14, N).clip(40), rng.normal(1.7, 0.1, N)
    if "+" in formula:
        a, b = rng.normal(size=N), rng.normal(size=N)
    y = FORMULAS[formula](a, b)
    target = classes(y > np.median(y)) if is_class else y
    assert findings({"a": a, "b": b, **noise(rng)}, target) == dict.fromkeys(
        ("a", "b"), "target.combination"
    )


def loans(share, rng):
    amount = np.round(rng.uniform(1000, 40000, N), 2)
    paid = np.round(amount * rng.beta(1, 4, N), 2)
    wrong = rng.random(N) < share
    balance = np.where(wrong, amount * rng.random(N), amount - paid)
    return {"amount": amount, "paid": paid, **noise(rng)}, balance


@pytest.mark.parametrize("share", [0.03, 0.12])
def test_a_difference_that_holds_in_most_rows_is_named(share):
    data, balance = loans(share, np.random.default_rng(2))
    assert set(findings(data, balance)) == {"amount", "paid"}


def test_a_difference_that_often_fails_is_no_identity():
    data, balance = loans(0.2, np.random.default_rng(2))
    assert "target.combination" not in findings(data, balance).values()


@pytest.mark.parametrize("is_sorted", [True, False])
def test_row_number_of_a_file_sorted_by_the_target(is_sorted):
    rng = np.random.default_rng(3)
    x = rng.normal(size=N)
    y = x + rng.normal(size=N)
    trend = np.linspace(0, 8, N) + y
    order = np.argsort(y) if is_sorted else np.arange(N)
    y = y[order] if is_sorted else trend
    data = {"idx": np.arange(N) + 1.0, "x": x[order]}
    found = findings(data, y, ids=("idx",))
    assert found == ({"idx": "id.predictive"} if is_sorted else {})


def test_a_fact_of_declared_entities_counts_once_for_each():
    rng = np.random.default_rng(8)
    patient = np.repeat(np.arange(80), 8)
    age = rng.permutation(400)[:80] / 4 + 20
    data = {
        "patient": np.array([f"p{i}" for i in patient], dtype=object),
        "age": age[patient],
        "pressure": rng.normal(120, 15, len(patient)),
        "ill": np.where(rng.random(80) < 0.4, "yes", "no").astype(object)[patient],
    }
    assert not loud(report(data, "ill", group=["patient"]))


@pytest.mark.parametrize("seed", range(4))
def test_gaps_beside_a_strong_cause_are_named(seed):
    rng = np.random.default_rng(seed)
    x, group = rng.normal(size=1500), rng.integers(0, 2, 1500)
    x += 0.6 * group
    yes = x + 0.3 * rng.normal(size=1500) > 1.6
    gap = rng.random(1500) < np.where(yes, 0.85, 0.03)
    data = {"x": x, "group": group, "phone": np.where(gap, np.nan, rng.random(1500))}
    found = asked(MissingCheck(), {**data, "y": classes(yes)}, "y", at_random(1500))
    assert [item.columns for item in found] == [("phone",)]


def test_a_rounded_target_is_no_rank_within_groups():
    rng = np.random.default_rng(0)
    y = rng.normal(size=600)
    data = {"site": rng.integers(0, 12, 600).astype(float), "about": y.round(1), **noise(rng, 600)}
    assert findings(data, y) == {"about": "target.bands"}


@pytest.mark.parametrize("is_weekday_known", [True, False])
def test_what_a_weekday_gives_as_well_is_no_band(is_weekday_known):
    rng = np.random.default_rng(0)
    weekday = rng.integers(0, 7, N)
    is_shut = (weekday == 6) ^ (rng.random(N) < 0.01)
    sold = np.where(is_shut, 0, rng.poisson(20, N) + 1).astype(float)
    names = {"weekday": np.array(list("mtwrfsu"), dtype=object)[weekday]}
    data = {"shut": classes(is_shut), **noise(rng), **(names if is_weekday_known else {})}
    assert findings(data, sold) == ({} if is_weekday_known else {"shut": "target.bands"})


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.some(1)
def test_a_nearly_exact_copy_in_a_small_table_is_named_and_a_strong_cause_is_not(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(50, 3))
    y = x @ [1.0, 0.6, -0.5] + 0.3 * rng.normal(size=50)
    data = {f"x{i}": column for i, column in enumerate(x.T)}
    assert findings({**data, "leak": 3 * y - 20 + 0.1 * rng.normal(size=50)}, y) == {
        "leak": "target.noisy"
    }
    assert findings({**data, "first": x[:, 0] + 0.05 * rng.normal(size=50)}, y) == {}
