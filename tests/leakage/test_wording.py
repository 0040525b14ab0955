"""Texts that say what the class is are named; those that tell of its causes, or little, are not."""

import numpy as np

from ninefold.columns import Column, Frame
from ninefold.leakage.case import Case
from ninefold.leakage.wording import WordingCheck
from ninefold.problem import ProblemSpec

N = 1200
INPUT = frozenset({"input"})
SEEN = {"yes": ["declared dead", "coroner came"], "no": ["went home", "needed nothing"]}


def found(note, x, y):
    columns = [Column(f"x{i}", "number", INPUT) for i in range(x.shape[1])]
    columns += [Column("note", "text", INPUT), Column("y", "category", frozenset({"target"}))]
    data = {f"x{i}": x[:, i] for i in range(x.shape[1])}
    frame = Frame(tuple(columns), {**data, "note": note, "y": y}, np.arange(len(y)))
    part = np.random.default_rng(1).choice(["train", "test"], len(y), p=[0.7, 0.3]).astype(object)
    case = Case(frame, part, ProblemSpec(target="y", task="classification"), "random")
    return list(WordingCheck().findings(case))


def causes(rng, strength=1.0):
    x = rng.normal(size=(N, 3))
    return x, np.where(strength * x.sum(1) + rng.normal(size=N) > 1.0, "yes", "no")


def texts(said, rng):
    roads = ["on the highway", "in town", "near the bridge", "at night"]
    told = [f"unit {rng.integers(100, 999)} {rng.choice(roads)}: {text}" for text in said]
    return np.array(told, dtype=object)


def test_a_report_of_the_outcome_is_named_with_its_words():
    rng = np.random.default_rng(0)
    x, y = causes(rng)
    (finding,) = found(texts([rng.choice(SEEN[k]) for k in y], rng), x, y.astype(object))
    assert (finding.severity, finding.columns) == ("warn", ("note",))
    assert "dead" in finding.evidence["words"]


def test_it_is_a_question_where_the_others_tell_nothing():
    rng = np.random.default_rng(1)
    x, y = causes(rng, strength=0.0)
    heard = np.where(rng.random(N) < 0.02, rng.permutation(y), y)
    (finding,) = found(texts([rng.choice(SEEN[k]) for k in heard], rng), x, y.astype(object))
    assert finding.severity == "info"
    (finding,) = found(texts([rng.choice(SEEN[k]) for k in y], rng), x, y.astype(object))
    assert finding.severity == "warn"


def test_a_code_among_many_words_is_found():
    rng = np.random.default_rng(4)
    x, y = causes(rng, strength=0.3)
    topics = [f"t{k}" for k in range(60)]
    weights = {"yes": np.linspace(1, 3, 60), "no": np.linspace(3, 1, 60)}
    said = [
        " ".join(rng.choice(topics, 15, p=weights[k] / weights[k].sum()))
        + {"yes": " q7", "no": rng.choice([" q3", " q4"])}[k]
        for k in y
    ]
    (finding,) = found(texts(said, rng), x, y.astype(object))
    assert finding.severity == "warn"
    assert finding.evidence["words"].startswith("q7")


def test_words_of_most_rows_of_a_class_that_no_other_has_are_found():
    rng = np.random.default_rng(5)
    x, y = causes(rng, strength=0.3)
    told = (y == "yes") & (rng.random(N) < 0.75)
    said = np.where(told, "coroner came", rng.choice(["sent home", "all fine"], N))
    (finding,) = found(texts(said, rng), x, y.astype(object))
    assert "coroner" in finding.evidence["words"]


def test_words_of_a_cause_are_tied_to_the_others():
    rng = np.random.default_rng(2)
    x, y = causes(rng)
    tone = 4 * (y == "yes") + x[:, 0] + 0.3 * rng.normal(size=N)
    words = np.array(["calm", "slow", "fast", "reckless"])[np.digitize(tone, [0, 2, 4])]
    assert not found(texts(words, rng), x, y.astype(object))


def test_words_by_chance_are_silent():
    rng = np.random.default_rng(3)
    x, y = causes(rng)
    assert not found(texts(rng.choice(["a lot of rain", "no rain"], N), rng), x, y.astype(object))
