"""How often a finding starts a retrain: a cool-down and a budget that outlive the process."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

from ninefold import journal
from ninefold.monitoring import RetrainSpec
from ninefold.monitoring.budget import asks_for_retrain, claim, is_put_off, note

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_cool_down_and_budget_hold(tmp_path):
    path = tmp_path / "deep" / "retrains.jsonl"
    spec = RetrainSpec(on="block", cooldown="1h", most=2, per="1d")

    def after(hours):
        return claim(path, spec, "drift", NOW + timedelta(hours=hours))

    assert after(0) is None
    assert "cool-down is 1h" in after(0.5)
    assert after(1) is None
    assert "the budget is 2" in after(3)
    assert after(24.5) is None
    with path.open("a") as file:
        file.write('{"at": "2030-01-02T00:45:00+00:00", "what": "st')
    assert "cool-down" in after(24.6)
    assert after(25.6) is None
    assert "the budget is 2" in after(27)


def test_a_start_that_is_put_off_may_be_later(tmp_path):
    path, spec = tmp_path / "r.jsonl", RetrainSpec(on="block", cooldown="1h", most=2)
    hours = [NOW + timedelta(hours=hour) for hour in range(4)]
    assert not is_put_off(path)
    assert claim(path, spec, "drift", hours[0]) is None
    assert not is_put_off(path)
    assert claim(path, spec, "drift", hours[0]) == claim(path, spec, "drift", hours[0])
    assert is_put_off(path)
    assert claim(path, spec, "drift", hours[1], busy="another goes on") == "another goes on"
    assert claim(path, spec, "drift", hours[1]) is None
    assert not is_put_off(path)
    assert "the budget is 2" in claim(path, spec, "drift", hours[3])
    assert [line["what"] for line in journal.read(path)] == ["start", "put off"] * 2


def test_a_start_that_came_to_nothing_is_given_back(tmp_path):
    path, spec = tmp_path / "r.jsonl", RetrainSpec(on="warn", cooldown="30d")
    assert claim(path, spec, "drift") is None
    note(path, {"what": "none", "why": "no deployment"})
    assert is_put_off(path)
    assert claim(path, spec, "drift") is None
    note(path, {"what": "run", "run": "1"})
    assert claim(path, spec, "drift") is not None


def test_of_many_processes_one_starts(tmp_path):
    code = (
        "import sys, pathlib; from ninefold.monitoring import RetrainSpec as R\n"
        "from ninefold.monitoring.budget import claim\n"
        "print(claim(pathlib.Path(sys.argv[1]), R(on='block'), 'x') is None)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "r.jsonl")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate()[0].strip() for process in running]
    assert sorted(said) == ["False", "False", "False", "True"]


def test_the_verdict_that_asks_is_chosen():
    asked = {
        on: [v for v in ("pass", "warn", "block") if asks_for_retrain(v, RetrainSpec(on=on))]
        for on in ("never", "block", "warn")
    }
    assert asked == {"never": [], "block": ["block"], "warn": ["warn", "block"]}
