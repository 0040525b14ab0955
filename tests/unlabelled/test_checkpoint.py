"""Models of tasks without a target go on after a kill, to the bytes of a run that had none."""

import numpy as np
import pytest

from ninefold.aims import aim_of
from ninefold.autoencoding import AnomalySpec, AutoEncoderSpec
from ninefold.clustering import ClusterSpec
from ninefold.generating import GenerateSpec
from ninefold.preprocessing import PreprocessSpec
from ninefold.problem import ProblemSpec
from ninefold.training.checkpoint import RunFile
from ninefold.training.under_way import RunFiles
from ninefold.unlabelled.preparing import prepare
from tests.training.samples import parts

SMALL = AutoEncoderSpec(epochs=8, width=16, noise=0.2, ema=0.9)
SETTINGS = {
    "anomaly": {"autoencoder": SMALL, "anomaly": AnomalySpec()},
    "embedding": {"autoencoder": SMALL.model_copy(update={"contrast": 0.1})},
    "clustering": {"cluster": ClusterSpec(k=3, encoder=SMALL)},
    "generation": {"generate": GenerateSpec(steps=60, width=16)},
}
WRITES = 3


class Killed(BaseException):
    pass


@pytest.fixture
def dies(monkeypatch):
    """Let the process end after a few times that a run was written, as it were with kill -9."""
    write, written = RunFile.write, []

    def last(self, *content):
        write(self, *content)
        written.append(1)
        if len(written) == WRITES:
            raise Killed

    monkeypatch.setattr(RunFile, "write", last)


@pytest.mark.parametrize("task", SETTINGS)
def test_a_killed_run_goes_on_to_the_same_bytes(task, tmp_path, dies, capsys):
    aim, problem = aim_of(task), ProblemSpec(task=task)
    ready = prepare(*parts("binary", 120, 60), problem, PreprocessSpec())
    files = RunFiles(tmp_path / ".kept" / "run.safetensors", tmp_path / "live.csv", every_s=0)
    expected = aim.fit(ready, SETTINGS[task])
    with pytest.raises(Killed):
        aim.fit(ready, SETTINGS[task], files)
    found = aim.fit(ready, SETTINGS[task], files)
    assert (
        f"going on after {'step' if task == 'generation' else 'epoch'} 3" in capsys.readouterr().err
    )
    assert found.facts == expected.facts
    assert found.history == expected.history
    arrays = expected.arrays()
    assert all(np.array_equal(array, arrays[name]) for name, array in found.arrays().items())
    assert len((tmp_path / "live.csv").read_text().splitlines()) > WRITES
