"""The pointer: whole at any moment, whoever is killed or comes at the same time."""

import hashlib
import subprocess
import sys

import pytest

from ninefold.errors import InputError
from ninefold.promotion.registry import Entry, Registry

MOVE = """
import os, signal, sys
from pathlib import Path
from ninefold.promotion.registry import Entry, Registry
last = int(sys.argv[3])
steps = 0
for name in ("replace", "mkdir", "unlink", "write_text", "write_bytes"):
    def step(self, *args, _do=getattr(Path, name), **more):
        global steps
        steps += 1
        if steps > last:
            os.kill(os.getpid(), signal.SIGKILL)
        return _do(self, *args, **more)
    setattr(Path, name, step)
registry = Registry(Path(sys.argv[1]))
with registry.lease():
    content = sys.argv[2].encode()
    import hashlib
    sha256 = hashlib.sha256(content).hexdigest()
    was = registry.production()
    registry.move(Entry("now", "promote", sha256, was and was.sha256), content, 5)
print(steps)
"""


def put(registry, text, action="promote", keep=5):
    content = text.encode()
    sha256 = hashlib.sha256(content).hexdigest()
    with registry.lease():
        was = registry.production()
        entry = Entry(f"at {text}", action, sha256, was.sha256 if was else None)
        registry.move(entry, content, keep)
    return sha256


def move(folder, text, steps):
    command = [sys.executable, "-c", MOVE, str(folder), text, str(steps)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_kill_at_any_step_leaves_the_old_model_or_the_new_one(tmp_path):
    first = Registry(tmp_path / "count")
    put(first, "old")
    total = int(move(first.folder, "new", 10**6).stdout)
    assert total >= 4
    after = set()
    for steps in range(total):
        registry = Registry(tmp_path / str(steps))
        old = put(registry, "old")
        assert move(registry.folder, "new", steps).returncode == -9
        found = registry.production()
        after.add(found.sha256 == old)
        assert registry.content(found.sha256) == (b"old" if found.sha256 == old else b"new")
        with registry.lease():
            assert registry.history()[-1] == found
        third = put(registry, "third")
        assert registry.production().sha256 == third
        assert not [p for p in registry.folder.rglob("*.tmp") if "production" in p.name]
    assert after == {True, False}


def test_promotions_at_the_same_time_come_one_after_the_other(tmp_path):
    command = [sys.executable, "-c", MOVE, str(tmp_path)]
    running = [
        subprocess.Popen([*command, f"model {n}", "1000000"], stdout=subprocess.DEVNULL)
        for n in range(4)
    ]
    assert [process.wait() for process in running] == [0] * 4
    registry = Registry(tmp_path)
    history = registry.history()
    assert len(history) == 4
    assert [entry.previous for entry in history] == [None, *(e.sha256 for e in history[:-1])]
    assert registry.production() == history[-1]


def test_rollbacks_walk_back_along_what_was_in_production(tmp_path):
    registry = Registry(tmp_path)
    a, b, c = (put(registry, text) for text in "abc")
    assert registry.line_of_succession() == [c, b, a]
    put(registry, "b", "rollback")
    assert registry.line_of_succession() == [b, a]
    d = put(registry, "d")
    assert registry.line_of_succession() == [d, b, a]
    assert registry.withdrawn(c).previous == c
    assert registry.withdrawn(b) is None
    assert registry.find(a[:6]) == a
    with pytest.raises(InputError, match="at least 4 digits"):
        registry.find(a[:3])


def test_old_versions_are_let_go_and_that_is_said(tmp_path):
    registry = Registry(tmp_path)
    first = put(registry, "1", keep=2)
    second, third = put(registry, "2", keep=2), put(registry, "3", keep=2)
    assert registry.content(second) == b"2"
    assert registry.content(third) == b"3"
    with pytest.raises(InputError, match="dvc artifacts get"):
        registry.content(first)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("production.json", "{", "must be what"),
        ("production.json", '{"no": 1}', "must be what"),
        ("journal.jsonl", "<<<<<<< HEAD\n", "line 1 must be an entry"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, name, text, said):
    registry = Registry(tmp_path)
    put(registry, "a")
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=said), registry.lease():
        registry.history()


def test_a_damaged_model_is_never_handed_out(tmp_path):
    registry = Registry(tmp_path)
    sha256 = put(registry, "a")
    registry.path(sha256).write_bytes(b"b")
    with pytest.raises(InputError, match="sha256 of its name"):
        registry.content(sha256)
