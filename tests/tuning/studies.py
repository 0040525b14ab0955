"""Small studies, run by the tests here or in a process that they kill."""

import json
import sys
from pathlib import Path

import numpy as np

from ninefold.config import validate
from ninefold.files import jsonable
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


if __name__ == "__main__":
    found = study(sys.argv[1], **json.loads(sys.argv[2]))
    print(json.dumps(jsonable(found)))
