"""Plant a leak, see it found; leave the table honest, see it pass."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from ninefold.columns import Column, Frame
from ninefold.config import validate
from ninefold.errors import ConfigError, GateError
from ninefold.leakage import AuditSpec, IgnoreSpec, audit, stop_on_block
from ninefold.problem import ProblemSpec
from ninefold.splitting import split

N = 1200
CLASSIFY = ProblemSpec(target="the target", task="classification")
REGRESS = ProblemSpec(target="the target", task="regression")


def table(task="classification", n=N, seed=0, **extra):
    """An honest table with odd names; `extra` adds features as `name=(kind, values)`."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    x2 = rng.normal(size=n)
    x2[rng.random(n) < 0.1] = np.nan
    noisy = x + rng.normal(size=n)
    is_class = task == "classification"
    y = np.where(noisy > 0.8, "yes", "no").astype(object) if is_class else noisy
    columns = [
        Column("größe (cm)", "number", frozenset({"input"})),
        Column("x.2", "number", frozenset({"input"})),
        Column("color", "category", frozenset({"input"})),
        Column("the target", "category" if is_class else "number", frozenset({"target"})),
    ]
    color = rng.choice(["red", "blue", ""], n).astype(object)
    data = {"größe (cm)": x, "x.2": x2, "color": color, "the target": y}
    for name, (kind, values) in extra.items():
        columns.append(Column(name, kind, frozenset({"input"})))
        data[name] = values
    return Frame(tuple(columns), data, np.arange(n))


def report(frame, problem=CLASSIFY, spec=None, part=None, kind="given"):
    if part is None:
        parts = split(frame, problem, validate("split", {}))
        part, kind = parts.part, parts.manifest["split"]["kind"]
    return audit(frame, part, problem, spec or AuditSpec(), kind)


def random_parts(n=N, seed=1):
    rng = np.random.default_rng(seed)
    return rng.choice(["train", "valid", "test"], n, p=[0.7, 0.1, 0.2]).astype(object)


def of_kind(content, kind):
    return [item for item in content["findings"] if item["kind"] == kind]


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.some(5)
def test_honest_table_passes(task, seed):
    problem = CLASSIFY if task == "classification" else REGRESS
    content = report(table(task, seed=seed), problem)
    assert content["verdict"] == "pass", content["findings"]


def test_copied_rows_in_a_given_split_block_and_are_named():
    frame = table()
    part = random_parts()
    test, train = np.flatnonzero(part == "test"), np.flatnonzero(part == "train")
    planted = test[:40]
    data = {name: values.copy() for name, values in frame.data.items()}
    for values in data.values():
        values[planted] = values[train[:40]]
    content = report(Frame(frame.columns, data, frame.row), part=part)
    (finding,) = of_kind(content, "rows.duplicate")
    assert content["verdict"] == "block"
    assert finding["rows"] == planted.tolist()
    assert set(finding) == {
        "kind", "code", "severity", "columns", "rows", "evidence", "message", "remedy", "fix",
        "inflation",
    }  # fmt: skip


def test_rows_that_coincide_by_chance_do_not_block():
    rng = np.random.default_rng(0)
    names = ["sex", "class", "age band"]
    columns = [Column(name, "category", frozenset({"input"})) for name in names]
    data = {name: rng.choice(["a", "b", "c"], N).astype(object) for name in names}
    data["the target"] = rng.choice(["no", "yes"], N).astype(object)
    columns.append(Column("the target", "category", frozenset({"target"})))
    content = report(Frame(tuple(columns), data, np.arange(N)), part=random_parts())
    assert content["verdict"] == "pass"
    assert [item["severity"] for item in of_kind(content, "rows.duplicate")] == ["info"]


def test_entity_in_several_parts_blocks_and_group_split_ends_it():
    entity = np.array([f"customer {i % 150}" for i in range(N)], dtype=object)
    frame = table()
    frame = frame.with_column(Column("customer", "category", frozenset({"group"})), entity)
    problem = CLASSIFY.model_copy(update={"group": ("customer",)})
    part = random_parts()
    content = report(frame, problem, part=part)
    (finding,) = of_kind(content, "group.overlap")
    assert finding["severity"] == "block"
    assert finding["rows"] == np.flatnonzero(part == "test").tolist()
    assert report(frame, problem)["verdict"] == "pass"


