"""LightGBM, where it is installed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from ninefold.baselines.base import BaselineSpec, Fitted, TrainRows
from ninefold.baselines.scores import join, tree_graph
from ninefold.baselines.trees import Boosted, Tree, ensemble, rounds
from ninefold.columns import Array

if TYPE_CHECKING:
    import onnx


class LightGBMSpec(BaselineSpec):
    """LightGBM (Ke et al., 2017); codes enter as numbers, in order of frequency."""

    title: ClassVar[str] = "LightGBM"
    kind: Literal["lightgbm"] = "lightgbm"
    package: ClassVar[str | None] = "lightgbm"
    n_estimators: int | None = Field(None, ge=1, le=10_000)
    """Trees (per class if more than two); default: 100, of many classes 10,000 in all."""
    learning_rate: float = Field(0.1, gt=0, le=1)
    """How much of each tree's answer is added."""
    num_leaves: int = Field(31, ge=2, le=4096)
    """Most leaves of a tree."""
    min_child_samples: int = Field(20, ge=1)
    """Fewest train rows in a leaf."""
    reg_lambda: float = Field(0.0, ge=0)
    """Penalty on the leaves' values."""

    def fit(self, rows: TrainRows, seed: int) -> Fitted:
        """Train on one thread, so that the same rows give the same trees."""
        import lightgbm

        classes = np.unique(rows.y) if rows.target.task == "classification" else np.array([0])
        goal = {"objective": "regression"}
        if rows.target.task == "classification":
            goal = {"objective": "binary"} if len(classes) == 2 else {
                "objective": "multiclass", "num_class": str(len(classes))
            }  # fmt: skip
        settings = self.model_dump(exclude={"kind", "n_estimators"}) | goal
        settings |= {"seed": seed, "num_threads": 1, "deterministic": True, "verbosity": -1}
        y = np.searchsorted(classes, rows.y) if "regression" not in goal.values() else rows.y
        data = lightgbm.Dataset(join(rows.X, rows.codes), y, weight=rows.weight)
        model = lightgbm.train(settings, data, self.n_estimators or rounds(rows.target.outputs))
        return _LightGBM(model, classes, rows.target, rows.layout)


class _LightGBM(Boosted):
    def raw(self, X: Array, codes: Array) -> Array:
        return np.asarray(self.model.predict(join(X, codes), raw_score=True, num_threads=1))

    def to_onnx(self) -> "onnx.ModelProto":
        found = self.model.dump_model()
        outputs = found["num_tree_per_iteration"]
        trees = [
            _tree(item["tree_structure"], number % outputs)
            for number, item in enumerate(found["tree_info"])
        ]
        attributes = ensemble(trees, np.zeros(outputs))
        return tree_graph("lightgbm", attributes, self.target, self.layout)


def _tree(root: Mapping[str, Any], target: int) -> Tree:
    """Flatten a tree; features have no missing values, so that only the comparison counts."""
    nodes: list[Mapping[str, Any]] = [root]
    children: list[tuple[int, int]] = []
    for node in nodes:
        if "split_feature" in node:
            children.append((len(nodes), len(nodes) + 1))
            nodes += [node["left_child"], node["right_child"]]
        else:
            children.append((0, 0))
    return Tree(
        target,
        np.array(["split_feature" not in node for node in nodes]),
        np.array([node.get("split_feature", 0) for node in nodes]),
        np.array([node.get("threshold", 0.0) for node in nodes], dtype=np.float64),
        np.array([yes for yes, _ in children]),
        np.array([no for _, no in children]),
        np.array([node.get("leaf_value", 0.0) for node in nodes], dtype=np.float64),
    )
