"""Entities nobody declared are found; ordinary categories and measures pass."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.leakage import AuditSpec, audit
from ninefold.problem import ProblemSpec

N = 480
PROBLEM = ProblemSpec(target="y", task="regression")


def table(seed=0, **extra):
    """Rows with two features, and columns given as `name=(kind, values)`; y last."""
    rng = np.random.default_rng(seed)
    data = {"x": rng.normal(size=N), "z": rng.normal(size=N)}
    kinds = {"x": "number", "z": "number"}
    for name, (kind, values) in extra.items():
        data[name], kinds[name] = values, kind
    roles = {name: frozenset({"target" if name == "y" else "input"}) for name in data}
    columns = tuple(Column(name, kinds[name], roles[name]) for name in data)
    return Frame(columns, data, np.arange(N))


def tied(rng, rows=4):
    """Return entities of `rows` each in random order, and a target nearly the same within."""
    entity = rng.permutation(N) % (N // rows)
    return entity, rng.normal(size=N // rows)[entity] + rng.normal(size=N) * 0.2


def undeclared(frame, part=None):
    if part is None:
        part = np.where(np.random.default_rng(5).random(N) < 0.25, "test", "train").astype(object)
    found = audit(frame, part, PROBLEM, AuditSpec(), "given")["findings"]
    return [item for item in found if item["kind"] == "group.undeclared"], part


@pytest.mark.parametrize(("kind", "rows"), [("number", 4), ("category", 4), ("category", 30)])
def test_an_entity_that_comes_back_warns_and_names_its_rows(kind, rows):
    entity, y = tied(np.random.default_rng(0), rows)
    names = (
        entity.astype(float) if kind == "number" else np.array([f"P{i}" for i in entity], object)
    )
    (finding,), part = undeclared(table(patient=(kind, names), y=("number", y)))
    assert (finding["columns"], finding["severity"]) == (["patient"], "warn")
    seen = np.isin(entity, entity[part == "train"]) & (part == "test")
    assert finding["rows"] == np.flatnonzero(seen).tolist()
    assert finding["fix"] == [{"path": ["problem", "group"], "value": ["patient"]}]


def test_an_entity_without_a_name_is_found_by_what_never_changes():
    rng = np.random.default_rng(0)
    entity, y = tied(rng)
    birth, height, zip_code = (rng.integers(0, 60, N // 4)[entity].astype(float) for _ in range(3))
    frame = table(
        birth=("number", birth), height=("number", height), zip=("number", zip_code),
        y=("number", y),
    )  # fmt: skip
    (finding,), _ = undeclared(frame)
    assert set(finding["columns"]) == {"birth", "height", "zip"}


def test_two_numbers_and_a_sex_that_never_change_name_an_entity_together():
    rng = np.random.default_rng(0)
    entity, y = tied(rng)
    birth, zip_code = (rng.integers(0, 40, N // 4)[entity].astype(float) for _ in range(2))
    sex = rng.choice(["f", "m"], N // 4)[entity].astype(object)
    frame = table(
        birth=("number", birth), zip=("number", zip_code), sex=("category", sex), y=("number", y)
    )
    (finding,), _ = undeclared(frame)
    assert set(finding["columns"]) == {"birth", "zip", "sex"}


def test_an_entity_of_many_rows_is_found_by_columns_of_few_values():
    rng = np.random.default_rng(0)
    entity = rng.permutation(N) % (N // 8)
    y = rng.normal(size=N // 8)[entity] + rng.normal(size=N) * 0.2
    birth, month, place = (
        rng.integers(0, size, N // 8)[entity].astype(float) for size in (12, 10, 14)
    )
    frame = table(
        birth=("number", birth), month=("number", month), place=("number", place), y=("number", y)
    )
    (finding,), _ = undeclared(frame)
    assert set(finding["columns"]) == {"birth", "month", "place"}


def test_a_seat_in_a_school_names_a_pupil_although_every_pair_is_met():
    rng = np.random.default_rng(0)
    entity, y = tied(rng)
    turn = rng.permutation(N // 4)[entity]
    school, seat = (turn % 10).astype(float), (turn // 10).astype(float)
    frame = table(school=("number", school), seat=("number", seat), y=("number", y))
    (finding,), _ = undeclared(frame)
    assert finding["columns"] == ["school", "seat"]
    effect = rng.normal(size=10)[school.astype(int)] + rng.normal(size=12)[seat.astype(int)]
    y = effect + rng.normal(size=N) * 0.5
    frame = table(school=("number", school), seat=("number", seat), y=("number", y))
    assert not undeclared(frame)[0]


def test_honest_columns_that_repeat_pass():
    rng = np.random.default_rng(0)
    age = rng.integers(18, 90, N).astype(float)
    state = rng.integers(0, 10, N)
    code = np.array([f"B{v}" for v in rng.integers(0, N // 4, N)], dtype=object)
    y = age / 20 + state + rng.normal(size=N)
    names = np.array([f"state {v}" for v in state], dtype=object)
    frame = table(
        age=("number", age), state=("category", names), batch=("category", code), y=("number", y)
    )
    assert undeclared(frame)[0] == []


def test_a_category_that_the_target_follows_in_part_is_told_not_warned():
    rng = np.random.default_rng(1)
    shop = rng.permutation(N) % (N // 6)
    y = rng.normal(size=N // 6)[shop] + 0.8 * rng.normal(size=N)
    names = np.array([f"shop {v}" for v in shop], dtype=object)
    (finding,), _ = undeclared(table(shop=("category", names), y=("number", y)))
    assert (finding["columns"], finding["severity"]) == (["shop"], "info")


def test_twins_of_which_the_features_tell_nearly_all_are_told_not_warned():
    rng = np.random.default_rng(2)
    model = rng.permutation(N) % (N // 4)
    x = rng.normal(size=N // 4)[model]
    y = 4 * x + rng.normal(size=N // 4)[model] + 0.1 * rng.normal(size=N)
    names = np.array([f"model {v}" for v in model], dtype=object)
    frame = table(model=("category", names), size=("number", x), y=("number", y))
    assert {item["severity"] for item in undeclared(frame)[0]} <= {"info"}


def test_a_number_of_few_values_that_the_target_follows_names_nothing():
    rng = np.random.default_rng(3)
    degrees = rng.integers(0, 100, N).astype(float)
    y = np.sin(degrees / 8) + rng.normal(size=100)[degrees.astype(int)] / 3
    frame = table(degrees=("number", degrees), y=("number", y))
    assert not undeclared(frame)[0]


def test_entities_kept_apart_in_one_part_each_are_no_matter():
    entity, y = tied(np.random.default_rng(0))
    part = np.where(entity % 4 == 0, "test", "train").astype(object)
    frame = table(patient=("number", entity.astype(float)), y=("number", y))
    assert undeclared(frame, part)[0] == []


def test_a_number_that_one_entity_alone_has_stops_nothing():
    rng = np.random.default_rng(3)
    entity, y = tied(rng)
    rare = np.where(entity == 7, 1.0 * np.arange(N), np.nan)
    frame = table(who=("category", entity.astype(str).astype(object)), rare=("number", rare),
                  y=("number", y))  # fmt: skip
    found, _ = undeclared(frame)
    assert found[0]["columns"] == ["who"]


def test_entities_that_happen_to_share_a_value_are_silent_where_the_split_keeps_them_whole():
    rng = np.random.default_rng(4)
    farm = rng.permutation(N) % (N // 6)
    altitude = rng.normal(400, 60, N // 6).round()
    y = rng.normal(size=N // 6)[farm] + 0.3 * rng.normal(size=N)
    frame = table(altitude=("number", altitude[farm]), y=("number", y))
    whole = np.where(farm % 4 == 0, "test", "train").astype(object)
    assert not undeclared(frame, whole)[0]
    assert undeclared(frame)[0]


NAMES = {
    "part 2 of `scan`": "img/{0:03d}_{1}.png",
    "part 7 of `scan`": "https://www.shop.example/item?sid=k{0}&hit={1}",
}


@pytest.mark.parametrize("is_tied", [True, False])
@pytest.mark.parametrize("part", NAMES)
def test_an_entity_in_the_name_of_a_file_is_found(part, is_tied):
    rng = np.random.default_rng(0)
    entity, y = tied(rng)
    patient = entity if is_tied else rng.permutation(entity)
    scans = np.array([NAMES[part].format(p, i) for i, p in enumerate(patient)], dtype=object)
    found, _ = undeclared(table(scan=("category", scans), y=("number", y)))
    assert [item["columns"] for item in found] == [["scan"]] * is_tied
    assert all(part in item["message"] and not item["fix"] for item in found)


@pytest.mark.parametrize(("name", "is_told"), [("patient_id", True), ("level", False)])
def test_what_calls_itself_an_identifier_is_held_against_less(name, is_told):
    rng = np.random.default_rng(3)
    entity = rng.permutation(N) % (N // 4)
    told, hidden = (rng.normal(size=N // 4)[entity] for _ in range(2))
    y = 1.5 * told + 0.7 * hidden + rng.normal(size=N)
    extra = {
        name: ("number", entity.astype(float)),
        "told": ("number", told + rng.normal(size=N) / 9),
    }
    found, _ = undeclared(table(**extra, y=("number", y)))
    assert [item["columns"] for item in found] == [[name]] * is_told