@pytest.mark.parametrize("kind", ["datetime", "number"])
def test_random_split_of_ordered_rows_blocks_and_time_split_ends_it(kind):
    values = np.random.default_rng(3).permutation(N) * 1_000_000
    values = values.astype(np.int64 if kind == "datetime" else np.float64)
    frame = table().with_column(Column("when", kind, frozenset({"time"})), values)
    problem = CLASSIFY.model_copy(update={"time": "when"})
    content = report(frame, problem, part=random_parts())
    assert content["verdict"] == "block"
    assert of_kind(content, "time.order")[0]["columns"] == ["when"]
    assert report(frame, problem)["verdict"] == "pass"


LEAKS = {
    "copy": lambda y, rng: ("category", y),
    "renamed classes": lambda y, rng: ("category", np.where(y == "yes", "α", "β").astype(object)),
    "number": lambda y, rng: ("number", np.where(y == "yes", 7.5, -1.0)),
    "bool": lambda y, rng: ("bool", y == "yes"),
    "copy with gaps": lambda y, rng: (
        "category",
        np.where(rng.random(len(y)) < 0.3, "", y).astype(object),
    ),
}


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.some(3)
def test_target_in_disguise_blocks_classification(leak):
    honest = table()
    content = report(table(leak=LEAKS[leak](honest["the target"], np.random.default_rng(0))))
    (finding,) = of_kind(content, "target.copy")
    assert finding["columns"] == ["leak"]
    with pytest.raises(GateError, match="`leak`"):
        stop_on_block(content)


@pytest.mark.parametrize(
    "transform", [lambda y: 3 * y - 5, lambda y: -np.exp(y), lambda y: np.round(y, 4)]
)
def test_monotone_copy_blocks_regression(transform):
    honest = table("regression")
    content = report(table("regression", leak=("number", transform(honest["the target"]))), REGRESS)
    assert of_kind(content, "target.copy")[0]["columns"] == ["leak"]


def test_strong_honest_feature_is_at_most_a_warning():
    honest = table()
    rng = np.random.default_rng(9)
    strong = (honest["the target"] == "yes") * 3.4 + rng.normal(size=N)
    content = report(table(strong=("number", strong)))
    assert content["verdict"] in ("pass", "warn")


def test_perfect_threshold_warns_for_a_raw_target_and_blocks_for_a_derived_one():
    honest = table()
    rng = np.random.default_rng(9)
    delay = np.where(honest["the target"] == "yes", 15 + rng.random(N), 14 - rng.random(N))
    frame = table(delay=("number", delay))
    assert report(frame)["verdict"] == "warn"
    derived = Column("the target", "category", frozenset({"target", "derived"}))
    assert report(frame.with_column(derived, frame["the target"]))["verdict"] == "block"


def test_gaps_that_encode_the_target_block():
    honest = table()
    filled = np.where(honest["the target"] == "yes", np.random.default_rng(1).random(N), np.nan)
    content = report(table(**{"refund date": ("number", filled)}))
    assert of_kind(content, "missing.encodes_target")[0]["severity"] == "block"


def test_gaps_at_random_are_not_reported():
    gaps = np.where(np.random.default_rng(1).random(N) < 0.4, np.nan, 1.0)
    assert report(table(gaps=("number", gaps)))["verdict"] == "pass"


def test_identifier_that_predicts_the_target_warns_and_says_how_to_name_it():
    frame = table("regression")
    order = np.argsort(np.argsort(frame["the target"] - 0.5 * frame["größe (cm)"]))
    content = report(table("regression", number=("number", order.astype(float))), REGRESS)
    (finding,) = of_kind(content, "id.predictive")
    assert (finding["severity"], finding["columns"]) == ("warn", ["number"])
    assert "ids" in finding["remedy"]


