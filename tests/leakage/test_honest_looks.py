"""Honest tables that look like leaking ones: what tells them apart."""

import numpy as np
import pandas as pd
import pytest

from ninefold.leakage.noisy import NoisyCheck
from tests.leakage.reports import asked, at_random, loud, report

N = 600


def told(table, part=None, time=None):
    """Return kind and columns of what warns or blocks under a given split."""
    arrays = {name: table[name].to_numpy() for name in table}
    found = report(arrays, "y", at_random(len(table)) if part is None else part, time=time)
    return [(item["kind"], item["columns"]) for item in loud(found)]


def test_a_class_of_a_few_rows_is_told_by_chance():
    rng = np.random.default_rng(3)
    y = np.where(np.arange(N) < 3, "rare", rng.choice(["a", "b"], N))
    strange = np.where(np.arange(N) < 3, rng.normal(2.2, 0.1, N), rng.normal(size=N))
    table = pd.DataFrame({"x": rng.normal(size=N) + (y == "a"), "strange": strange, "y": y})
    assert told(table) == []


def test_two_sizes_of_a_body_may_tell_its_species():
    rng = np.random.default_rng(0)
    kind = rng.random(N) < 0.5
    long = rng.normal(30, 6, N)
    wide = long * np.where(kind, 1.1, 1.22) * rng.lognormal(0, 0.02, N)
    table = pd.DataFrame({"long": long, "wide": wide, "age": rng.normal(size=N) + kind})
    assert told(table.assign(y=np.where(kind, "blue", "orange"))) == []


def test_two_measures_that_hardly_go_together_inside_species_speak_for_each_other():
    rng = np.random.default_rng(3)
    species = rng.choice(["DM", "DS", "NL", "PP"], 1500, p=[0.62, 0.12, 0.06, 0.2])
    means = {"DM": (36, 43), "DS": (50, 120), "NL": (32, 160), "PP": (21.6, 17)}
    size = rng.normal(size=1500)
    foot, weight = np.array([means[name] for name in species]).T
    table = {
        "foot": np.round(foot + 1.2 * size + 1.4 * rng.normal(size=1500)),
        "weight": np.round(weight * np.exp(0.1 * size + 0.15 * rng.normal(size=1500))),
        "sex": rng.choice(["F", "M"], 1500).astype(object),
        "plot": np.where(rng.random(1500) < 0.2 + 0.5 * (species == "PP"), "fenced", "open"),
        "species": species.astype(object),
    }
    assert loud(report(table, "species")) == []


def test_people_of_one_street_are_no_copies():
    rng = np.random.default_rng(1)
    street = rng.integers(0, 500, N)
    of_street = rng.normal(size=(500, 6)).round(3)
    table = pd.DataFrame(of_street[street], columns=[f"x{i}" for i in range(6)])
    score = table["x0"] + rng.normal(0, 1, N)
    assert told(table.assign(y=np.where(score > 0, "buys", "leaves"))) == []


def test_sine_and_cosine_of_the_day_are_not_scaled():
    day = np.arange(N)
    angle = 2 * np.pi * day / 365.25
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"sin": np.sin(angle).round(5), "cos": np.cos(angle).round(5), "day": day})
    table["y"] = 5 * table["sin"] + rng.normal(size=N)
    part = np.where(day < 0.8 * N, "train", "test").astype(object)
    assert told(table, part, "day") == []


def test_the_same_month_of_last_year_is_known_in_time():
    month = np.arange(480)
    rng = np.random.default_rng(4)
    y = pd.Series(100 + 0.5 * month + 30 * np.sin(month * np.pi / 6) + rng.normal(0, 6, 480))
    table = pd.DataFrame({"month": month, "lag12": y.shift(12), "lag1": y.shift(1), "y": y})
    table = table.dropna().reset_index(drop=True)
    part = np.where(table["month"] < 400, "train", "test").astype(object)
    assert told(table, part, "month") == []


@pytest.mark.parametrize("is_rank", [False, True])
def test_a_curve_in_each_group_is_nature_and_a_rank_in_it_is_not(is_rank):
    rng = np.random.default_rng(6)
    group, y = rng.choice(["a", "b", "c", "d"], N), rng.normal(20, 8, N).round(2)
    level = pd.Series(group).map({"a": 0, "b": 9, "c": 20, "d": 33})
    curve = 100 * np.exp((level - y) / 15)
    ranks = pd.Series(y).groupby(group).rank(pct=True)
    table = pd.DataFrame({"group": group, "x": ranks if is_rank else curve.round(3), "y": y})
    kinds = [kind for kind, columns in told(table) if columns == ["x"]]
    assert kinds == ["encoding.summary"] * is_rank


def test_the_measures_of_a_species_may_be_free_of_each_other():
    rng = np.random.default_rng(1)
    species = rng.integers(0, 4, N)
    sizes = 1.4 * rng.normal(size=(4, 5))[species] + rng.normal(size=(N, 5))
    table = pd.DataFrame(sizes.round(2), columns=list("abcde"))
    assert told(table.assign(y=np.array(["p", "q", "r", "s"])[species])) == []


def test_the_first_week_of_growth_and_a_dose_in_a_plan_stand_for_no_gap():
    rng = np.random.default_rng(2)
    animal, week = np.repeat(np.arange(50), 12), np.tile(np.arange(12), 50)
    y = 40 + rng.normal(5, 0.5, 50)[animal] * week + rng.normal(size=N)
    table = pd.DataFrame({"week": week, "diet": np.array(["a", "b"])[animal % 2], "y": y.round(1)})
    assert told(table) == []
    heat = np.tile(np.arange(175, 235, 10), 100)
    angle = 20 + (heat - 175) / 5 + rng.normal(0, 8, N)
    assert told(pd.DataFrame({"heat": heat, "y": angle.round()})) == []


def test_refusals_that_reach_into_the_accepted_are_no_wrong_labels():
    rng = np.random.default_rng(4)
    accepted = np.arange(1500) >= 220
    odd = np.arange(1500) < 80
    x = rng.normal(size=(1500, 4)) + 7 * (accepted | odd)[:, None]
    table = pd.DataFrame(x, columns=list("abcd")).assign(y=np.where(accepted, "yes", "no"))
    assert [kind for kind, _ in told(table) if kind.startswith("label")] == []


@pytest.mark.parametrize("is_made", [False, True])
def test_the_causes_of_a_rare_class_look_free_of_each_other(is_made):
    """They go together in its few rows alone; what was made from it tells more than all of them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5000, 6))
    y = 1.2 * x[:, 0] + x[:, 1] + rng.normal(size=5000) > 4.4
    table = dict(zip("abcdef", x.T, strict=True)) | {"y": np.where(y, "fault", "ok")}
    if is_made:
        table["made"] = 5.0 * y + rng.normal(size=5000)
    found = asked(NoisyCheck(), table, "y", at_random(5000))
    assert [item.columns for item in found] == ([("made",)] if is_made else [])
