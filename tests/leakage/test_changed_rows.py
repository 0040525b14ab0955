"""Copies put into a given test part with a cell changed or a text spelt anew are named."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.leakage import AuditSpec, audit
from ninefold.leakage.changed_rows import ChangedRowsCheck
from ninefold.problem import ProblemSpec
from tests.leakage.reports import asked, at_random, loud, report

N, PLANTED = 900, 40
PROBLEM = ProblemSpec(target="price", task="regression")


def table(rng):
    return {
        "lot": rng.integers(20, 160, N).astype(np.float64) * 100,
        "rooms": rng.integers(1, 6, N).astype(np.float64),
        "baths": rng.integers(1, 4, N).astype(np.float64),
        "heating": rng.choice(["gas", "oil", "none"], N).astype(object),
        "price": rng.integers(250, 1900, N).astype(np.float64) * 100,
    }


def frame(data):
    kinds = {"heating": "category", "description": "text"}
    columns = tuple(
        Column(n, kinds.get(n, "number"), frozenset({"target" if n == "price" else "input"}))
        for n in data
    )
    return Frame(columns, data, np.arange(len(data["price"])))


def parts(rng):
    return rng.choice(["train", "test"], N, p=[0.75, 0.25]).astype(object)


def findings(data, part):
    content = audit(frame(data), part, PROBLEM, AuditSpec(), "given")
    return [item for item in content["findings"] if item["kind"] == "rows.changed"]


@pytest.mark.parametrize("seed", range(3))
def test_copies_with_a_cell_changed_warn_and_are_named(seed):
    rng = np.random.default_rng(seed)
    data, part = table(rng), parts(rng)
    test, train = np.flatnonzero(part == "test")[:PLANTED], np.flatnonzero(part == "train")
    for values in data.values():
        values[test] = values[train[:PLANTED]]
    data["lot"][test] += 700
    (finding,) = findings(data, part)
    assert finding["severity"] == "warn"
    assert set(test) <= set(finding["rows"])
    assert len(finding["rows"]) < 1.3 * PLANTED


@pytest.mark.parametrize("seed", range(3))
def test_an_honest_split_is_silent(seed):
    rng = np.random.default_rng(seed)
    data = table(rng)
    assert findings(data, parts(rng)) == []


def test_texts_spelt_anew_are_the_same_text():
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(rng.choice(letters, 6)) for _ in range(400)]
    texts = [", ".join(rng.choice(words, 9)) for _ in range(N)]
    data = {"description": np.array(texts, dtype=object), "price": table(rng)["price"]}
    part = parts(rng)
    assert findings(data, part) == []
    test, train = np.flatnonzero(part == "test")[:PLANTED], np.flatnonzero(part == "train")
    data["description"][test] = [texts[i].upper().replace(",", " -") for i in train[:PLANTED]]
    (finding,) = findings(data, part)
    assert set(test) <= set(finding["rows"])


def test_one_patient_like_another_counts_once():
    rng = np.random.default_rng(4)
    patient = np.repeat(np.arange(90.0), 10)
    traits = rng.integers(0, 30, (90, 3)).astype(np.float64)
    traits[1] = traits[0]
    table = {f"trait{at}": traits[:, at][patient.astype(int)] for at in range(3)}
    table |= {"day": np.tile(np.arange(10.0), 90), "air": rng.normal(size=N).round(2)}
    table |= {"patient": patient, "pain": rng.choice(["yes", "no"], N).astype(object)}
    part = np.where((patient == 1) | (patient > 65), "test", "train").astype(object)
    assert loud(report(table, "pain", part, group=["patient"])) == []


def test_rows_of_few_values_in_an_entity_that_train_lacks_pass():
    rng = np.random.default_rng(5)
    school = rng.integers(0, 30, N)
    data = {name: rng.integers(0, 2, N).astype(np.float64) for name in ("a", "b", "c")}
    data |= {"class": school.astype(np.float64), "price": rng.integers(1, 9, N).astype(np.float64)}
    part = np.where(school < 22, "train", "test").astype(object)
    assert not findings(data, part)


def test_another_site_whose_rows_are_of_common_kinds_passes():
    rng = np.random.default_rng(0)
    site, data = rng.random(600) < 0.3, {}
    routine = rng.random(600) < np.where(site, 0.5, 0.05)
    for i in range(16):
        oftener = 0.35 * (1 if i % 2 else -1) * (i < 10)
        share = np.where(routine & (i >= 10), 0, 0.4 + oftener * site)
        data[f"sign {i}"] = np.where(rng.random(600) < share, "yes", "no").astype(object)
    data["risk"] = rng.integers(0, 3, 600).astype(float)
    data["outcome"] = np.where(rng.random(600) < 0.13, "ill", "well").astype(object)
    part = np.where(site, "test", "train").astype(object)
    assert not loud(report(data, "outcome", part))


def test_a_table_without_features_has_nothing_to_compare():
    rng = np.random.default_rng(0)
    assert findings({"price": table(rng)["price"]}, parts(rng)) == []


def test_records_seen_a_year_later_are_named():
    rng = np.random.default_rng(8)
    table = {f"c{i}": rng.choice(list("abcdef"), 600).astype(object) for i in range(4)}
    table |= {"age": rng.integers(20, 60, 600), "years": rng.integers(0, 30, 600)}
    table["y"] = rng.gamma(3, 4, 600).round(1)
    part = np.where(np.arange(600) < 450, "train", "test").astype(object)
    assert not loud(report(table, "y", part), "rows.changed")
    later = {name: np.concatenate([values, values[:20]]) for name, values in table.items()}
    for name in ("age", "years"):
        later[name][600:] += 1
    part = np.append(part, np.full(20, "test", dtype=object))
    (item,) = loud(report(later, "y", part), "rows.changed")
    assert set(item["rows"]) >= set(range(600, 620))
    assert "two columns" in item["message"]


def entered_again(rng, copies=PLANTED):
    """A table, and one with some rows entered again, a cell of theirs taken from another row."""
    data = table(rng) | {"size": rng.gamma(9, 12, N).round(), "age": rng.integers(0, 90, N) * 1.0}
    origin = rng.choice(N, copies, replace=False)
    again = {name: values[origin].copy() for name, values in data.items()}
    for row in range(copies):
        name = rng.choice([n for n in data if n != "price"])
        again[name][row] = rng.choice(data[name][data[name] != again[name][row]])
    return data, {name: np.concatenate([data[name], again[name]]) for name in data}, origin


def test_copies_with_a_cell_changed_all_over_the_table_are_named():
    _, made, origin = entered_again(np.random.default_rng(1), copies=90)
    (item,) = loud(report(made, "price"), "rows.changed")
    assert len({*origin, *range(N, N + 90)} & {*item["rows"]}) > 0.95 * len(item["rows"]) > 20


def test_they_are_named_in_a_split_that_people_bring_too():
    honest, made, origin = entered_again(np.random.default_rng(1), copies=90)
    assert not asked(ChangedRowsCheck(), honest, "price", at_random(N))
    (item,) = asked(ChangedRowsCheck(), made, "price", at_random(N + 90))
    assert len({*origin, *range(N, N + 90)} & {*item.rows}) > 0.95 * len(item.rows) > 20


def test_visits_that_differ_in_one_column_are_no_changed_copies():
    honest, _, _ = entered_again(np.random.default_rng(2))
    twice = {name: np.concatenate([values, values[:200]]) for name, values in honest.items()}
    twice["age"][N:] += 1
    assert not loud(report(twice, "price"), "rows.changed")


def test_a_column_fitted_on_train_does_not_make_changed_copies_of_repeats():
    rng = np.random.default_rng(3)
    booking = np.r_[np.arange(600), rng.integers(0, 600, N - 600)]
    data, part = {name: values[booking] for name, values in table(rng).items()}, parts(rng)
    kind, train = np.unique(data["heating"].astype(str), return_inverse=True)[1], part == "train"
    total, count = (np.bincount(kind[train], w) for w in (data["price"][train], None))
    others = (total[kind] - data["price"]) / (count[kind] - 1)
    data["mean of its heating"] = np.where(train, others, total[kind] / count[kind]).round(3)
    assert not asked(ChangedRowsCheck(), data, "price", part)
