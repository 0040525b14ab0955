"""What trees say of rows they did not see: evidence that does not hang on how training went."""

import numpy as np

from ninefold.diagnosis.case import Case, Scored

FEWEST, MOST = 100, 2_000
"""Rows of both parts together; of more, so many are taken."""
TREES, LEAF = 200, 3


def left_out(case: Case) -> Scored | None:
    """Return rows of train and valid with what trees grown without them say, or None.

    Extremely randomised trees (Geurts et al., 2006) on bootstrap samples; each row is scored by
    those that drew it not. None where rows are too few, or not all of what they are is
    features. Shapes: as `Scored`, scores `(N, K)` log shares of votes, or values `(N, 1)`.
    """
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    X = np.concatenate([case.train.X, case.valid.X])
    y = np.concatenate([case.train.y, case.valid.y])
    is_table = X.shape[1] and not getattr(case.network, "reads_tensors", False)
    if len(y) < FEWEST or not is_table or case.valid.units is not None:
        return None
    if len(y) > MOST:
        kept = np.unique(np.linspace(0, len(y) - 1, MOST).astype(np.int64))
        X, y = X[kept], y[kept]
    settings = {"bootstrap": True, "oob_score": True, "min_samples_leaf": LEAF, "random_state": 0}
    if not case.is_classification:
        values = ExtraTreesRegressor(TREES, **settings).fit(X, y).oob_prediction_
        return Scored(X, y, np.asarray(values)[:, None])
    model = ExtraTreesClassifier(TREES, **settings).fit(X, y)
    shares = np.zeros((len(y), case.train.scores.shape[1]))
    shares[:, model.classes_] = model.oob_decision_function_
    return Scored(X, y, np.log(np.maximum(shares, 1e-6)))
