"""The proof, in each run, that what is fitted before the network is fitted on train rows only.

A sample of the train rows is prepared twice by the very code that training uses: once beside the
valid rows as they are, once beside valid rows in which every cell is poisoned. Graph, features,
weights and target must be the same to the last byte. The test part is no input of the train stage
at all.
"""

import hashlib
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array, Column, Frame, spread
from ninefold.durations import DAY_US
from ninefold.errors import GateError
from ninefold.pixels import objects
from ninefold.problem import ProblemSpec
from ninefold.training import preparing

if TYPE_CHECKING:
    from ninefold.preprocessing import PreprocessSpec
    from ninefold.sampling import Sampling
    from ninefold.training import TrainSpec

ROWS = 2000
"""Train rows in the sample, evenly spread, and valid rows beside them."""


def fit_scope(
    train: Frame,
    valid: Frame,
    problem: ProblemSpec,
    sampling: "Sampling",
    preprocess: "PreprocessSpec",
    spec: "TrainSpec",
) -> dict[str, Any]:
    """Return the verdict: `pass`, or `fail` and what differs.

    Takes what `ninefold.training.fit` takes, and raises what it raises before the network.
    """
    return compared(
        train,
        valid,
        problem.targets,
        lambda sample, beside: fingerprints(
            preparing.prepare(sample, beside, problem, sampling, preprocess, spec)
        ),
    )


def compared(
    train: Frame,
    valid: Frame,
    targets: Collection[str],
    prints_of: Callable[[Frame, Frame], dict[str, str]],
) -> dict[str, Any]:
    """Return the verdict on what `prints_of` fits on a sample of train rows, given valid rows as
    they are and poisoned ones.
    """
    sample, beside = train.take(spread(len(train), ROWS)), valid.take(spread(len(valid), ROWS))
    prints = [prints_of(sample, other) for other in (beside, poisoned(beside, targets))]
    differs = [name for name in prints[0] if prints[0][name] != prints[1][name]]
    return {
        "kind": "preprocessing.fit_scope",
        "verdict": "fail" if differs else "pass",
        "differs": differs,
        "train_rows": len(sample),
        "poisoned_valid_rows": len(beside),
        "graph_sha256": prints[0]["graph"],
    }


def stop_if_failed(found: dict[str, Any]) -> None:
    """Raise `GateError` if valid rows had a say in what is fitted before the network."""
    if found["verdict"] == "fail":
        raise GateError(
            f"what is fitted before the network must depend on train rows only, however: poisoned "
            f"valid rows change {', '.join(found['differs'])}. A transform of your own reads more "
            "than it is given; nothing was trained"
        )


def fingerprints(ready: preparing.Ready) -> dict[str, str]:
    """Return the hash of all that is fitted on train, by name."""
    X, codes, y, weight, *tensors = ready.rows
    contents = {
        "graph": ready.preprocessing.model.SerializeToString(deterministic=True),
        "layout": repr(ready.preprocessing.layout).encode(),
        "target": repr(ready.target).encode(),
        "features": b"".join(map(_bytes, (X, codes, *tensors))),
        "sample": _bytes(y) + _bytes(weight),
    }
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def _bytes(values: Array) -> bytes:
    return np.ascontiguousarray(values).tobytes()


def poisoned(frame: Frame, targets: Collection[str] = ()) -> Frame:
    """Return the frame with every cell changed: far numbers, unseen levels, dates years away.

    The values of `targets` change places, so that they stay what a model may be watched on.
    """
    data = {
        column.name: (
            np.roll(frame[column.name], 1)
            if column.name in targets
            else _poison(column, frame[column.name])
        )
        for column in frame.columns
    }
    return Frame(frame.columns, data, frame.row)


def _poison(column: Column, values: Array) -> Array:
    if column.kind == "number":
        spoilt = np.where(np.isnan(values), -7e5, values * -1e6 + 12345.0)
        spoilt[::5] = np.nan
        return np.asarray(spoilt)
    if column.kind == "bool":
        return np.asarray(~values)
    if column.kind == "datetime":
        return np.asarray(np.where(values < 0, values, values + 4000 * DAY_US))
    if column.kind == "sequence":
        return objects(np.concatenate([cell[:1] * -1e6 + 12345.0, cell]) for cell in values)
    if column.is_tensor:
        return objects(~cell[:1] for cell in values)
    return np.array([f"poison {number % 7} poison" for number in range(len(values))], dtype=object)
