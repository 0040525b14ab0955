"""What values that are not as training had them may be: told where it is so, not where not."""

import numpy as np
import pytest

from ninefold.clues import of_cells, of_levels, of_outliers, of_shift

BEFORE = np.random.default_rng(0).lognormal(1, 0.6, 2000)
KNOWN = np.quantile(BEFORE, np.linspace(0, 1, 201), method="inverted_cdf")
NOW = np.sort(np.random.default_rng(1).lognormal(1, 0.6, 1000))


@pytest.mark.parametrize(
    ("level", "known", "said"),
    [
        ("Femal", ["Female", "Male"], "'Femal' is perhaps 'Female'"),
        ("female ", ["Female", "Male"], "'female ' is perhaps 'Female'"),
        ("Two yaer", ["One year", "Two year"], "'Two yaer' is perhaps 'Two year'"),
        ("Mno", ["Mon", "Tue"], "'Mno' is perhaps 'Mon'"),
        ("MÃ¼nchen", ["München"], "'MÃ¼nchen' is perhaps 'München'"),
        ("NA?", ["yes"], "'NA?' reads like a missing value: name it in ingest.missing"),
        ("B2", ["B1", "B3"], ""),
        ("2014", ["2013"], ""),
        ("Sat", ["Sun", "Mon"], ""),
        ("nonsmoker", ["smoker"], ""),
        ("A+", ["A-"], ""),
    ],
)
def test_a_new_level_is_perhaps_a_known_one(level, known, said):
    assert of_levels([level], known) == said


@pytest.mark.parametrize(
    ("values", "others", "bounds", "said"),
    [
        ([-20, -35, -41], range(90), (0, 112), "with the other sign they lie within: a wrong"),
        ([121.4], [-121.2, -121.6], (-122, -120), "with the other sign it lies within: a wrong"),
        ([-999] * 5 + [-3], range(30), (0, 30), "-999 reads like a code for a missing value"),
        ([12890, 19400], range(500, 4000), (0, 7540), "divided by 10 they lie within: a misplaced"),
        ([0.28, 0.41], [2, 3, 4, 5, 9], (2, 9), "times 10 they lie within: a misplaced decimal"),
        ([-1, -3], range(90), (0, 112), ""),
        ([11, 12], range(7), (0, 10.5), ""),
        ([9e6, 8e6], range(7), (0, 10.5), ""),
        ([], range(7), (0, 10), ""),
    ],
)
def test_numbers_out_of_range_are_perhaps_mistakes(values, others, bounds, said):
    found = of_outliers(np.array([*values, *others], dtype=float), *bounds)
    assert found.startswith(said)
    assert bool(found) == bool(said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v: v * 100, "all are about 100 times what they were: another unit?"),
        (lambda v: v * 2.54, "all are about 2.5"),
        (lambda v: -v[::-1], "all have the other sign"),
        (lambda v: v * 1.8 + 32, "as if turned from °C to °F"),
        (lambda v: v + 40, "all lie about 40 higher"),
        (lambda v: v, ""),
        (lambda v: v * 1.3, ""),
        (lambda v: v**2, ""),
    ],
)
def test_a_shift_of_all_values_is_told_by_what_makes_it(change, said):
    found = of_shift(KNOWN, change(NOW))
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_temperatures_of_people_are_turned_not_multiplied():
    body = np.sort(np.random.default_rng(0).normal(37, 0.6, 900))
    assert of_shift(body, body[::3] * 1.8 + 32) == "as if turned from °C to °F"


@pytest.mark.parametrize(
    ("cells", "kind", "said"),
    [
        (["42,3", "7,25"], "number", "numbers with a decimal comma"),
        (["16,100.00", "9.50"], "number", "numbers like 1,234.5"),
        (["9 years", "12 years"], "number", "numbers with 'years' behind"),
        (["04/23/2024", "12/31/2024"], "datetime", "dates like %m/%d/%Y"),
        (["?", "n/a"], "number", "marks of missing values: name them in ingest.missing"),
        (["high", "low"], "number", ""),
        ([], "number", ""),
    ],
)
def test_cells_that_cannot_be_read_look_like_something(cells, kind, said):
    assert of_cells(cells, kind) == said
