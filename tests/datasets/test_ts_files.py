"""Files of the time series archives become rows with a sequence and its class."""

import numpy as np
import pytest

from ninefold.columns import to_frame
from ninefold.config import validate
from ninefold.datasets import read
from ninefold.errors import InputError
from ninefold.problem import ProblemSpec

HEADER = "#told\n@problemName x\n@timeStamps false\n@classLabel true a b\n@data\n"
PROBLEM = ProblemSpec(target="label", task="classification")


def load(folder, text, *others, **settings):
    names = []
    for number, content in enumerate((text, *others)):
        names.append(f"{number}.ts")
        (folder / names[-1]).write_text(content, encoding="utf-8")
    spec = validate("ingest", {"kind": "ts_file", "paths": names, **settings})
    return to_frame(*read(spec, PROBLEM, folder))


def test_series_of_any_length_and_missing_values_are_read_from_all_files(tmp_path):
    first = HEADER + "1,2,3:4,?,6:a\n7:8,9:b\n"
    frame = load(tmp_path, first, HEADER + "\n0,-1e3:2,2: a \n", channels=["x", "y"])
    assert frame["label"].tolist() == ["a", "b", "a"]
    wanted = ([[1, 4], [2, np.nan], [3, 6]], [[7, 8], [np.nan, 9]], [[0, 2], [-1000, 2]])
    for cell, steps in zip(frame["sequence"], wanted, strict=True):
        np.testing.assert_array_equal(cell, np.array(steps, dtype=float))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (HEADER + "1,x:a\n", "line 6 must hold numbers"),
        (HEADER + "1,2:3,4:a\n5:b\n", "equally many channels"),
        ("@classLabel true a\n1:a\n", "a line `@data`"),
        (HEADER.replace("false", "true") + "(0,1):a\n", "`@timeStamps true`"),
        (HEADER + "a\n", "a series before its class"),
    ],
)
def test_what_no_series_can_be_read_from_is_named(tmp_path, text, rule):
    with pytest.raises(InputError, match=rule):
        load(tmp_path, text)


def test_a_missing_file_is_named(tmp_path):
    spec = validate("ingest", {"kind": "ts_file", "paths": ["0.tx"]})
    (tmp_path / "0.ts").write_text(HEADER, encoding="utf-8")
    with pytest.raises(InputError, match=r"0\.tx.*0\.ts"):
        read(spec, PROBLEM, tmp_path)
