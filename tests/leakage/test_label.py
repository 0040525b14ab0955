"""Labels that contradict their equals or their neighbours are told; copies in conflict warn."""

import numpy as np
from sklearn.datasets import load_breast_cancer

from ninefold.columns import Column, Frame
from ninefold.config import validate
from ninefold.leakage.case import Case
from ninefold.leakage.label import LabelCheck
from ninefold.problem import ProblemSpec
from ninefold.splitting import split
from tests.leakage.reports import at_random, report
from tests.leakage.test_edited_texts import WORDS

N = 1200
PROBLEM = ProblemSpec(target="y", task="classification")


def found(x, y):
    given = {f"x{i}": ("number", x[:, i]) for i in range(x.shape[1])}
    part = np.random.default_rng(1).choice(["train", "test"], len(y), p=[0.7, 0.3]).astype(object)
    return judged(table(given, y), part, "random")


def table(given, y):
    columns = [Column(name, kind, frozenset({"input"})) for name, (kind, _) in given.items()]
    columns.append(Column("y", "category", frozenset({"target"})))
    data = {name: values for name, (_, values) in given.items()} | {"y": y.astype(object)}
    return Frame(tuple(columns), data, np.arange(len(y)))


def judged(frame, part, kind):
    return {item.kind: item for item in LabelCheck().findings(Case(frame, part, PROBLEM, kind))}


def clear():
    rng = np.random.default_rng(0)
    y = rng.choice(["a", "b"], N)
    return rng.normal(size=(N, 3)) + 4 * (y == "b")[:, None], y


def test_flipped_labels_are_named():
    x, y = clear()
    assert not found(x, y)
    flipped = np.random.default_rng(2).choice(N, 30, replace=False)
    y[flipped] = np.where(y[flipped] == "a", "b", "a")
    finding = found(x, y)["label.suspicious"]
    assert finding.severity == "warn"
    assert set(finding.rows) <= set(flipped.tolist())
    assert len(finding.rows) >= 10


def test_flipped_labels_are_told_among_many_columns_whose_classes_touch():
    x, y = load_breast_cancer(return_X_y=True)
    y = np.where(y == 1, "benign", "malignant").astype(object)
    assert all(item.severity == "info" for item in found(x, y).values())
    flipped = np.random.default_rng(5).choice(len(y), 28, replace=False)
    y[flipped] = np.where(y[flipped] == "benign", "malignant", "benign")
    finding = found(x, y)["label.suspicious"]
    assert finding.severity == "warn"
    assert len(set(finding.rows) & set(flipped.tolist())) >= 20


def test_flipped_labels_of_classes_of_a_few_dozen_rows_are_told():
    rng = np.random.default_rng(0)
    y = np.repeat(["a", "b", "c"], 45)
    x = rng.normal(size=(135, 4)) + 5 * (y == "b")[:, None] - 5 * (y == "c")[:, None]
    assert not found(x, y)
    flipped = rng.choice(135, 14, replace=False)
    y[flipped] = [{"a": "b", "b": "c", "c": "a"}[name] for name in y[flipped]]
    finding = found(x, y)["label.suspicious"]
    assert finding.severity == "warn"
    assert set(finding.rows) == set(flipped.tolist())


def test_wrong_labels_of_a_rare_class_do_not_hide_those_of_others():
    rng = np.random.default_rng(10)
    y = rng.choice(["a", "b", "c"], 900, p=[0.62, 0.3, 0.08])
    middle = {"a": (0, 0), "b": (5, 0), "c": (0, 5)}
    x = rng.normal(size=(900, 2)) + np.array([middle[name] for name in y])
    assert not found(x, y)
    flipped = rng.choice(900, 54, replace=False)
    y[flipped] = [rng.choice([name for name in "abc" if name != y[row]]) for row in flipped]
    finding = found(x, y)["label.suspicious"]
    assert finding.severity == "warn"
    assert len(set(finding.rows) & set(flipped.tolist())) >= 40


PENGUINS = {"a": (38.8, 18.3, 190, 3700), "c": (48.8, 18.4, 196, 3733), "g": (47.5, 15, 217, 5076)}
"""Bill's length and depth, flipper and weight of Adelie, Chinstrap and Gentoo (Gorman et al. 2014).
"""


def test_a_few_swapped_labels_are_told_by_columns_that_tell_together():
    rng = np.random.default_rng(10)
    y = np.repeat(["a", "c", "g"], [146, 68, 119])
    male = rng.choice([-1, 1], 333)
    x = np.array([PENGUINS[name] for name in y]) + male[:, None] * np.array([1.7, 0.75, 3, 330])
    x += rng.normal(size=(333, 4)) * np.array([2.1, 0.8, 5.5, 310])
    x = np.column_stack([x, male, rng.integers(2007, 2010, 333)])
    assert not found(x, y)
    swapped = rng.choice(333, 17, replace=False)
    y[swapped] = [{"a": "g", "c": "g", "g": "a"}[name] for name in y[swapped]]
    finding = found(x, y)["label.suspicious"]
    assert finding.severity == "warn"
    assert len(set(finding.rows) & set(swapped.tolist())) >= 12


