"""Texts with some words changed are found across the parts; letters that begin alike are not."""

import numpy as np
import pytest

from tests.leakage.reports import at_random, loud, report

WORDS = np.array([a + b for a in "bdfgklmnprst" for b in ("a", "el", "in", "or", "ut", "ish")])
N = 400


def texts(seed=0):
    rng = np.random.default_rng(seed)
    return [list(rng.choice(WORDS, rng.integers(14, 40))) for _ in range(N)]


def changed(words, seed):
    rng = np.random.default_rng(seed)
    out = [str(rng.choice(WORDS)) if rng.random() < 0.15 else w for w in words]
    return [*out[:3], "well", *out[4:]]


def table(rows, y):
    written = np.array([" ".join(words) for words in rows], dtype=object)
    return {"text": written, "x": np.arange(len(rows)) % 7.0, "y": np.array(y, dtype=object)}


@pytest.mark.parametrize("way", ["in test", "all over"])
def test_edited_copies_are_named(way):
    rows, part = texts(), at_random(N)
    y = ["yes" if len(words) % 2 else "no" for words in rows]
    pool = np.flatnonzero(part == "train") if way == "in test" else np.arange(N)
    origin = pool[:40]
    extra = np.full(40, "test", object) if way == "in test" else at_random(40, 5)
    made = table(rows + [changed(rows[i], i) for i in origin], y + [y[i] for i in origin])
    found = loud(report(made, "y", np.concatenate([part, extra])), "rows.edited")
    assert [item["columns"] for item in found] == [["text"]]
    if way == "in test":
        assert set(found[0]["rows"]) <= set(range(N, N + 40))
        assert len(found[0]["rows"]) >= 32


def test_texts_written_apart_pass_though_they_begin_and_end_alike():
    hello = ["dear", "all", "I", "write", "to", "you", "because", "of", "a", "question"]
    rows = [[*hello, *words, *hello] for words in texts()]
    y = ["yes" if len(words) % 2 else "no" for words in rows]
    assert not loud(report(table(rows, y), "y", at_random(N)))


def test_texts_that_resemble_each_other_by_degrees_pass():
    rng, rows = np.random.default_rng(7), texts()
    for at in range(N // 2):
        other, kept = rows[N // 2 + at], rng.uniform(0, 0.45)
        rows[at] = [*other[: int(kept * len(other))], *rows[at]]
    y = ["yes" if at % (N // 2) % 2 else "no" for at in range(N)]
    assert not loud(report(table(rows, y), "y", at_random(N)), "rows.edited")
