"""encoding: answers of a model as a feature, for the rows it was fitted on and for others."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leakage.plant import is_numeric_target, leak, planted
from benchmarks.leakage.sources import Source
from benchmarks.leakage.trial import Array, Trial

MOST = 3000
"""Rows of a table, from which a model is fitted in a moment."""
LEAST_GAIN = 0.02
"""What answers for its own rows tell more than those for others, in R² or ROC area."""


def _models(is_number: bool) -> dict[str, Any]:
    from sklearn import ensemble

    kind = "Regressor" if is_number else "Classifier"
    return {
        "forest": getattr(ensemble, f"RandomForest{kind}")(60, random_state=0),
        "boosted trees": getattr(ensemble, f"HistGradientBoosting{kind}")(random_state=0),
    }


def _answered(
    source: Source, table: pd.DataFrame, rng: np.random.Generator, seen: bool
) -> Iterator[Trial]:
    """Yield half of a table with what a model fitted to it, or to the other half, says of it.

    An answer for rows it was fitted on is left out where one for others tells as much.
    """
    from sklearn.metrics import r2_score, roc_auc_score

    table = table.drop_duplicates().dropna(subset=[source.target])
    if source.time or source.is_series:
        return
    table = table.sample(min(len(table), MOST), random_state=int(rng.integers(1000)))
    is_number, y = is_numeric_target(source, table), table[source.target]
    goal: Array = y.to_numpy() if is_number else (y == y.mode()[0]).to_numpy()
    known = pd.get_dummies(table.drop(columns=[source.target, *source.after]), dtype=float)
    x = known.fillna(known.median()).to_numpy()
    here = np.arange(len(table)) % 2 == 0
    score = r2_score if is_number else roc_auc_score
    fitted = here if seen else ~here
    for name, model in _models(is_number).items():
        model.fit(x[fitted], goal[fitted])
        said = model.predict(x) if is_number else model.predict_proba(x)[:, 1]
        learned, others = (score(goal[rows], said[rows]) for rows in (fitted, ~fitted))
        if seen and learned - others < LEAST_GAIN:
            continue
        out = table[here].assign(score=np.round(said[here], 5)).reset_index(drop=True)
        families = ("encoding", "target") if seen else ()
        told = f"{name}, {'its own rows' if seen else 'other rows'}"
        yield planted(source, out, told, columns=("score",), families=families, time=None)


@leak("encoding", "target")
def answers_for_the_rows_of_a_model(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A score fitted on the rows it is given for."""
    yield from _answered(source, table, rng, True)


@leak()
def answers_for_other_rows(
    source: Source, table: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Trial]:
    """A score of a model that was fitted elsewhere."""
    yield from _answered(source, table, rng, False)
