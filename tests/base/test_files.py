import errno
import os
import subprocess
import sys

import numpy as np
import pytest

from ninefold.errors import InputError
from ninefold.files import read_json, replacing, write_json


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


def test_a_folder_takes_the_place_of_a_folder(tmp_path):
    path = tmp_path / "out"
    path.mkdir()
    (path / "old").touch()
    with replacing(path) as temporary:
        temporary.mkdir()
        (temporary / "new").touch()
    assert [p.name for p in path.iterdir()] == ["new"]


def test_what_a_killed_process_left_is_swept_away(tmp_path):
    code = (
        "import os, pathlib\nfrom ninefold.files import replacing\n"
        f"with replacing(pathlib.Path({str(tmp_path / 'out')!r})) as t:\n"
        "    t.write_text('half'); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert len(list(tmp_path.iterdir())) == 1
    with replacing(tmp_path / "out") as temporary:
        temporary.write_text("whole")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_full_disk_is_one_clear_line(tmp_path):
    with pytest.raises(InputError, match="the disk is full"), replacing(tmp_path / "out"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_another_error_of_the_system_stays_what_it_is(tmp_path):
    with pytest.raises(FileNotFoundError) as raised, replacing(tmp_path / "out"):
        (tmp_path / "missing").read_text()
    assert raised.value.__cause__ is None
    assert not list(tmp_path.iterdir())


def test_json_turns_nan_into_null_and_numpy_into_numbers(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": np.float64("nan"), "b": np.int64(3), "c": np.array([1.5]), "d": (1,)})
    assert read_json(path) == {"a": None, "b": 3, "c": [1.5], "d": [1]}


@pytest.mark.parametrize("text", ["", "{", "[1,"])
def test_damaged_json_says_so(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=r"a\.json must be JSON"):
        read_json(tmp_path / "a.json")
