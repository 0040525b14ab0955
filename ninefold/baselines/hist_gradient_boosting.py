"""Gradient-boosted trees over binned features."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from ninefold.baselines.base import BaselineSpec, Fitted, TrainRows
from ninefold.baselines.scores import log_softmax, two_sided
from ninefold.columns import Array
from ninefold.target import Target

if TYPE_CHECKING:
    import onnx

    from ninefold.preprocessing import Layout


class HistGradientBoostingSpec(BaselineSpec):
    """scikit-learn's histogram gradient boosting; codes enter as numbers, in order of frequency."""

    kind: Literal["hist_gradient_boosting"] = "hist_gradient_boosting"
    max_iter: int = Field(100, ge=1, le=10_000)
    """Trees (per class, if there are more than two)."""
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
            **self.model_dump(exclude={"kind", "early_stopping"}),
            early_stopping=bool(early and enough),
            random_state=seed,
        )
        # Equal weights say nothing, yet make scikit-learn bin by weighted percentiles, slowly.
        told = None if (weight == weight[0]).all() else weight
        model.fit(join(rows.X, rows.codes), y, sample_weight=told)
        return _Boosted(model, rows.target, rows.layout)


def join(X: Array, codes: Array) -> Array:
    """Return features and codes side by side, `(N, F + C)` float64."""
    return np.concatenate([X, codes], axis=1, dtype=np.float64)


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

        Converters stop at this model (scikit-learn 1.9, onnx 1.23) and keep thresholds in single
        precision; in double, each row takes the very branch it takes in scikit-learn.
        """
        from ninefold.graph import Graph

        graph = Graph("hist_gradient_boosting")
        x = graph.input("X", np.float32, ("N", len(self.layout.features)))
        codes = graph.input("codes", np.int64, ("N", len(self.layout.codes)))
        rows = graph.Concat(graph.cast(x, np.float64), graph.cast(codes, np.float64), axis=1)
        raw = graph.TreeEnsembleRegressor(rows, **tree_attributes(self.model))
        if self.target.is_binary:
            raw = graph.MatMul(raw, np.array([[-0.5, 0.5]], dtype=np.float32))
        if self.target.task == "classification":
            raw = graph.LogSoftmax(raw, axis=1)
        graph.output("scores", raw, np.float32, ("N", self.target.outputs))
        return graph.model()


def tree_attributes(model: Any) -> dict[str, Any]:
    """Return a fitted model's trees as attributes of ai.onnx.ml's `TreeEnsembleRegressor`."""
    from onnx import TensorProto, helper

    trees = [(k, tree.nodes) for round_ in model._predictors for k, tree in enumerate(round_)]
    nodes = np.concatenate([tree for _, tree in trees])
    sizes = [len(tree) for _, tree in trees]
    tree_ids = np.repeat(np.arange(len(trees)), sizes)
    node_ids = np.concatenate([np.arange(size) for size in sizes])
    targets = np.repeat([k for k, _ in trees], sizes)
    leaf = nodes["is_leaf"].astype(bool)
    base = np.ravel(model._baseline_prediction).astype(np.float64)

    def doubles(name: str, values: Array) -> Any:
        return helper.make_tensor(name, TensorProto.DOUBLE, [len(values)], values.tolist())

    return {
        "n_targets": len(base),
        "base_values_as_tensor": doubles("base", base),
        "nodes_treeids": tree_ids.tolist(),
        "nodes_nodeids": node_ids.tolist(),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_featureids": np.where(leaf, 0, nodes["feature_idx"]).astype(int).tolist(),
        "nodes_values_as_tensor": doubles("values", np.where(leaf, 0.0, nodes["num_threshold"])),
        "nodes_truenodeids": np.where(leaf, 0, nodes["left"]).astype(int).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, nodes["right"]).astype(int).tolist(),
        "target_treeids": tree_ids[leaf].tolist(),
        "target_nodeids": node_ids[leaf].tolist(),
        "target_ids": targets[leaf].tolist(),
        "target_weights_as_tensor": doubles("weights", nodes["value"][leaf]),
    }
