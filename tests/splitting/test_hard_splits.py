"""Splits for labels that look ahead, entities, rare classes and neighbours; what they promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold.columns import Column, Frame
from ninefold.errors import ConfigError
from ninefold.splitting import Folds, read_folds, split, write_folds
from tests.splitting.test_split import DAY_US, problem, replaced, spec, table

PARTS = ("train", "valid", "test")
KINDS = {
    "random": {},
    "stratified": {},
    "group": {"group": ("who",)},
    "stratified_group": {"group": ("who",)},
    "time": {"time": "when"},
    "purged": {"time": "when", "horizon": "5d"},
    "group_time": {"time": "when", "group": ("who",)},
    "blocked": {"time": "when"},
}
WHOLE = ("group", "stratified_group", "group_time")


def visits(seed, rows=500, entities=120, life=30):
    """Entities that come, stay for `life` days and go; the target differs between them."""
    rng = np.random.default_rng(seed)
    who = rng.integers(0, entities, rows)
    born, kind = rng.integers(0, 365, entities), rng.random(entities)
    frame = table(rows, seed=seed)
    return replaced(
        frame,
        who=np.array([f"e{i}" for i in who], dtype=object),
        when=(born[who] * 24 + rng.integers(0, life * 24, rows)) * DAY_US // 24,
        y=np.where(rng.random(rows) < kind[who] ** 3, "rare", "usual").astype(object),
    )


def folds_of(frame, parts):
    return Folds.of(frame.row[parts.index("train")], parts.plan)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), folds=st.integers(2, 6))
@pytest.mark.some(4)
def test_parts_and_folds_are_disjoint_deterministic_and_accounted_for(kind, seed, folds):
    frame = visits(seed)
    asked, content = problem(**KINDS[kind]), spec(kind=kind, seed=seed, folds=folds)
    parts, again = split(frame, asked, content), split(frame, asked, content)
    assert (parts.part == again.part).all()
    assert (parts.fold == again.fold).all()
    assert parts.manifest == again.manifest
    rows = parts.manifest["rows"]
    assert rows["used"] + sum(rows["dropped"].values()) == len(frame) == rows["total"]
    assert sum(len(parts.index(name)) for name in PARTS) == rows["used"]
    assert parts.manifest["disjoint"]["holds"]
    found = folds_of(frame, parts)
    said = parts.manifest["folds"]
    train = len(parts.index("train"))
    assert sum(said["rows"].values()) + said["unused"] == train
    pairs = list(found.pairs())
    assert pairs
    for (fit, new), counted in zip(pairs, said["pairs"], strict=True):
        assert not set(fit.tolist()) & set(new.tolist())
        assert counted == {"fit": len(fit), "validate": len(new)}


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), life=st.integers(1, 400))
def test_no_entity_stands_in_two_parts_nor_on_both_sides_of_a_fold(kind, seed, life):
    frame = visits(seed, life=life)
    parts = split(frame, problem(**KINDS[kind]), spec(kind=kind, seed=seed))
    who = frame["who"]
    sets = [set(who[parts.index(name)]) for name in PARTS]
    assert len(set.union(*sets)) == sum(map(len, sets))
    inside = who[parts.index("train")]
    for fit, new in folds_of(frame, parts).pairs():
        assert not set(inside[fit]) & set(inside[new])


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    horizon=st.integers(0, 20),
    embargo=st.integers(0, 20),
    folds=st.integers(2, 6),
)
def test_no_train_row_lies_within_the_horizon_of_what_it_is_validated_on(
    seed, horizon, embargo, folds
):
    frame = visits(seed)
    content = spec(kind="purged", folds=folds, embargo=f"{embargo}d")
    parts = split(frame, problem(time="when", horizon=f"{horizon}d"), content)
    when, reach = frame["when"], horizon * DAY_US
    spans = [when[parts.index(name)] for name in PARTS]
    assert spans[0].max() + reach < spans[1].min() or not horizon
    assert spans[1].max() + reach < spans[2].min() or not horizon
    inside = when[parts.index("train")]
    for fit, new in folds_of(frame, parts).pairs():
        first, last = inside[new].min(), inside[new].max()
        before, after = inside[fit][inside[fit] < first], inside[fit][inside[fit] > last]
        assert len(before) + len(after) == len(fit)
        assert not len(before) or before.max() + reach < first
        assert not len(after) or after.min() > last + reach + embargo * DAY_US
        left = (inside + reach >= first) & (inside <= last + reach + embargo * DAY_US)
        assert len(fit) == len(inside) - left.sum()


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), gap=st.integers(0, 10), by_file=st.booleans())
def test_blocks_are_contiguous_and_no_row_has_its_neighbour_in_another_part(seed, gap, by_file):
    frame = visits(seed, rows=900)
    asked = problem() if by_file else problem(time="when")
    content = spec(kind="blocked", seed=seed, gap=gap if by_file else f"{gap}d")
    parts = split(frame, asked, content)
    at = np.arange(900) if by_file else frame["when"]
    width = gap if by_file else gap * DAY_US
    test, train = at[parts.part == "test"], at[parts.part == "train"]
    valid = at[parts.part == "valid"]
    nearest = min(
        np.abs(a[:, None] - b[None, :]).min()
        for a, b in ((train, valid), (train, test), (valid, test))
    )
    assert nearest > width
    ordered = parts.part[np.argsort(at, kind="stable")]
    ordered = ordered[ordered != ""]
    assert np.count_nonzero(ordered[1:] != ordered[:-1]) < 20


def test_blocks_leave_a_twentieth_of_a_block_at_each_border_unless_told():
    frame = table(2000)
    parts = split(frame, problem(), spec(kind="blocked"))
    assert parts.manifest["notes"] == {"blocks": 20, "gap": 5}
    assert parts.manifest["rows"]["dropped"]["border"] > 0
    horizon = split(frame, problem(time="when", horizon="2d"), spec(kind="blocked"))
    assert horizon.manifest["notes"]["gap"] == "2d"
    with pytest.raises(ConfigError, match="keeps entities whole"):
        split(frame, problem(group=("who",)), spec(kind="blocked"))
    with pytest.raises(ConfigError, match="number of rows"):
        split(frame, problem(), spec(kind="blocked", gap="2d"))


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_classes_keep_their_proportion_although_entities_stay_whole(seed):
    frame = visits(seed, rows=2000, entities=300)
    asked = problem(group=("who",))
    off = {}
    for kind in ("group", "stratified_group"):
        parts = split(frame, asked, spec(kind=kind, seed=seed))
        rare = frame["y"] == "rare"
        groups = [parts.index(name) for name in PARTS]
        inside = parts.part == "train"
        groups += [np.flatnonzero(inside & (parts.fold == k)) for k in range(5)]
        off[kind] = [abs(rare[rows].mean() - rare.mean()) for rows in groups]
        if kind == "stratified_group":
            sizes = [len(rows) / 2000 for rows in groups[:3]]
            np.testing.assert_allclose(sizes, [0.65, 0.15, 0.2], atol=0.01)
    assert max(off["stratified_group"]) < 0.02
    assert max(off["stratified_group"]) < max(off["group"])


@pytest.mark.parametrize("life", [20, 365])
def test_entities_and_time_divide_at_once(life):
    frame = visits(3, rows=1500, life=life)
    parts = split(frame, problem(**KINDS["group_time"]), spec(kind="group_time"))
    when, dropped = frame["when"], parts.manifest["rows"]["dropped"]
    spans = [when[parts.index(name)] for name in PARTS]
    assert spans[0].max() < spans[1].min()
    assert spans[1].max() < spans[2].min()
    lost = dropped["entity_of_another_part"] / 1500
    assert lost < 0.2 if life == 20 else lost < 0.6
    inside = when[parts.index("train")]
    for fit, new in folds_of(frame, parts).pairs():
        assert inside[fit].max() < inside[new].min()


def test_later_rows_of_known_entities():
    frame = visits(3, rows=1500, life=200)
    content = spec(kind="group_time", entities="seen")
    parts = split(frame, problem(**KINDS["group_time"]), content)
    who = frame["who"]
    known = set(who[parts.index("train")])
    assert set(who[parts.index("test")]) <= known
    assert set(who[parts.index("valid")]) <= known
    assert parts.manifest["rows"]["dropped"]["entity_not_in_train"] > 0
    assert parts.manifest["split"]["like"] == "time"


def test_auto_divides_by_entity_and_time_where_entities_come_and_go():
    asked = problem(time="when", group=("who",))
    said = split(visits(1, rows=1500, life=10), asked, spec()).manifest["split"]
    assert said["kind"] == "group_time"
    assert "no entity spans two parts" in said["why"]
    said = split(visits(1, rows=1500, life=900), asked, spec()).manifest["split"]
    assert said["kind"] == "time"
    assert "recur over time" in said["why"]


def test_auto_says_how_rare_the_rarest_class_is_and_how_far_labels_look():
    frame = table()
    y = frame["y"].copy()
    y[:40] = "rare"
    assert "rarest has 10.0 %" in split(replaced(frame, y=y), problem(), spec()).manifest["split"][
        "why"
    ].replace("%", " %")
    asked = problem(time="when", horizon="9d")
    assert "known after 9d" in split(frame, asked, spec()).manifest["split"]["why"]


def test_numbers_order_purged_folds_too():
    frame = table()
    when = frame["when"] / DAY_US
    frame = frame.with_column(Column("when", "number", frozenset({"time"})), when)
    parts = split(frame, problem(time="when"), spec(kind="purged", embargo=0.1))
    assert parts.plan.embargo == pytest.approx(0.1 * np.ptp(when[parts.index("train")]))
    with pytest.raises(ConfigError, match="share of the time"):
        split(frame, problem(time="when"), spec(kind="purged", embargo="2d"))


def test_purged_folds_come_back_from_disk(tmp_path):
    frame = visits(0)
    parts = split(frame, problem(**KINDS["purged"]), spec(kind="purged"))
    folds = folds_of(frame, parts)
    write_folds(tmp_path / "folds.parquet", folds)
    again = read_folds(tmp_path / "folds.parquet")
    for (a, b), (c, d) in zip(folds.pairs(), again.pairs(), strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)


@pytest.mark.parametrize("kind", ["group_time", "stratified_group"])
def test_roles_a_kind_needs_must_be_declared(kind):
    with pytest.raises(ConfigError, match=r"problem\.group must be given"):
        split(table(), problem(time="when"), spec(kind=kind))


def test_a_frame_of_many_entities_is_dealt_in_time():
    rows = 60_000
    rng = np.random.default_rng(0)
    columns = (
        Column("x", "number", frozenset({"input"})),
        Column("who", "number", frozenset({"group"})),
        Column("y", "category", frozenset({"target"})),
    )
    y = rng.choice(["a", "b"], rows).astype(object)
    data = {"x": rng.normal(size=rows), "who": (np.arange(rows) // 2) * 1.0, "y": y}
    frame = Frame(columns, data, np.arange(rows))
    parts = split(frame, problem(group=("who",)), spec())
    np.testing.assert_allclose(len(parts.index("test")) / rows, 0.2, atol=0.001)


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_feature_moves_no_row(kind):
    frame = visits(0)
    more = frame.with_column(Column("new", "number", frozenset({"derived"})), np.arange(500) ** 0.5)
    asked, content = problem(**KINDS[kind]), spec(kind=kind)
    parts, others = split(frame, asked, content), split(more, asked, content)
    assert (parts.part == others.part).all()
    assert (parts.fold == others.fold).all()


@pytest.mark.parametrize(("kind", "pairs"), [("time", 4), ("purged", 5)])
@pytest.mark.parametrize("horizon", [None, "1d"])
def test_a_panel_of_few_years_has_a_fold_for_each(kind, pairs, horizon):
    year = np.arange(600) % 8
    frame = replaced(visits(0, rows=600), when=year * 365 * DAY_US)
    asked = problem(time="when", horizon=horizon)
    parts = split(frame, asked, spec(kind=kind, folds=5))
    assert len(list(folds_of(frame, parts).pairs())) == pairs


@pytest.mark.parametrize("kind", ["group", "stratified_group", "group_time", "time", "purged"])
def test_a_kind_that_misses_a_role_is_called_by_its_name(kind):
    with pytest.raises(ConfigError, match=rf"problem\.\w+ must be given for split\.kind {kind};"):
        split(visits(0), problem(), spec(kind=kind))
