"""Where nobody sees a bar, lines say how far work is, and that a long step is still under way."""

import time

import pytest

from ninefold import progress as shown


@pytest.fixture
def lines():
    written = []
    shown.send_lines_to(written.append)
    yield written
    shown.send_lines_to(None)


def work(times):
    for seconds in times:
        time.sleep(seconds)
        yield seconds


def test_a_line_says_how_far_and_how_long_still(lines, monkeypatch):
    monkeypatch.setattr(shown, "LINE_EVERY_S", 0.0)
    assert list(shown.progress(work([0, 0]), "folds", 2, "folds")) == [0, 0]
    assert lines == ["folds: 1 folds of 2, 0 s left", "folds: 2 folds of 2, 0 s left"]


def test_a_step_that_takes_long_is_heard_of_until_it_ends(lines, monkeypatch):
    monkeypatch.setattr(shown, "WAITED_S", 0.05)
    list(shown.progress(work([0, 0.3]), "folds", 2, "folds"))
    assert lines[-1].startswith("folds: 1 folds of 2, ")
    assert lines[-1].endswith(" s so far")
    heard = len(lines)
    time.sleep(0.15)
    with shown.silent():
        list(shown.progress(work([0.2]), "inside"))
    assert len(lines) == heard
