"""Long texts that stand in the table twice are told; short ones and forms are not."""

import numpy as np
import pytest

from tests.leakage.reports import at_random, loud, report
from tests.leakage.test_edited_texts import WORDS

N = 500


def table(words, copied, seed=0):
    rng = np.random.default_rng(seed)
    rows = [" ".join(rng.choice(WORDS, rng.integers(*words))) for _ in range(N)]
    y = rng.integers(0, 2, N)
    rows, y = rows + rows[:copied], np.append(y, y[:copied])
    order = rng.permutation(len(rows))
    texts = np.array(rows, dtype=object)[order]
    return {"text": texts, "x": rng.normal(size=len(rows)).round(3), "y": y[order].astype(float)}


@pytest.mark.parametrize("with_number", [True, False])
def test_copies_of_long_texts_warn_whatever_stands_beside_them(with_number):
    made = table((15, 40), 40)
    if not with_number:
        del made["x"]
    (item,) = loud(report(made, "y"), "rows.repeated_text")
    assert item["columns"] == ["text"]
    assert bool(item["evidence"]["test_rows_with_a_learned_text"]) is with_number
    assert 0 < len(item["rows"]) <= 40


def test_short_texts_and_few_copies_and_forms_pass():
    form = table((15, 40), 0)
    form["text"][::3] = " ".join(WORDS[:30])
    for made in (table((1, 3), 0), table((15, 40), 4), form):
        part = at_random(len(made["y"]))
        assert not loud(report(made, "y", part), "rows.repeated_text")
