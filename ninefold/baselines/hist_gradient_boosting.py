"""Gradient-boosted trees over binned features."""

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from ninefold.baselines.base import BaselineSpec, Fitted, TrainRows
from ninefold.baselines.scores import join, log_softmax, tree_graph, two_sided
from ninefold.baselines.trees import Tree, ensemble, rounds
from ninefold.columns import Array
from ninefold.target import Target

if TYPE_CHECKING:
    import onnx

    from ninefold.preprocessing import Layout


class HistGradientBoostingSpec(BaselineSpec):
    """scikit-learn's histogram gradient boosting; codes enter as numbers, in order of frequency."""

    title: ClassVar[str] = "histogram gradient boosting"
    kind: Literal["hist_gradient_boosting"] = "hist_gradient_boosting"
    max_iter: int | None = Field(None, ge=1, le=10_000)
    """Trees (per class if more than two); default: 100, of many classes 10,000 in all."""
    learning_rate: float = Field(0.1, gt=0, le=1)
    """How much of each tree's answer is added."""
    max_leaf_nodes: int = Field(31, ge=2, le=4096)
    """Most leaves of a tree."""
    min_samples_leaf: int = Field(20, ge=1)
    """Fewest train rows in a leaf."""
    l2_regularization: float = Field(0.0, ge=0)
    """Penalty on the leaves' values."""
    early_stopping: bool | None = None
    """Hold out a tenth of the train rows to stop early; default: from 10,000 rows on."""

    def fit(self, rows: TrainRows, seed: int) -> Fitted:
        """Fit the classifier or the regressor."""
        from sklearn.ensemble import (
            HistGradientBoostingClassifier,
            HistGradientBoostingRegressor,
        )

        y, weight = rows.y, rows.weight
        is_regression = rows.target.task == "regression"
        enough = is_regression or np.unique(y, return_counts=True)[1].min() > 1
        early = len(y) > 10_000 if self.early_stopping is None else self.early_stopping
        model = (
            HistGradientBoostingRegressor if is_regression else HistGradientBoostingClassifier
        )(
            **self.model_dump(exclude={"kind", "early_stopping", "max_iter"}),
            max_iter=self.max_iter or rounds(rows.target.outputs),
            early_stopping=bool(early and enough),
            random_state=seed,
        )
        # Equal weights say nothing, yet make scikit-learn bin by weighted percentiles, slowly.
        told = None if (weight == weight[0]).all() else weight
        model.fit(join(rows.X, rows.codes), y, sample_weight=told)
        return _Boosted(model, rows.target, rows.layout)


class _Boosted(Fitted):
    """A fitted scikit-learn model."""

    def __init__(self, model: Any, target: Target, layout: "Layout") -> None:
        self.model, self.target, self.layout = model, target, layout

    def scores(self, X: Array, codes: Array) -> Array:
        rows = join(X, codes)
        if self.target.task == "regression":
            return np.asarray(self.model.predict(rows)[:, None], dtype=np.float32)
        raw = two_sided(self.model.decision_function(rows))
        return log_softmax(raw, self.model.classes_, self.target.outputs)

    def to_onnx(self) -> "onnx.ModelProto":
        """Write the trees as one `TreeEnsembleRegressor` in double precision.

        Converters stop at this model (scikit-learn 1.9, onnx 1.23).
        """
        attributes = tree_attributes(self.model)
        return tree_graph("hist_gradient_boosting", attributes, self.target, self.layout)


def tree_attributes(model: Any) -> dict[str, Any]:
    """Return a fitted model's trees as attributes of ai.onnx.ml's `TreeEnsembleRegressor`."""
    trees = [
        Tree(
            target,
            tree.nodes["is_leaf"].astype(bool),
            tree.nodes["feature_idx"],
            tree.nodes["num_threshold"],
            tree.nodes["left"],
            tree.nodes["right"],
            tree.nodes["value"],
        )
        for round_ in model._predictors
        for target, tree in enumerate(round_)
    ]
    return ensemble(trees, np.ravel(model._baseline_prediction))