STAFF = {
    (8, 0, 0): (27, 0, 0), (8, 0, 1): (3, 0, 0), (8, 1, 0): (6, 0, 6), (8, 1, 1): (4, 0, 7),
    (12, 0, 0): (101, 0, 0), (12, 0, 1): (27, 0, 0), (12, 1, 0): (30, 0, 8), (12, 1, 1): (18, 1, 5),
    (14, 1, 0): (5, 0, 0), (14, 1, 1): (1, 0, 0), (15, 0, 0): (25, 0, 0), (15, 0, 1): (8, 0, 0),
    (15, 1, 0): (61, 4, 0), (15, 1, 1): (17, 0, 1), (16, 0, 0): (12, 10, 0), (16, 0, 1): (2, 0, 0),
    (16, 1, 0): (6, 24, 0), (16, 1, 1): (4, 1, 0), (17, 0, 0): (1, 0, 0), (17, 1, 0): (0, 7, 0),
    (17, 1, 1): (2, 1, 0), (18, 1, 0): (1, 7, 0), (18, 1, 1): (1, 0, 0), (19, 1, 0): (1, 25, 0),
    (19, 1, 1): (0, 1, 0), (20, 1, 0): (0, 2, 0), (21, 1, 0): (0, 1, 0),
}  # fmt: skip
"""Years of school, male, of a minority -> clerks, managers and guards of a bank (Heij et al. 2004).
"""


def test_the_rarer_label_of_rows_alike_is_not_wrong():
    jobs = ("clerk", "manager", "guard")
    rows = [(*kind, jobs[k]) for k in range(3) for kind, n in STAFF.items() for _ in range(n[k])]
    order = np.random.default_rng(6).permutation(len(rows))
    school, male, minority, y = np.array([rows[i] for i in order], dtype=object).T
    given = {
        "school": ("number", school.astype(float)),
        "male": ("category", male.astype(str).astype(object)),
        "minority": ("category", minority.astype(str).astype(object)),
    }
    frame = table(given, y)
    part = split(frame, PROBLEM, validate("split", {})).part
    assert all(item.severity == "info" for item in judged(frame, part, "stratified").values())


def test_answers_to_a_few_questions_deny_no_label():
    """In between there is nobody: most answered all questions that tell as many others did."""
    rng = np.random.default_rng(0)
    strict = rng.normal(size=2500)
    answers = {
        word: np.where(strict + 0.25 * rng.normal(size=2500) > at, "no", "yes").astype(object)
        for word, at in (
            ("poor", 0.1),
            ("single", 0.15),
            ("more", 0.05),
            ("ill", 1.5),
            ("any", 0.15),
        )
    }
    given = {name: ("category", values) for name, values in answers.items() if name != "any"}
    for name, low, high in (("age", 18, 90), ("year", 1977, 2018), ("school", 6, 20)):
        given[name] = ("number", rng.integers(low, high, 2500).astype(float))
    items = judged(table(given, answers["any"]), at_random(2500), "random")
    assert all(item.severity == "info" for item in items.values())


def test_classes_that_touch_have_rows_in_doubt_and_inform_at_most():
    rng = np.random.default_rng(4)
    y = rng.choice(["a", "b"], N)
    items = found(rng.normal(size=(N, 3)) + 2 * (y == "b")[:, None], y)
    assert all(item.severity == "info" for item in items.values())


def test_one_strong_column_that_errs_makes_no_wrong_labels():
    rng = np.random.default_rng(6)
    y = rng.random(N) < 0.4
    x = np.column_stack([rng.normal(size=(N, 3)), y ^ (rng.random(N) < 0.03)])
    items = found(x, np.where(y, "a", "b"))
    assert all(item.severity == "info" for item in items.values())


def test_labels_denied_in_the_test_part_alone_warn():
    rng = np.random.default_rng(4)
    y = rng.choice(["a", "b"], N)
    x = rng.normal(size=(N, 3)) + 2 * (y == "b")[:, None]
    test = np.random.default_rng(1).choice(["train", "test"], N, p=[0.7, 0.3]) == "test"
    flipped = np.flatnonzero(test)[:40]
    y[flipped] = np.where(y[flipped] == "a", "b", "a")
    finding = found(x, y)["label.suspicious"]
    assert finding.severity == "warn"
    assert len(set(finding.rows) & set(flipped.tolist())) >= 0.8 * len(finding.rows)


def test_rows_that_coincide_by_nature_do_not_warn_where_one_column_fixes_another():
    rng = np.random.default_rng(5)
    place = rng.integers(0, 40, N)
    by_place = rng.normal(size=(40, 4)).round(2)
    x = np.column_stack([by_place[place], rng.integers(0, 2, N)])
    assert found(x, rng.choice(["a", "b"], N))["label.conflict"].severity == "info"


