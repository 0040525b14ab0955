"""One study here and in processes of its own; workers that die."""

import os
import signal
import threading
import time

import psutil
import pytest

from tests.tuning.studies import material, study

LARGER = {"train.network.hidden_size": {"choices": [8, 64]}}
SEED = 3
"""With it the second trial takes the larger network."""


@pytest.fixture(scope="module")
def default(tmp_path_factory):
    """What params.yaml as it stands gives here."""
    return study(tmp_path_factory.mktemp("study") / "j.log", trials=1)["trials"][0]


def kill_one(processes, is_begun):
    """Kill one of the processes as soon as the study has begun; return the thread that does."""

    def run():
        while not is_begun():
            time.sleep(0.02)
        os.kill(processes()[0], signal.SIGKILL)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def check(found, default):
    """Check that no trial is lost, doubled or blamed, and that others compute what we do."""
    assert [trial["number"] for trial in found["trials"]] == list(range(4))
    assert [trial["state"] for trial in found["trials"]] == ["complete"] * 4
    assert [trial["is_default"] for trial in found["trials"]].count(True) == 1
    (first,) = [trial for trial in found["trials"] if trial["is_default"]]
    assert first["folds"] == default["folds"]


def test_a_process_that_is_killed_costs_no_trial(tmp_path, default):
    journal = tmp_path / "j.log"

    before = set(psutil.Process().children())

    def spawned():
        children = [c for c in psutil.Process().children() if c not in before]
        return [c.pid for c in children if "spawn_main" in " ".join(c.cmdline())]

    thread = kill_one(spawned, lambda: journal.exists() and '"op_code":7' in journal.read_text())
    found = study(journal, trials=4, workers=2)
    thread.join()
    check(found, default)


def test_the_exported_file_is_measured_and_a_limit_that_nothing_keeps_is_said(tmp_path):
    given = {"space": LARGER, "folds": 1}
    one_fold = material(most_folds=1)
    found = study(
        tmp_path / "f.log", one_fold, goal={"kind": "front"}, trials=2, seed=SEED, **given
    )
    small, large = sorted(
        found["trials"], key=lambda trial: trial["params"]["train.network.hidden_size"]
    )
    assert small["params"] != large["params"]
    assert small["cost"]["size_kb"] < large["cost"]["size_kb"]
    for trial in (small, large):
        assert 0 < trial["cost"]["latency_ms"] < trial["cost"]["batch_latency_ms"]
    assert found["winner"] in found["front"]

    goal = {"kind": "constrained", "max_size_kb": 0.1}
    found = study(tmp_path / "n.log", one_fold, goal=goal, trials=1, **given)
    assert found["winner"] is None
    assert "no trial keeps size_kb <= 0.1" in found["sentence"]
