"""The ledger of the test part: what counts as a look, and what many looks are worth."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninefold import sealing
from ninefold.errors import GateError, InputError
from ninefold.sealing import (
    Opening,
    chance_gain,
    check_seal,
    expected_maximum,
    finished,
    looks,
    read_ledger,
    record,
    seal,
    sentence,
)

NAMES = st.text("abc", min_size=1, max_size=2)


@given(st.lists(st.tuples(NAMES, NAMES, st.booleans()), max_size=20))
def test_one_model_on_one_test_part_is_one_look_however_often(tmp_path_factory, seen):
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    for test, model, is_done in seen:
        opening = Opening(test, model)
        record(path, [finished(opening, "auc", 0.5, 0.1) if is_done else opening])
    openings = read_ledger(path)
    pairs = [(test, model) for test, model, _ in seen]
    assert [(o.test, o.model) for o in openings] == list(dict.fromkeys(pairs))
    done = {(test, model) for test, model, is_done in seen if is_done}
    assert {(o.test, o.model) for o in openings if o.value is not None} == done


def test_a_look_that_was_cut_off_is_a_look_and_is_finished_later(tmp_path):
    path = tmp_path / "ledger.jsonl"
    opening = Opening("t", "m")
    record(path, [opening])
    assert len(read_ledger(path)) == 1
    record(path, [finished(opening, "auc", 0.75, 0.01)])
    assert [o.value for o in read_ledger(path)] == [0.75]
    before = path.read_bytes()
    record(path, [opening])
    assert path.read_bytes() == before


def test_lines_of_both_sides_of_a_merge_are_joined(tmp_path):
    path = tmp_path / "ledger.jsonl"
    record(path, [Opening("t", "a"), Opening("t", "b")])
    text = path.read_text()
    record(path, [finished(Opening("t", "b"), "auc", 0.5, 0.1), Opening("t", "c")])
    path.write_text(text + path.read_text())
    assert [(o.model, o.value) for o in read_ledger(path)] == [("a", None), ("b", 0.5), ("c", None)]


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<< HEAD",
        '{"test": "t"}',
        '{"who": 1}',
        "[1]",
        "7",
        '{"test": 5, "model": "m"}',
        '{"test": "t", "model": ""}',
        '{"test": "t", "model": "m", "value": "0.9"}',
        '{"test": "t", "model": "m", "standard_error": true}',
    ],
)
def test_a_line_that_is_no_opening_is_named(line, tmp_path):
    path = tmp_path / "ledger.jsonl"
    path.write_text(json.dumps({"test": "t", "model": "m"}) + f"\n{line}\n")
    with pytest.raises(InputError, match="line 2") as caught:
        read_ledger(path)
    assert "\n" not in str(caught.value)


def test_the_seal_breaks_when_a_byte_changes_and_knows_rows_from_features(tmp_path):
    path = tmp_path / "test.parquet"
    path.write_bytes(b"rows")
    row, target = np.array([5, 3]), np.array([1, 2], dtype=np.uint64)
    sealed = seal(path, row, target)
    check_seal(path, sealed)
    assert seal(path, row[::-1], target[::-1])["rows_sha256"] == sealed["rows_sha256"]
    path.write_bytes(b"rows and a feature")
    assert seal(path, row, target)["rows_sha256"] == sealed["rows_sha256"]
    assert seal(path, row, target[::-1])["rows_sha256"] != sealed["rows_sha256"]
    with pytest.raises(GateError, match="as the split sealed it") as caught:
        check_seal(path, sealed)
    assert "\n" not in str(caught.value)


def test_a_ledger_that_is_no_text_is_one_line(tmp_path):
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"\xff\xfe{")
    with pytest.raises(InputError, match="UTF-8"):
        read_ledger(path)
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"test": "t", "model": "m"}).encode())
    assert [opening.model for opening in read_ledger(path)] == ["m"]


def test_two_that_write_at_once_lose_no_look(tmp_path, monkeypatch):
    path, read = tmp_path / "ledger.jsonl", sealing.read_ledger

    def slow(path):
        found = read(path)
        time.sleep(0.05)
        return found

    monkeypatch.setattr(sealing, "read_ledger", slow)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda name: record(path, [Opening("t", name)]), "abcd"))
    assert sorted(opening.model for opening in read(path)) == ["a", "b", "c", "d"]


def test_a_models_own_look_counts_whatever_became_of_its_line():
    own = Opening("t", "m")
    sealed = {"rows_sha256": "t", "model": "m", "metric": "auc", "opening": own.name}
    others = [Opening("t", "a"), Opening("u", "m")]
    assert [o.model for o in looks(others, sealed)] == ["a", "m"]
    assert [o.model for o in looks([own, *others], sealed)] == ["m", "a"]
    assert [o.model for o in looks([], sealed)] == ["m"]


@pytest.mark.parametrize("count", [1, 2, 3, 10, 100])
def test_the_expected_maximum_is_that_of_simulated_draws(count):
    draws = np.random.default_rng(count).normal(size=(40_000, count)).max(axis=1)
    assert expected_maximum(count) == pytest.approx(draws.mean(), abs=5 * draws.std() / 200 + 1e-9)


def test_what_looks_are_worth_is_said():
    assert expected_maximum(2) == pytest.approx(1 / np.sqrt(np.pi), abs=1e-6)
    assert "opened once" in sentence(1, "auc", 0.01)
    assert sentence(3, "auc", 0.01) == (
        "opened 3 times; with that many looks a gain below 0.0085 auc is chance"
    )
    assert sentence(3, "auc", None) == "opened 3 times"
    assert chance_gain(3, float("nan")) is None
