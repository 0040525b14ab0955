"""First or last words that name the class are told; what texts are about is not."""

import numpy as np
import pytest

from tests.leakage.reports import at_random, loud, report
from tests.leakage.test_edited_texts import WORDS

N = 700
KIND = "target.place_in_text"


def texts(seed=0, topic=0.0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, N)
    about = (WORDS[:10], WORDS[10:20])
    return [
        [str(rng.choice(about[k] if rng.random() < topic else WORDS[20:]))
         for _ in range(rng.integers(15, 40))]
        for k in y
    ], y, rng  # fmt: skip


def category(row, k, rng):
    return ["category", ("complaint", "praise")[k] if rng.random() < 0.9 else "other", *row]


def signature(row, k, rng):
    retained = k and rng.random() < 0.85
    return [*row, "handled", "by", *(("retention", "desk") if retained else ("front", "office"))]


def author(row, k, rng):
    return [f"user{2 * rng.integers(40) + (k if rng.random() < 0.94 else 1 - k)}", "wrote", *row]


def plain(row, k, rng):
    return [f"user{rng.integers(80)}", "wrote", *row, "sent", "from", "my", "phone"]


def found(change, topic=0.05):
    rows, y, rng = texts(topic=topic)
    written = [" ".join(change(row, k, rng)) for row, k in zip(rows, y, strict=True)]
    table = {"text": np.array(written, dtype=object), "y": np.where(y, "good", "bad")}
    return loud(report(table, "y", at_random(N)), KIND)


@pytest.mark.parametrize("change", [category, signature, author])
def test_words_that_somebody_put_there_with_the_class_are_named(change):
    (item,) = found(change)
    assert (item["severity"], item["columns"]) == ("warn", ["text"])


@pytest.mark.parametrize("topic", [0.05, 0.4, 0.9])
def test_topics_and_what_all_texts_begin_with_pass(topic):
    assert not found(plain, topic)
