"""Every kind of split: sizes, disjointness, what stays together, what is said of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninefold.columns import NAT, Column, Frame
from ninefold.config import validate
from ninefold.errors import ConfigError, InputError
from ninefold.problem import ProblemSpec
from ninefold.splitting import Folds, read_folds, split, write_folds

DAY_US = 86_400_000_000


def table(n=400, classes=3, seed=0, entities=60):
    rng = np.random.default_rng(seed)
    columns = (
        Column("a b", "number", frozenset({"input"})),
        Column("ü.1", "category", frozenset({"input"})),
        Column("when", "datetime", frozenset({"time", "input"})),
        Column("who", "category", frozenset({"group"})),
        Column("y", "category", frozenset({"target"})),
        Column("z", "number", frozenset({"target"})),
    )
    a = rng.normal(size=n)
    a[::17] = np.nan
    data = {
        "a b": a,
        "ü.1": rng.choice(["x", "y", ""], n).astype(object),
        "when": rng.integers(0, 300, n) * DAY_US,
        "who": np.array([f"entity {i}" for i in rng.integers(0, entities, n)], dtype=object),
        "y": np.array([f"c{i}" for i in rng.integers(0, classes, n)], dtype=object),
        "z": rng.normal(size=n),
    }
    return Frame(columns, data, np.arange(n) * 2 + 5)


def problem(**more):
    return ProblemSpec(**{"target": "y", "task": "classification", **more})


def spec(**content):
    return validate("split", content)


def replaced(frame, **values):
    return Frame(frame.columns, {**frame.data, **values}, frame.row)


KINDS = {
    "random": {},
    "stratified": {},
    "group": {"group": ("who",)},
    "stratified_group": {"group": ("who",)},
    "time": {"time": "when"},
    "purged": {"time": "when"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_parts_have_the_sizes_asked_for_and_folds_partition_train(kind, task):
    asked = problem(task=task, target="y" if task == "classification" else "z", **KINDS[kind])
    parts = split(table(), asked, spec(kind=kind, valid_size=0.15, test_size=0.2))
    sizes = [len(parts.index(name)) for name in ("train", "valid", "test")]
    assert sum(sizes) == 400
    np.testing.assert_allclose(sizes, [260, 60, 80], atol=12)
    inside = parts.part == "train"
    assert (parts.fold[~inside] == -1).all()
    assert (parts.fold[inside] >= 0).all()
    assert parts.manifest["disjoint"]["holds"]
    assert not any(parts.manifest["disjoint"]["rows_in_two_parts"].values())


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_split_and_another_seed_another(kind):
    first, again = (split(table(), problem(**KINDS[kind]), spec(kind=kind)) for _ in range(2))
    assert (first.part == again.part).all()
    assert first.manifest == again.manifest
    other = split(table(), problem(**KINDS[kind]), spec(kind=kind, seed=1))
    assert (first.part == other.part).all() == (kind in ("time", "purged"))


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, "stratified"),
        ({"group": ("who",)}, "stratified_group"),
        ({"group": ("who",), "task": "regression", "target": "z"}, "group"),
        ({"time": "when"}, "time"),
        ({"time": "when", "group": ("who",)}, "time"),
    ],
)
def test_auto_takes_the_kind_the_problem_asks_for_and_says_why(more, kind):
    said = split(table(), problem(**more), spec()).manifest["split"]
    assert (said["requested"], said["kind"]) == ("auto", kind)
    assert said["why"]


@given(st.integers(0, 10_000), st.integers(2, 5), st.floats(0.02, 0.5), st.floats(0.02, 0.4))
def test_stratified_parts_have_the_same_mix(seed, classes, test_size, valid_size):
    frame = table(classes=classes, seed=seed)
    parts = split(
        frame, problem(), spec(kind="stratified", test_size=test_size, valid_size=valid_size)
    )
    for name, share in (("test", test_size), ("valid", valid_size)):
        index = parts.index(name)
        assert abs(len(index) - share * len(frame)) <= 2
        for level in np.unique(frame["y"]):
            wanted = (frame["y"] == level).mean() * len(index)
            assert abs((frame["y"][index] == level).sum() - wanted) <= 2.5


def test_regression_is_stratified_by_quantiles():
    parts = split(table(2000), problem(task="regression", target="z"), spec(kind="stratified"))
    medians = [part["target"]["median"] for part in parts.manifest["parts"].values()]
    assert np.ptp(medians) < 0.1


@given(st.integers(0, 1000), st.sampled_from(["random", "stratified"]))
def test_identical_rows_go_to_the_same_part_and_fold(seed, kind):
    frame = table(seed=seed)
    rng = np.random.default_rng(seed)
    source = rng.integers(0, 400, 400)
    source[:200] = np.arange(200)
    twins = Frame(frame.columns, {n: v[source] for n, v in frame.data.items()}, frame.row)
    parts = split(twins, problem(), spec(kind=kind))
    for original in np.unique(source):
        rows = source == original
        assert len(set(parts.part[rows].tolist())) == 1
        assert len(set(parts.fold[rows].tolist())) == 1
    assert not any(parts.manifest["disjoint"]["identical_rows_across_parts"].values())


def test_rows_that_coincide_by_chance_are_split_one_by_one():
    rng = np.random.default_rng(0)
    columns = (Column("sex", "category", frozenset({"input"})),)
    columns += (Column("y", "category", frozenset({"target"})),)
    data = {name: rng.choice(["a", "b"], 500).astype(object) for name in ("sex", "y")}
    parts = split(Frame(columns, data, np.arange(500)), problem(), spec())
    assert parts.manifest["identical_rows"]["kept_together"] is False
    assert len(parts.index("test")) == 100


@pytest.mark.parametrize("kind", ["random", "stratified", "group"])
def test_an_entity_never_spans_two_parts_or_folds(kind):
    frame = table()
    parts = split(frame, problem(group=("who",)), spec(kind=kind))
    for who in np.unique(frame["who"]):
        rows = frame["who"] == who
        assert len(set(parts.part[rows].tolist())) == 1
        assert len(set(parts.fold[rows].tolist())) == 1
    assert not any(parts.manifest["disjoint"]["entities_in_two_parts"].values())


def test_rows_without_an_entity_are_entities_of_their_own():
    frame = table()
    who = frame["who"].copy()
    who[:300] = ""
    parts = split(replaced(frame, who=who), problem(group=("who",)), spec())
    assert {"train", "valid", "test"} <= set(parts.part[:300].tolist())


@pytest.mark.parametrize("gap", [0, 5, "9d"])
@pytest.mark.parametrize("kind", ["datetime", "number"])
def test_time_orders_the_parts_and_tears_no_moment(kind, gap):
    frame = table()
    when = frame["when"]
    if kind == "number":
        gap = 0 if isinstance(gap, str) else gap
        frame = frame.with_column(Column("when", "number", frozenset({"time"})), when / DAY_US)
    parts = split(frame, problem(time="when"), spec(kind="time", gap=gap))
    spans = [when[parts.index(name)] for name in ("train", "valid", "test")]
    distance = 9 * DAY_US if gap == "9d" else 1
    assert spans[0].max() + distance <= spans[1].min()
    assert spans[1].max() + distance <= spans[2].min()
    dropped = parts.manifest["rows"]["dropped"].get("gap", 0)
    assert dropped == (parts.part == "").sum()
    assert (dropped > 0) == bool(gap)
    assert parts.manifest["disjoint"]["time_ordered"]


def test_the_gap_is_the_horizon_unless_given():
    asked = problem(time="when", horizon="9d")
    assert split(table(), asked, spec()).manifest["rows"]["dropped"]["gap"] > 0
    assert "gap" not in split(table(), asked, spec(kind="time", gap=0)).manifest["rows"]["dropped"]


def test_time_folds_expand_and_later_ones_are_validated_after_earlier():
    frame = table()
    parts = split(frame, problem(time="when"), spec(kind="time", folds=4))
    train = parts.index("train")
    folds = Folds(frame.row[train], parts.fold[train], parts.scheme)
    pairs = list(folds.pairs())
    assert len(pairs) == 4
    when = frame["when"][train]
    for fit, valid in pairs:
        assert when[fit].max() < when[valid].min()


def test_folds_come_back_from_disk(tmp_path):
    folds = Folds(np.array([3, 4, 9, 10]), np.array([0, 1, 0, 1]), "partition")
    write_folds(tmp_path / "folds.parquet", folds)
    again = read_folds(tmp_path / "folds.parquet")
    assert again.scheme == "partition"
    assert [(a.tolist(), b.tolist()) for a, b in again.pairs()] == [
        ([1, 3], [0, 2]),
        ([0, 2], [1, 3]),
    ]
    (tmp_path / "folds.parquet").write_bytes(b"no")
    with pytest.raises(InputError, match="folds"):
        read_folds(tmp_path / "folds.parquet")


def test_rows_without_target_or_time_are_dropped_and_counted():
    frame = table()
    y, when = frame["y"].copy(), frame["when"].copy()
    y[:10], when[10:25] = "", NAT
    parts = split(replaced(frame, y=y, when=when), problem(time="when"), spec())
    assert (parts.part[:25] == "").all()
    assert parts.manifest["rows"]["dropped"] == {"missing_target": 10, "missing_time": 15}
    assert parts.manifest["rows"]["used"] == 375


def test_a_class_with_one_row_goes_to_train_whatever_the_seed():
    frame = table()
    y = frame["y"].copy()
    y[7] = "rare"
    for seed in range(20):
        parts = split(replaced(frame, y=y), problem(), spec(kind="random", seed=seed))
        assert parts.part[7] == "train"


def test_a_class_with_three_rows_is_in_every_part_when_stratified():
    frame = table()
    y = frame["y"].copy()
    y[[3, 50, 200]] = "rare"
    for seed in range(20):
        parts = split(replaced(frame, y=y), problem(), spec(kind="stratified", seed=seed))
        assert set(parts.part[[3, 50, 200]].tolist()) == {"train", "valid", "test"}


def test_a_class_that_comes_up_after_train_is_dropped_and_counted():
    frame = table()
    y = frame["y"].copy()
    y[np.argsort(frame["when"])[-3:]] = "new"
    parts = split(replaced(frame, y=y), problem(time="when"), spec())
    assert parts.manifest["rows"]["dropped"]["class_not_in_train"] == 3


def test_a_time_that_each_class_has_for_itself_is_asked_about():
    frame = table()
    y = np.where(np.argsort(np.argsort(frame["when"])) < 0.7 * len(frame), "before", "after")
    with pytest.raises(InputError, match=r"is problem\.time written with the outcome"):
        split(replaced(frame, y=y.astype(object)), problem(time="when"), spec())


@pytest.mark.parametrize(
    ("frame", "asked", "content", "said"),
    [
        (table(20), problem(), {}, "at least 40 rows .* 20 of 20"),
        (table(classes=1), problem(), {}, "at least two classes"),
        (table(), problem(target="z"), {"kind": "group"}, "problem.group must be given"),
        (table(), problem(), {"kind": "time"}, "problem.time must be given"),
        (table(), problem(time="who"), {}, "date or a number"),
        (table(), problem(time="nope"), {}, "column of the data"),
        (table(entities=4), problem(group=("who",)), {}, "at least 6 entities"),
        (table(), problem(group=("nope",)), {}, "columns of the data"),
        (table(60), problem(), {"test_size": 0.05}, "test part must have at least 5"),
        (table(), problem(time="when"), {"kind": "time", "gap": "400d"}, r"train part .*gap[^?]*$"),
        (table(), problem(target="nope"), {}, "column of the data"),
    ],
)
def test_what_cannot_be_split_is_said_in_one_line(frame, asked, content, said):
    with pytest.raises(InputError, match=said) as caught:
        split(frame, asked, spec(**content))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"kind": "tmie"}, r"split\.kind must be one of"),
        ({"valid_size": 0.6, "test_size": 0.5}, "at least 5 %"),
        ({"kind": "time", "gap": "a week"}, "duration such as"),
        ({"kind": "time", "gap": -1}, "must be >= 0"),
        ({"kind": "given"}, r"path or a column, however: neither"),
        ({"kind": "given", "path": "a", "column": "b"}, r"path or a column, however: both"),
        ({"fold": 3}, "did you mean `folds`"),
    ],
)
def test_a_wrong_section_is_worded(content, said):
    with pytest.raises(ConfigError, match=said):
        spec(**content)


def test_one_moment_only_is_no_time_to_split_by():
    frame = table()
    with pytest.raises(InputError, match="three moments"):
        split(replaced(frame, when=frame["when"] * 0), problem(time="when"), spec())


def test_manifest_says_balance_times_and_hashes():
    frame = table()
    manifest = split(frame, problem(time="when"), spec()).manifest
    train = manifest["parts"]["train"]
    assert set(train) == {"rows", "share", "content_sha256", "target", "time"}
    assert train["time"]["from"].startswith("1970-01-01")
    assert sum(train["target"]["classes"].values()) == train["rows"]
    changed = frame["a b"].copy()
    changed[np.argmin(frame["when"])] += 1
    other = split(replaced(frame, **{"a b": changed}), problem(time="when"), spec()).manifest
    assert other["parts"]["train"]["content_sha256"] != train["content_sha256"]
    assert other["parts"]["test"] == manifest["parts"]["test"]
