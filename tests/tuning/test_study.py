"""Studies: killed and resumed, with trials that fail, on noise."""

import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninefold.errors import ConfigError, InputError
from ninefold.files import jsonable
from ninefold.splitting import Folds
from ninefold.tuning.work import fold_rows, reason, stops_apart
from tests.tuning.studies import TRAIN, material, study


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A study that nobody disturbed."""
    return jsonable(study(tmp_path_factory.mktemp("study") / "journal.log"))


def test_the_default_comes_first_and_the_winner_is_as_good_in_the_folds(whole):
    first, winner = whole["trials"][0], whole["trials"][whole["winner"]]
    assert first["is_default"]
    assert first["params"]["train.lr"] == 0.002
    assert [trial["state"] for trial in whole["trials"]] == ["complete"] * 5
    assert winner["value"] >= first["value"]
    assert [trial["number"] for trial in whole["trials"]] == list(range(5))


def test_killed_half_way_and_resumed_no_trial_is_lost_or_doubled(whole, tmp_path):
    journal = tmp_path / "journal.log"
    for trials in (2, 4):
        command = [sys.executable, "-m", "tests.tuning.studies", str(journal), str(trials)]
        killed = subprocess.run(command, capture_output=True, text=True, check=False)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    with journal.open("a") as file:
        file.write('{"op_code":5,"wor')
    assert jsonable(study(journal)) == whole


def test_more_trials_go_on_from_those_there_are(whole, tmp_path):
    study(tmp_path / "journal.log", trials=3)
    before = (tmp_path / "journal.log").read_text()
    assert jsonable(study(tmp_path / "journal.log")) == whole
    assert (tmp_path / "journal.log").read_text().startswith(before)


def test_a_second_process_on_the_same_study_is_refused(tmp_path):
    import fcntl

    with (tmp_path / "journal.lease").open("a") as lease:
        fcntl.flock(lease, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another one tunes"):
            study(tmp_path / "journal.log")


def far(frame):
    """Return the frame with numbers that no network takes unless they are scaled."""
    return frame.with_column(frame.column("b"), frame["b"] * 1e30)


SCALE = "preprocess.columns.b.scale"


def diverging(scale):
    return material(
        "regression",
        change=far,
        train={**TRAIN, "epochs": 4},
        preprocess={"columns": {"b": {"scale": scale, "clip": "none"}}},
    )


def test_a_full_disk_names_the_file_of_the_study(tmp_path):
    script = (
        "import resource, sys; from pathlib import Path; from tests.tuning.studies import study;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); study(Path(sys.argv[1]))"
    )
    journal = tmp_path / "journal.log"
    command = [sys.executable, "-c", script, str(journal)]
    full = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"InputError: {journal} cannot be written: files may not grow" in full.stderr


def test_a_trial_that_fails_is_a_row_with_its_reason(tmp_path):
    space = {SCALE: {"choices": ["robust", "none"]}}
    found = study(tmp_path / "j.log", diverging("robust"), space, trials=4)
    assert found["trials"][0]["params"] == {SCALE: "robust"}
    failed = [trial for trial in found["trials"] if trial["state"] == "failed"]
    assert failed
    assert {trial["params"][SCALE] for trial in failed} == {"none"}
    assert all("finite" in trial["reason"] for trial in failed)
    assert found["winner"] is not None


def test_when_all_fail_the_study_says_why(tmp_path):
    space = {"train.weight_decay": {"low": 0.01, "high": 0.02}}
    with pytest.raises(InputError, match=r"of 2 none did\. First: .*finite"):
        study(tmp_path / "j.log", diverging("none"), space, trials=2)


def test_more_folds_than_there_are_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"tune\.folds must be at most \d, .* however: 99"):
        study(tmp_path / "journal.log", folds=99)


def test_params_that_cannot_be_trained_end_it_at_once(tmp_path):
    given = material(train={**TRAIN, "objective": {"kind": "mse"}})
    with pytest.raises(ConfigError, match=r"train\.objective\.kind"):
        study(tmp_path / "j.log", given)


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_hopeless_trials_end_after_some_of_the_folds(pruner, tmp_path):
    trials = study(tmp_path / "j.log", trials=7, pruner=pruner)["trials"]
    pruned = [trial for trial in trials if trial["state"] == "pruned"]
    assert pruned
    assert all(len(trial["folds"]) == 2 for trial in pruned)
    assert "after 2 of 3 folds" in pruned[0]["reason"]
    assert trials[0]["state"] == "complete"


@pytest.mark.parametrize("sampler", ["gp", "random"])
def test_who_proposes_is_chosen_and_a_search_goes_on_as_if_it_had_not_stopped(sampler, tmp_path):
    given = {"sampler": sampler, "folds": 1, "space": {"train.lr": {"low": 1e-4, "high": 0.1}}}
    one_fold = material(rows=60, most_folds=1, train={**TRAIN, "epochs": 1})
    for trials in (11, 13):
        resumed = study(tmp_path / "j.log", one_fold, trials=trials, **given)
    whole = study(tmp_path / "w.log", one_fold, trials=13, **given)
    assert jsonable(resumed) == jsonable(whole)
    usual = study(tmp_path / "t.log", one_fold, trials=13, **(given | {"sampler": "tpe"}))
    rates = [[t["params"]["train.lr"] for t in one["trials"]] for one in (whole, usual)]
    assert rates[0] != rates[1]


def test_memory_that_runs_out_is_called_so():
    map_failed = ImportError("_loss.so: failed to map segment from shared object")
    for error in (MemoryError(), RuntimeError("CUDA out of memory. Tried to"), map_failed):
        assert reason(error).startswith("out of memory")
    assert reason(ValueError("a\nb")) == "ValueError: a b"


def noise(frame):
    rng = np.random.default_rng(len(frame))
    return frame.with_column(frame.column("y"), rng.permutation(frame["y"]))


def test_on_noise_the_winner_looks_better_in_the_folds_but_gains_nothing(tmp_path):
    found = study(tmp_path / "j.log", material(change=noise), trials=8)
    winner, default = (found["trials"][found[who]] for who in ("winner", "default"))
    assert winner["value"] > default["value"]
    assert found["held_back"]["low"] < 0 < found["held_back"]["high"]
    assert not found["held_back"]["is_better"]
    assert "told from chance" in found["sentence"]


@given(st.integers(2, 6), st.sampled_from(["partition", "expanding", "purged"]))
def test_rows_to_fit_stop_and_judge_on_are_disjoint(count, scheme):
    row = np.arange(60)
    fold = row * (count + (scheme == "expanding")) // 60
    spans = {"start": row * 1.0, "end": row + 1.5, "embargo": 1.0} if scheme == "purged" else {}
    folds = Folds(row, fold, "partition" if scheme == "purged" else scheme, **spans)
    found = fold_rows(folds)
    if count > 2 or scheme == "purged":
        assert stops_apart(found) or count == 2
    for item in found:
        if item.stop is item.judge:
            assert count == 2
            continue
        assert not set(item.fit) & set(item.stop)
        assert not set(item.fit) & set(item.judge)
        assert not set(item.stop) & set(item.judge)
        if scheme == "expanding":
            assert fold[item.fit].max() < fold[item.stop].min() <= fold[item.stop].max()
            assert fold[item.stop].max() < fold[item.judge].min()
