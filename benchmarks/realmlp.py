"""A peer of the default network: pytabkit's RealMLP-TD, where it is installed."""

import importlib
import importlib.util
import logging
from typing import Any

import numpy as np
import pandas as pd

from ninefold.columns import Array, Frame
from ninefold.problem import ProblemSpec
from ninefold.target import Target


def is_there() -> bool:
    """Tell whether pytabkit can be imported."""
    return importlib.util.find_spec("pytabkit") is not None


def predict(
    inner: Frame, watched: Frame, new: Frame, problem: ProblemSpec, target: Target
) -> Array:
    """Fit on `inner`, stop by `watched`; return probabilities or values of the new rows.

    As its authors advise for these metrics: no label smoothing and the metric that is reported to
    choose the epoch by. It takes no missing numbers: the median of `inner` and a flag stand there.
    """
    peers = importlib.import_module("pytabkit")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    tables = _tables(inner, watched, new, problem)
    y, y_watched = target.encode(inner), target.encode(watched)
    settings: dict[str, Any] = {"device": "cpu", "random_state": 0, "n_threads": 1, "verbosity": 0}
    if not target.classes:
        values = peers.RealMLP_TD_Regressor(**settings).fit(tables[0], y, tables[1], y_watched)
        return np.asarray(values.predict(tables[2]), dtype=np.float64).ravel()
    metric = "1-auc_ovr" if len(target.classes) == 2 else "cross_entropy"
    peer = peers.RealMLP_TD_Classifier(val_metric_name=metric, use_ls=False, **settings)
    peer.fit(tables[0], y, tables[1], y_watched)
    return np.asarray(peer.predict_proba(tables[2]), dtype=np.float64)


def _tables(
    inner: Frame, watched: Frame, new: Frame, problem: ProblemSpec
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the inputs of the three parts as pandas has them."""
    columns: tuple[dict[str, Any], ...] = ({}, {}, {})
    for column in inner.having("input"):
        if column.name in problem.targets:
            continue
        values = [frame[column.name] for frame in (inner, watched, new)]
        if column.kind != "number":
            levels = np.unique(values[0].astype(str))
            for part, found in zip(columns, values, strict=True):
                part[column.name] = pd.Categorical(found.astype(str), categories=levels)
            continue
        known = values[0][~np.isnan(values[0])]
        middle = float(np.median(known)) if len(known) else 0.0
        has_gaps = bool(np.isnan(values[0]).any())
        for part, found in zip(columns, values, strict=True):
            part[column.name] = np.where(np.isnan(found), middle, found)
            if has_gaps:
                part[f"{column.name} is missing"] = np.isnan(found).astype(np.float64)
    return tuple(pd.DataFrame(part) for part in columns)  # type: ignore[return-value]