def test_equal_rows_with_two_labels_are_counted():
    x, y = clear()
    x[:20] = x[20:40]
    y[:20], y[20:40] = "a", "b"
    finding = found(x, y)["label.conflict"]
    assert (finding.severity, finding.evidence["rows"]) == ("info", 40)


def test_labels_without_any_order_are_not_suspicious():
    rng = np.random.default_rng(3)
    assert not found(rng.normal(size=(N, 4)), rng.choice(["a", "b"], N))


def test_copies_of_records_with_two_labels_warn():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(800, 5)).round(3), rng.choice(["no", "yes"], 800)
    assert "label.conflict" not in found(x, y)
    x[:60] = x[-60:]
    y[:60] = np.where(y[-60:] == "yes", "no", "yes")
    assert found(x, y)["label.conflict"].severity == "warn"


def test_copies_of_coarse_records_with_two_labels_warn():
    rng = np.random.default_rng(3)
    x = np.column_stack([np.round(rng.lognormal(4, 0.5, 1500)), *rng.integers(0, 2, (10, 1500))])
    x = np.unique(x.astype(float), axis=0)
    y = rng.choice(["no", "yes"], len(x))
    x, y = np.concatenate([x, x[:150]]), np.append(y, np.where(y[:150] == "yes", "no", "yes"))
    assert found(x, y)["label.conflict"].severity == "warn"


def test_people_of_one_place_who_happen_to_be_equal_conflict_honestly():
    rng = np.random.default_rng(6)
    place = rng.integers(0, 1100, 1500)
    x = np.column_stack([rng.normal(size=(1100, 4))[place], rng.random((1500, 2)) < 0.08])
    y = rng.choice(["no", "yes"], 1500)
    assert found(x.astype(float), y)["label.conflict"].severity == "info"


def test_rows_of_few_values_conflict_honestly():
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 3, (800, 5)).astype(float), rng.choice(["no", "yes"], 800)
    assert found(x, y)["label.conflict"].severity == "info"


def test_long_texts_with_two_labels_warn():
    rng = np.random.default_rng(3)

    def severity(words):
        texts = [" ".join(rng.choice(WORDS, words)) for _ in range(400)]
        y = rng.choice(["bad", "good"], 400)
        y[-30:] = np.where(y[:30] == "bad", "good", "bad")
        made = {"text": np.array([*texts[:-30], *texts[:30]], dtype=object), "y": y.astype(object)}
        (item,) = [
            item for item in report(made, "y")["findings"] if item["kind"] == "label.conflict"
        ]
        return item["severity"]

    assert severity(20) == "warn"
    assert severity(2) == "info"


def coarse(rng):
    x = rng.integers(0, 20, (700, 3)).astype(float)
    return x, np.where(x[:, 0] + 3 * rng.normal(size=700) > 10, "yes", "no")


def test_coarse_rows_that_disagree_more_than_chance_warn():
    x, y = coarse(np.random.default_rng(4))
    assert found(x, y)["label.conflict"].severity == "info"
    flipped = np.where(y == "yes", "no", "yes")
    x, y = np.concatenate([x, x[:400]]), np.concatenate([y, flipped[:400]])
    assert found(x, y)["label.conflict"].severity == "warn"


def test_a_coarse_table_freed_of_duplicates_conflicts_honestly():
    x, y = coarse(np.random.default_rng(4))
    kept = np.unique(np.column_stack([x, y == "yes"]), axis=0, return_index=True)[1]
    assert found(x[kept], y[kept])["label.conflict"].severity == "info"


def test_so_many_flipped_labels_that_they_vote_themselves_warn():
    x, y = clear()
    flipped = np.random.default_rng(2).choice(N, N // 10, replace=False)
    y[flipped] = np.where(y[flipped] == "a", "b", "a")
    finding = found(x, y)["label.suspicious"]
    assert finding.severity == "warn"
    assert len(set(finding.rows) & set(flipped.tolist())) > 0.9 * len(finding.rows) > 50


def test_twins_that_disagree_more_than_the_rows_around_them_warn():
    rng = np.random.default_rng(4)
    x = np.column_stack([rng.integers(0, 5000, 1200), rng.integers(0, 2, (1200, 4))]).astype(float)
    y = np.where(x[:, 1] + 0.7 * rng.normal(size=1200) > 1.5, "yes", "no")
    x, y = np.concatenate([x, x[:70]]), np.concatenate([y, y[:70]])
    assert "label.conflict" not in found(x, y)
    flipped = np.where(y[70:150] == "yes", "no", "yes")
    x, y = np.concatenate([x, x[70:150]]), np.concatenate([y, flipped])
    assert found(x, y)["label.conflict"].severity == "warn"
