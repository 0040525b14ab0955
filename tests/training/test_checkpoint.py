"""A run that was killed goes on from its last epoch and gives the bytes of one that was not."""

import hashlib
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from ninefold.columns import write_frame
from ninefold.networks.mlp import MLPSpec
from ninefold.objectives.cross_entropy import CrossEntropySpec
from ninefold.training import TrainSpec
from ninefold.training.checkpoint import Checkpoint, key
from ninefold.training.device import reproducible
from ninefold.training.loop import Rows, Watch, train
from ninefold.training.model import read_history
from ninefold.training.probing import Probe
from ninefold.training.scoring_module import ScoringModule
from tests import forking
from tests.networks.test_export import layout
from tests.training.samples import parts

CASES = {
    "default": {},
    "batch norm, average, plateau": {
        "network": {"normalization": "batch", "activation": "relu"},
        "ema": 0.9,
        "schedule": {"kind": "plateau", "patience": 0},
    },
    "lbfgs": {"optimizer": {"kind": "lbfgs"}},
    "muon, range test": {"optimizer": {"kind": "muon"}, "lr": "auto"},
    "stops early": {"patience": 2, "lr": 0.05, "epochs": 12},
}


class Killed(BaseException):
    pass


class KillAfter:
    """Ends the run after an epoch, as it were with kill -9: nothing is tidied up."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def begin(self, run) -> None:
        pass

    def note(self, run) -> None:
        if run.epoch == self.epoch:
            raise Killed


def run(fields, observers=(), probed=False):
    small = {"hidden_size": 8, "num_layers": 2, "ensemble_size": 2}
    network = MLPSpec.model_validate(small | fields.get("network", {}))
    spec = TrainSpec.model_validate({"epochs": 5, "batch_size": 16, **fields, "network": network})
    rng = np.random.default_rng(0)
    X = rng.normal(size=(96, 4)).astype(np.float32)
    y = torch.from_numpy((X[:, 0] * X[:, 1] + rng.normal(size=96) > 0).astype(np.int64))
    rows = Rows(torch.from_numpy(X), torch.zeros(96, 0, dtype=torch.int64), y, torch.ones(96))
    with reproducible(0, 1, torch.device("cpu")):
        module = ScoringModule(network.build(layout(4, 0), 2, X, 0), CrossEntropySpec())
        watch = Watch(lambda scores: float((scores.argmax(1) == y.numpy()).mean()), True)
        probe = [Probe(rows)] if probed else []
        outcome = train(module, rows, rows, watch, spec, [*observers, *probe])
    return module.state_dict(), outcome


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("epoch", [1, 3])
def test_a_run_goes_on_as_if_it_had_not_been_killed(name, epoch, tmp_path, capsys):
    path = tmp_path / ".kept" / "run.safetensors"
    expected, whole = run(CASES[name])
    with pytest.raises(Killed):
        run(CASES[name], [KillAfter(epoch), Checkpoint(path, "a", every_s=0)])
    found, outcome = run(CASES[name], [Checkpoint(path, "a", every_s=0)])
    assert f"going on after epoch {epoch}" in capsys.readouterr().err
    assert outcome == whole
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_looking_inside_changes_nothing_and_goes_on_where_it_was(tmp_path):
    path = tmp_path / "run.safetensors"
    plain, _ = run(CASES["default"])
    expected, whole = run(CASES["default"], probed=True)
    assert all(torch.equal(plain[name], expected[name]) for name in plain)
    assert [probe["epoch"] for probe in whole.probes] == [0, 1, 2, 4]
    with pytest.raises(Killed):
        run(CASES["default"], [KillAfter(3), Checkpoint(path, "a", every_s=0)], probed=True)
    _, outcome = run(CASES["default"], [Checkpoint(path, "a", every_s=0)], probed=True)
    assert outcome == whole


def test_a_run_that_was_over_is_not_trained_again(tmp_path):
    path = tmp_path / "run.safetensors"
    expected, whole = run(CASES["stops early"], [Checkpoint(path, "a", every_s=0)])
    assert len(whole.history) < 12
    found, outcome = run(CASES["stops early"], [Checkpoint(path, "a", every_s=0), KillAfter(1)])
    assert outcome == whole
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    ("spoil", "why"), [("another run", "settings, data or code changed"), ("damaged", "is damaged")]
)
def test_what_is_of_another_run_or_damaged_is_not_gone_on_from(spoil, why, tmp_path, capsys):
    path = tmp_path / "run.safetensors"
    expected, _ = run({}, [Checkpoint(path, "a", every_s=0)])
    if spoil == "damaged":
        path.write_bytes(path.read_bytes()[:-100])
    found, _ = run({}, [Checkpoint(path, "b" if spoil == "another run" else "a")])
    said = capsys.readouterr().err
    assert "going on" not in said
    assert "begins anew, not from" in said
    assert why in said
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_the_key_changes_with_settings_and_rows():
    rows = np.arange(6.0)
    keys = [key({"lr": 1}, [rows]), key({"lr": 2}, [rows]), key({"lr": 1}, [rows.reshape(2, 3)])]
    assert len(set(keys)) == 3
    assert key({"lr": 1}, [rows.copy()]) == keys[0]


STAGE = """\
stages:
  train:
    cmd: python -m tasks train
    deps: [train.parquet, valid.parquet]
    params: [problem, sampling, preprocess, train]
    outs: [models/network, reports/diagnosis.json]
    meta: {checkpoint: .ninefold/train.safetensors}
"""
EPOCHS = 12
"""Several times as many as a second holds, which is how often a run is written."""
PARAMS = f"""\
problem: {{target: y, task: classification}}
train:
  epochs: {EPOCHS}
  batch_size: 2
  network: {{kind: mlp, hidden_size: 64, num_layers: 2, ensemble_size: 4}}
"""


def workspace(folder: Path) -> Path:
    folder.mkdir()
    for name, frame in zip(("train", "valid"), parts("binary", 300, 100), strict=True):
        write_frame(folder / f"{name}.parquet", frame)
    (folder / "dvc.yaml").write_text(STAGE)
    (folder / "params.yaml").write_text(PARAMS)
    return folder


def start(folder: Path) -> forking.Process:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    return forking.Process("tasks", "train", cwd=folder, env=env)


def digests(folder: Path) -> dict[str, str]:
    files = [*(folder / "models" / "network").iterdir(), folder / "reports" / "diagnosis.json"]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_a_train_stage_killed_half_way_gives_the_bytes_of_one_that_was_not(tmp_path):
    whole, killed = workspace(tmp_path / "whole"), workspace(tmp_path / "killed")
    first = start(whole)
    first.communicate(120)
    assert first.returncode == 0
    process, kept = start(killed), killed / ".ninefold" / "train.safetensors"
    deadline = time.monotonic() + 120
    while not kept.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.end(signal.SIGKILL)
    process.communicate(60)
    seen = read_history(killed / "models" / "network" / "history.csv")
    assert 1 <= len(seen) < EPOCHS
    assert not (killed / "models" / "network" / "weights.safetensors").exists()
    again = start(killed)
    _, said = again.communicate(120)
    assert again.returncode == 0
    assert "train: going on after epoch" in said
    assert digests(killed) == digests(whole)
    assert not kept.exists()
    assert (kept.parent / ".gitignore").read_text() == "*\n"
