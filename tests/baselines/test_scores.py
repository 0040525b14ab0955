from types import SimpleNamespace

import numpy as np

from ninefold.baselines.scores import design


def test_the_design_is_the_features_then_one_column_per_level():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4)).astype(np.float32)
    X[rng.random(X.shape) < 0.4] = 0.0
    codes = np.stack([rng.integers(0, 3, 50), rng.integers(0, 5, 50)], axis=1)
    found = design(X, codes, SimpleNamespace(cardinalities=(3, 5), words={}))
    expected = np.concatenate([X, np.eye(3)[codes[:, 0]], np.eye(5)[codes[:, 1]]], axis=1)
    assert np.array_equal(found.toarray(), expected)
    assert found.has_canonical_format
    assert (found.data != 0).all()
