"""Fresh rows against the reference: silent on the same source, exact on what moved."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold.columns import Column, Frame
from ninefold.files import jsonable
from ninefold.freshness import compare, reference, too_few, without_values
from ninefold.freshness.measuring import stability

INPUT = frozenset({"input"})


def rows(count, seed):
    rng = np.random.default_rng(seed)
    data = {
        **{f"n{i}": rng.normal(i, 1 + i, count) for i in range(8)},
        "zeros": np.where(rng.random(count) < 0.7, 0.0, rng.exponential(size=count)),
        "colour": rng.choice(["red", "blue", "green"], count, p=[0.6, 0.3, 0.1]).astype(object),
        "gap": np.where(rng.random(count) < 0.1, np.nan, rng.normal(size=count)),
        "flag": rng.random(count) < 0.2,
    }
    kinds = {"f": "number", "O": "category", "b": "bool"}
    columns = tuple(Column(n, kinds[v.dtype.kind], INPUT) for n, v in data.items())
    return Frame(columns, data, np.arange(count))


REFERENCE = json.loads(json.dumps(jsonable(reference(rows(3000, 0)))))


def shifted(frame):
    return {(i["column"], i["what"]) for i in compare(REFERENCE, frame) if i["shifted"]}


@pytest.mark.parametrize("count", [40, 300, 5000])
def test_honest_rows_are_silent(count):
    assert [shifted(rows(count, seed)) for seed in range(1, 11)] == [set()] * 10


def change(name, function):
    def changed(frame):
        frame.data[name] = function(frame.data[name])
        return frame

    return changed


CHANGES = {
    "unit": (change("n3", lambda v: v * 1000), ("n3", "values")),
    "moved": (change("n0", lambda v: v + 1), ("n0", "values")),
    "constant": (change("zeros", lambda v: v * 0 + 0.5), ("zeros", "values")),
    "gaps": (change("gap", lambda v: np.where(np.arange(len(v)) % 3 == 0, np.nan, v)),
             ("gap", "missing")),
    "new level": (change("colour", lambda v: np.where(v == "red", "rouge", v)),
                  ("colour", "values")),
    "flipped": (change("flag", lambda v: ~v), ("flag", "values")),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_changed_is_named_and_nothing_else(name):
    function, expected = CHANGES[name]
    assert shifted(function(rows(600, 7))) == {expected}


def test_masked_columns_leave_only_their_gaps():
    found = reference(rows(100, 0), masked=["colour"])
    (content,) = [c for c in found["columns"] if c["name"] == "colour"]
    assert set(content) == {"name", "kind", "roles", "format", "missing"}


def test_columns_masked_after_training_show_no_value():
    fresh = change("colour", lambda v: np.where(v == "red", "secret", v))(rows(600, 7))
    assert "secret" in json.dumps(jsonable(compare(REFERENCE, fresh)))
    said = compare(without_values(REFERENCE, {"colour"}), fresh)
    assert "secret" not in json.dumps(jsonable(said))
    assert ("colour", "missing") in {(item["column"], item["what"]) for item in said}
    masked = json.loads(json.dumps(jsonable(reference(rows(3000, 0), masked=["colour"]))))
    assert without_values(REFERENCE, {"colour"}) == masked


@settings(max_examples=60)
@given(st.lists(st.floats(), max_size=30), st.lists(st.sampled_from(["red", "x", ""]), max_size=30))
def test_any_fresh_rows_can_be_compared(numbers, levels):
    count = min(len(numbers), len(levels))
    data = {
        "n1": np.array(numbers[:count], dtype=float),
        "colour": np.array(levels[:count], dtype=object),
    }
    columns = (Column("n1", "number", INPUT), Column("colour", "category", INPUT))
    for item in compare(REFERENCE, Frame(columns, data, np.arange(count))):
        assert 0 <= item["q"] <= 1


def test_stability_is_zero_for_equal_shares():
    assert stability(np.array([50, 50]), np.array([500, 500])) == 0
    assert stability(np.array([500, 500]), np.array([900, 100])) > 0.25


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ([0, 0, 0, 1], [0, 1, 1, 1], "75% are 1, in training 25%"),
        ([5, 5, 5, 5], [5, 6, 7, 8], "25% are 5, in training 100%"),
        (["a", "a", "b", "c"], ["a", "c", "c", "c"], "75% are c, in training 25%"),
        ([0, 0, 0, *range(1, 8)], [0, 1, *[90] * 8], "half of the values"),
        ([0] * 7 + [*range(1, 8)], [0] * 12 + [50], "92% are at most 0, in training"),
    ],
)
def test_the_message_says_what_moved_whatever_the_values(before, now, said):
    kind = "category" if isinstance(before[0], str) else "number"
    dtype = object if kind == "category" else np.float64
    columns = (Column("x", kind, INPUT),)
    was, fresh = (
        Frame(columns, {"x": np.tile(np.array(v, dtype), 100)}, np.arange(100 * len(v)))
        for v in (before, now)
    )
    (item,) = (i for i in compare(reference(was), fresh) if i["what"] == "values")
    assert item["shifted"]
    assert said in item["message"]


def people(count, seed):
    rng = np.random.default_rng(seed)
    income, age = rng.lognormal(7, 0.5, count), rng.integers(18, 70, count).astype(float)
    data = {
        "income": income,
        "costs": income * rng.uniform(0.3, 0.5, count),
        "age": age,
        "people": rng.integers(2_000, 90_000, count).astype(float),
        "credit": rng.choice(["good", "bad"], count, p=[0.8, 0.2]).astype(object),
    }
    columns = tuple(
        Column(n, "category" if v.dtype == object else "number", INPUT) for n, v in data.items()
    )
    return Frame(columns, data, np.arange(count))


PEOPLE = reference(people(1000, 0))
MIDDLE = float(np.quantile(people(1000, 0)["age"], 0.5, method="inverted_cdf"))
SPOILED = {
    "code": (change("age", lambda v: np.where(np.arange(len(v)) % 30 == 0, 0, v)),
             "`age` is 0 in 20 of 600 rows, in training never (the least was 18): a code"),
    "goes on": (change("age", lambda v: v - 20), "`age` is distributed otherwise"),
    "moved": (change("costs", lambda v: np.roll(v, 1)),
              "`costs` looks moved by 1 row against `income`"),
    "filled": (change("age", lambda v: np.where(np.arange(len(v)) % 6 == 0, MIDDLE, v)),
               f"`age` is {MIDDLE:g} in 1"),
    "thousands": (change("people", lambda v: v / 1000), "such as 1.234 for 1234"),
    "shuffled": (change("costs", np.random.default_rng(0).permutation), "no longer go together"),
    "unit": (change("income", lambda v: v / 1000), "all are about 0.001 times what they were"),
    "labels": (change("credit", lambda v: np.where(v == "good", "bad", "good").astype(object)),
               "good and bad look exchanged"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILED)
def test_it_is_said_what_may_have_happened(name):
    function, said = SPOILED[name]
    assert said in " | ".join(
        item["message"] for item in compare(PEOPLE, function(people(600, 1))) if item["shifted"]
    )
    assert not [i for i in compare(PEOPLE, people(600, 1)) if i["shifted"]]


def test_how_few_rows_are_too_few_is_said():
    assert "of less than 66% of them is no more than chance. Check 11 or more" in too_few(6)
    assert "a shift of all of them" in too_few(1)
    assert [too_few(0), too_few(11), too_few(500)] == ["", "", ""]


def test_two_columns_that_were_exchanged_are_named():
    fresh = people(600, 1)
    fresh.data["income"], fresh.data["costs"] = fresh["costs"], fresh["income"]
    messages = [item["message"] for item in compare(PEOPLE, fresh) if item["shifted"]]
    assert len(messages) == 2
    assert all(said.endswith("look exchanged") for said in messages)


def test_levels_never_seen_are_named_with_what_may_be_meant():
    fresh = rows(400, 5)
    fresh["colour"][:30] = "RED"
    fresh["colour"][30:40] = "pink"
    (found,) = [i for i in compare(REFERENCE, fresh) if i["shifted"]]
    assert found["message"] == (
        "`colour` has 2 levels never seen in training, in 40 of 400 rows: "
        "'RED', 'pink' ('RED' is perhaps 'red')"
    )


def test_what_moves_with_time_and_labels_to_come_are_no_alarm():
    def later(start):
        at = np.arange(start, start + 600)
        data = {"at": at.astype(float), "meter": at * 3.0, "size": np.sin(at), "y": at % 2.0}
        data |= {"until": (at + 5) * 86_400_000_000}
        roles = {"at": "time", "meter": "input", "size": "input", "y": "target", "until": "input"}
        columns = tuple(
            Column(n, "datetime" if n == "until" else "number", frozenset({r}))
            for n, r in roles.items()
        )
        return Frame(columns, data, at)

    fresh = later(900)
    fresh.data["y"][:300] = np.nan
    known = json.loads(json.dumps(jsonable(reference(later(0), (), "at"))))
    assert [item for item in compare(known, fresh) if item["shifted"]] == []
    fresh.data["size"][:] += 3
    assert [item["column"] for item in compare(known, fresh) if item["shifted"]] == ["size"]


def test_a_few_days_are_held_against_stretches_of_training_as_short():
    def hours(start, count):
        at = np.arange(start, start + count)
        rng = np.random.default_rng(start)
        warm = 10 - 10 * np.cos(at / 8760 * 2 * np.pi) + rng.normal(size=count)
        data = {"at": at.astype(float), "day": at // 24 % 30.0, "warm": warm}
        data |= {"dew": warm - 3 + rng.normal(size=count), "still": rng.normal(size=count)}
        data |= {"free": (at // 24 % 7 > 4) * 1.0}
        roles = {"at": frozenset({"time"})}
        columns = tuple(Column(n, "number", roles.get(n, INPUT)) for n in data)
        return Frame(columns, data, at)

    def moved(frame):
        return {(i["column"], i["what"]) for i in compare(known, frame) if i["shifted"]}

    known = json.loads(json.dumps(jsonable(reference(hours(0, 8760), (), "at"))))
    for start in (8760, 9500, 11000, 13000):
        assert moved(hours(start, 96)) == set()
    fresh = hours(9500, 96)
    fresh.data["still"][:] += 2
    assert moved(fresh) == {("still", "values")}
    fresh = hours(9500, 336)
    assert moved(fresh) == set()
    fresh.data["free"] = 1 - fresh["free"]
    assert moved(fresh) == {("free", "values")}


def test_texts_that_are_shorter_than_in_training_are_told():
    def texts(most):
        words = np.random.default_rng(most).integers(3, most, 400)
        data = {"note": np.array(["so it is " * n for n in words], dtype=object)}
        return Frame((Column("note", "text", INPUT),), data, np.arange(400))

    known = json.loads(json.dumps(jsonable(reference(texts(20)))))
    assert [item["shifted"] for item in compare(known, texts(20))] == [False] * 3
    (found,) = [item for item in compare(known, texts(6)) if item["shifted"]]
    assert "number of words in `note`" in found["message"]


LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))


@pytest.mark.parametrize(
    ("spoilt", "is_told"),
    [
        (str, False),
        (str.upper, True),
        (lambda text: text.replace("e", "Ã©"), True),
        (lambda text: text[::-1], True),
    ],
)
def test_texts_in_other_words_than_training_had_are_told(spoilt, is_told):
    rng = np.random.default_rng(0)
    language = ["".join(rng.choice(LETTERS, rng.integers(2, 8))) for _ in range(400)]
    often = 1 / np.arange(1, 401)

    def texts(count, seed, spoilt=str):
        rng = np.random.default_rng(seed)
        said = [
            rng.choice(language, rng.integers(5, 30), p=often / often.sum()) for _ in range(count)
        ]
        data = {"note": np.array([spoilt(" ".join(words)) for words in said], dtype=object)}
        return Frame((Column("note", "text", INPUT),), data, np.arange(count))

    known = json.loads(json.dumps(jsonable(reference(texts(500, 1)))))
    told = [item["message"] for item in compare(known, texts(150, 2, spoilt)) if item["shifted"]]
    assert ["words common in training" in message for message in told] == [True] * is_told
    masked = reference(texts(500, 1), masked=["note"])
    assert language[0] not in json.dumps(jsonable(masked))
    assert language[0] not in json.dumps(jsonable(without_values(known, ["note"])))


DAY = 86_400_000_000


def stays(count, seed, start=0, longer=0.0):
    """Return stays that begin one after the other, and when each ended."""
    rng = np.random.default_rng(seed)
    begun = start + np.sort(rng.uniform(0, 200, count)) * DAY
    ended = begun + (rng.gamma(2, 3, count) + longer) * DAY
    data = {"begun": begun.astype(np.int64), "ended": ended.astype(np.int64)}
    columns = (Column("begun", "datetime", INPUT | {"time"}), Column("ended", "datetime", INPUT))
    return Frame(columns, data, np.arange(count))


STAYS = json.loads(json.dumps(jsonable(reference(stays(1500, 0), time="begun"))))
LATER = {"start": 200 * DAY}
MISSING = np.iinfo(np.int64).min


def test_a_date_that_is_further_from_the_time_of_its_row_is_told():
    def moved(fresh, known=STAYS):
        return [i["message"] for i in compare(known, fresh) if i["shifted"]]

    assert moved(stays(300, 1, **LATER)) == []
    (said,) = moved(stays(300, 1, **LATER, longer=40.0))
    assert said.startswith("days from `begun` to `ended` is distributed otherwise")
    still = stays(300, 1, **LATER)
    long = still["ended"] - still["begun"] > 4 * DAY
    still.data["ended"] = np.where(long, MISSING, still["ended"])  # they have not ended yet
    assert ["is missing" in message for message in moved(still)] == [True]
    masked = reference(stays(1500, 0), masked=["ended"], time="begun")
    assert "lag" not in masked["columns"][1]
    assert moved(stays(300, 1, **LATER, longer=40.0), without_values(STAYS, ["ended"])) == []


HOUR = 3_600_000_000


def shop(count, seed, start=0):
    """Return an hourly table: prices by article, a load by the hour, and winters that are cold."""
    rng, at = np.random.default_rng(seed), np.arange(start, start + count)
    article = rng.choice(["nut", "bolt", "gear", "pump"], count).astype(object)
    season = -np.cos(at / 8766 * 2 * np.pi)
    data = {
        "at": at * HOUR,
        "article": article,
        "price": np.char.str_len(article.astype(str)) ** 2 + rng.gamma(2, 3, count),
        "load": 10 * (at % 24 // 6) + rng.normal(0, 4, count),
        "warm": 55 + 22 * season + rng.normal(0, 5, count),
    }
    data["price"] += 20 * (article == "pump")
    kinds = {"at": "datetime", "article": "category"}
    roles = {"at": frozenset({"time"})}
    columns = tuple(Column(n, kinds.get(n, "number"), roles.get(n, INPUT)) for n in data)
    return Frame(columns, data, at)


@pytest.fixture(scope="module")
def of_a_year():
    return json.loads(json.dumps(jsonable(reference(shop(9500, 0), (), "at"))))


def told(known, fresh):
    return [item["message"] for item in compare(known, fresh) if item["shifted"]]


def test_levels_and_hours_that_no_longer_go_with_a_number_are_told(of_a_year):
    fresh = shop(240, 1, 9500)
    assert told(of_a_year, fresh) == []
    for some in (fresh["article"] == "pump", fresh["at"] // HOUR % 24 < 6):
        assert "together" not in " ".join(told(of_a_year, fresh.take(np.flatnonzero(some))))
    fresh.data["price"] = np.roll(fresh["price"], 1)
    assert [said.partition(" (")[0] for said in told(of_a_year, fresh)] == [
        "`article` and `price` no longer go together"
    ]
    assert "`price` looks moved by 1 row against `article`" in told(of_a_year, fresh)[0]
    late = shop(240, 2, 9500)
    late.data["at"] = late["at"] + 6 * HOUR
    (said,) = told(of_a_year, late)
    assert said.startswith("the hour of `at` and `load` no longer go together")


def test_a_unit_is_told_beside_the_same_months_of_training(of_a_year):
    for start, count in ((9500, 14), (13000, 72), (17000, 336)):
        fresh = shop(count, start, start)
        assert told(of_a_year, fresh) == []
        fresh.data["warm"] = (fresh["warm"] - 32) / 1.8
        said = " ".join(told(of_a_year, fresh))
        assert "`warm` lies elsewhere than in the same months of training" in said
        assert "as if turned from °F to °C" in said


def test_grades_and_months_of_masked_columns_are_not_kept(of_a_year):
    for hidden in ({"article", "at"}, {"price", "warm"}):
        content = reference(shop(2000, 0), hidden, "at")
        assert not [pair for pair in content["graded"] if hidden & {*pair["columns"]}]
        later = without_values(of_a_year, hidden)
        assert not [pair for pair in later["graded"] if hidden & {*pair["columns"]}]
        kept = {item["name"] for item in later["columns"] if "months" in item}
        assert not kept & hidden
