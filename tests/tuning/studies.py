"""Small studies, run by the tests here or in a process that they kill."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np

from ninefold.config import validate
from ninefold.graph import Graph
from ninefold.splitting import Folds
from ninefold.tuning.space import Space, settings_of
from ninefold.tuning.tune import tune
from ninefold.tuning.work import Material
from tests.training.samples import parts, problem

TRAIN = {
    "epochs": 2,
    "network": {"kind": "mlp", "hidden_size": 8, "num_layers": 1, "ensemble_size": 2},
}
SPACE = {
    "train.lr": {"low": 1e-4, "high": 1e-1, "log": True},
    "train.network.num_layers": {"low": 1, "high": 2},
    "preprocess.category.encode": {"choices": ["one_hot", "ordinal"]},
}


def settings(**sections):
    given = {"train": TRAIN, "preprocess": {}, "sampling": {}} | sections
    return settings_of({name: validate(name, content) for name, content in given.items()})


def material(kind="binary", rows=240, change=None, most_folds=None, **sections):
    train, valid = parts(kind, rows, 200)
    if change:
        train, valid = change(train), change(valid)
    folds = Folds(train.row, np.arange(rows) % 3, "partition")
    empty = Graph("featurize").model().SerializeToString()
    return Material(train, valid, folds, problem(kind), settings(**sections), empty, most_folds)


def study(journal, given=None, space=SPACE, **more):
    """Run a study and return what reports/tuning.json would hold."""
    spec = validate("tune", {"trials": 5, "space": space, **more})
    given = given or material()
    return tune(given, Space.of(spec.space, given.settings, {}), spec, Path(journal))


def finished(journal):
    """Return how many trials have ended, as the journal has it."""
    lines = journal.read_text().splitlines() if journal.exists() else []
    return sum('"op_code":6' in line for line in lines)


def killed_after(journal, trials):
    """Let this process be killed as soon as so many trials have ended."""

    def watch():
        while finished(journal) < trials:
            time.sleep(0.002)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    killed_after(Path(sys.argv[1]), int(sys.argv[2]))
    study(sys.argv[1])
