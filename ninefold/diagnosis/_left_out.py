"""What trees say of rows they did not see: evidence that does not hang on how training went."""

from typing import TYPE_CHECKING

import numpy as np

from ninefold.columns import Array
from ninefold.diagnosis.case import Case, Scored

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesRegressor

FEWEST, MOST = 100, 2_000
"""Rows of both parts together; of more, so many are taken."""
TREES, LEAF = 200, 3


def left_out(case: Case) -> Scored | None:
    """Return rows of train and valid with what trees grown without them say, or None.

    Extremely randomised trees (Geurts et al., 2006) on bootstrap samples; each row is scored by
    those that drew it not. None where rows are too few, or steps of sequences; of tensors the
    trees see what is laid flat. Shapes: as `Scored`, scores `(N, K)` log shares of votes, or
    values `(N, 1)`.
    """
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    X = np.concatenate([case.train.X, case.valid.X])
    y = np.concatenate([case.train.y, case.valid.y])
    if len(y) < FEWEST or not X.shape[1] or case.valid.units is not None:
        return None
    kept = looked_at(len(y))
    X, y = X[kept], y[kept]
    settings = {"bootstrap": True, "min_samples_leaf": LEAF, "random_state": 0}
    if not case.is_classification:
        values = _medians(ExtraTreesRegressor(TREES, **settings).fit(X, y), X, y)
        return Scored(X, y, values[:, None])
    model = ExtraTreesClassifier(TREES, oob_score=True, **settings).fit(X, y)
    shares = np.zeros((len(y), case.train.scores.shape[1]))
    shares[:, model.classes_] = model.oob_decision_function_
    return Scored(X, y, np.log(np.maximum(shares, 1e-6)))


def looked_at(count: int) -> Array:
    """Return which of `count` rows of both parts the trees are grown on."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST)).astype(np.int64))


def _medians(model: "ExtraTreesRegressor", X: Array, y: Array) -> Array:
    """Return for each row the median `(N,)` of the values it meets in the leaves of trees that drew
    it not (Meinshausen, Quantile regression forests, 2006): wrong ones among them hardly move it.
    """
    from scipy.sparse import coo_array

    n, leaves = len(y), model.apply(X)
    leaves = np.unique(leaves + leaves.max() * np.arange(TREES) * 2, return_inverse=True)[1]
    leaves = leaves.reshape(n, TREES)
    drawn = np.stack([np.bincount(s, minlength=n) for s in model.estimators_samples_], axis=1)
    row, tree = np.nonzero(drawn)
    weight = drawn[row, tree] / np.bincount(leaves[row, tree], drawn[row, tree])[leaves[row, tree]]
    size = int(leaves.max()) + 1
    inside = coo_array((weight, (leaves[row, tree], row)), shape=(size, n)).tocsr()
    row, tree = np.nonzero(drawn == 0)
    outside = coo_array((np.ones(len(row)), (row, leaves[row, tree])), shape=(n, size)).tocsr()
    order = np.argsort(y, kind="stable")
    below = np.cumsum((outside @ inside).toarray()[:, order], axis=1)
    return np.asarray(y[order][(below >= below[:, -1:] / 2).argmax(axis=1)], dtype=np.float64)