def test_ignored_finding_stays_in_the_report_and_does_not_block():
    honest = table()
    frame = table(leak=LEAKS["copy"](honest["the target"], None))
    ignore = IgnoreSpec(finding="target.copy", columns=("leak",), reason="known at noon")
    misspelt = IgnoreSpec(finding="target.copy", columns=("laek",), reason="known at noon")
    content = report(frame, spec=AuditSpec(ignore=(misspelt, ignore)))
    assert content["verdict"] == "pass"
    (finding,) = of_kind(content, "target.copy")
    assert finding["ignored"] == {"severity": "block", "reason": "known at noon"}
    assert content["checked"]["unused"] == [
        "audit.ignore.0 (target.copy on `laek`) fits no finding"
    ]
    with pytest.raises(ValidationError, match="reason"):
        IgnoreSpec(finding="target.copy", reason=" ")


def test_ignoring_what_no_check_reports_names_the_nearest():
    ignore = IgnoreSpec(finding="target.copi", reason="x")
    with pytest.raises(ConfigError, match=r"audit\.ignore\.0\.finding .*target\.copy"):
        report(table(), spec=AuditSpec(ignore=(ignore,)))


def test_audit_is_deterministic():
    assert report(table()) == report(table())


@pytest.mark.parametrize("by_class", [False, True])
def test_a_declared_row_number_warns_only_where_the_file_is_sorted_by_class(by_class):
    """Rows of one site after those of another drift; the number is no feature and adds nothing."""
    rng = np.random.default_rng(0)
    ill = rng.random(N) < np.where(np.arange(N) // (N // 4) % 2, 0.98, 0.02)
    y = np.where(np.sort(ill) if by_class else ill, "ill", "well").astype(object)
    columns = (
        Column("x", "number", frozenset({"input"})),
        Column("no", "number", frozenset({"id"})),
        Column("y", "category", frozenset({"target"})),
    )
    data = {"x": rng.normal(size=N) + (y == "ill"), "no": np.arange(N) + 1.0, "y": y}
    problem = ProblemSpec(target="y", task="classification", ids=["no"])
    found = of_kind(report(Frame(columns, data, np.arange(N)), problem), "id.predictive")
    assert bool(found) == by_class


def test_names_of_picture_files_by_class_are_no_finding():
    rng = np.random.default_rng(0)
    y = rng.choice(["even", "odd"], N).astype(object)
    x = rng.normal(size=N) + (y == "odd")
    names = np.array([f"{k}/{i:04d}" for i, k in enumerate(y)], dtype=object)
    found = {}
    for ending in (".png", ""):
        columns = (
            Column("x", "number", frozenset({"input"})),
            Column("file", "text", frozenset({"id"})),
            Column("y", "category", frozenset({"target"})),
        )
        frame = Frame(columns, {"x": x, "file": names + ending, "y": y}, np.arange(N))
        problem = ProblemSpec(target="y", task="classification", ids=["file"])
        found[ending] = of_kind(report(frame, problem), "id.predictive")
    assert not found[".png"]
    assert found[""]


@pytest.mark.parametrize("task", ["anomaly", "clustering", "embedding"])
def test_what_gives_labels_away_is_named_though_they_are_only_compared_with(task):
    frame = table()
    is_yes, rng = frame["the target"] == "yes", np.random.default_rng(2)
    note = np.where(is_yes, rng.choice(["valve", "pump"], N), "none").astype(object)
    problem = ProblemSpec(target="the target", task=task)
    assert report(frame, problem, part=random_parts())["verdict"] == "pass"
    content = report(table(note=("category", note)), problem, part=random_parts())
    (finding,) = content["findings"]
    assert (finding["columns"], finding["severity"]) == (["note"], "warn")


def test_labels_that_few_rows_have_are_asked_for_in_these_alone():
    frame, rng = table(), np.random.default_rng(3)
    known = rng.random(N) < 0.4
    labels = np.where(known, frame["the target"], "")
    seen = np.where(known, rng.normal(size=N), np.nan)
    few = table(inspected=("number", seen))
    few = replace(few, data={**few.data, "the target": labels.astype(object)})
    problem = ProblemSpec(target="the target", task="anomaly")
    assert report(few, problem, part=random_parts())["verdict"] == "pass"
    content = report(few, problem, part=np.where(known, "train", random_parts()))
    assert {item["kind"].partition(".")[0] for item in content["findings"]} == {"shift"}
