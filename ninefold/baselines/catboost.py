"""CatBoost, where it is installed."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from ninefold.baselines.base import BaselineSpec, Fitted, TrainRows
from ninefold.baselines.scores import join, tree_graph
from ninefold.baselines.trees import Boosted, Tree, ensemble
from ninefold.columns import Array

if TYPE_CHECKING:
    import onnx


class CatBoostSpec(BaselineSpec):
    """CatBoost (Prokhorenkova et al., 2018); codes enter as numbers, in order of frequency."""

    title: ClassVar[str] = "CatBoost"
    kind: Literal["catboost"] = "catboost"
    package: ClassVar[str | None] = "catboost"
    iterations: int = Field(300, ge=1, le=10_000)
    """Trees, each for all classes."""
    learning_rate: float = Field(0.1, gt=0, le=1)
    """How much of each tree's answer is added."""
    depth: int = Field(6, ge=1, le=10)
    """Questions a tree asks, the same for all rows."""
    l2_leaf_reg: float = Field(3.0, ge=0)
    """Penalty on the leaves' values."""

    def fit(self, rows: TrainRows, seed: int) -> Fitted:
        """Train on one thread, so that the same rows give the same trees."""
        import catboost

        is_value = rows.target.task == "regression"
        classes = np.array([0]) if is_value else np.unique(rows.y)
        goal = "RMSE" if is_value else "Logloss" if len(classes) == 2 else "MultiClass"
        model = catboost.CatBoost(
            {
                **self.model_dump(exclude={"kind"}),
                "loss_function": goal,
                "random_seed": seed,
                "thread_count": 1,
                "allow_writing_files": False,
                "logging_level": "Silent",
            }
        )
        y = rows.y if is_value else np.searchsorted(classes, rows.y)
        model.fit(_features(rows.X, rows.codes), y, sample_weight=rows.weight)
        return _CatBoost(model, classes, rows.target, rows.layout)


def _features(X: Array, codes: Array) -> Array:
    """Return features and codes in the single precision that CatBoost compares in."""
    return join(X, codes).astype(np.float32)


class _CatBoost(Boosted):
    def raw(self, X: Array, codes: Array) -> Array:
        return np.asarray(
            self.model.predict(_features(X, codes), prediction_type="RawFormulaVal", thread_count=1)
        )

    def to_onnx(self) -> "onnx.ModelProto":
        with tempfile.TemporaryDirectory(prefix="ninefold-catboost-") as folder:
            path = Path(folder) / "model.json"
            self.model.save_model(str(path), format="json")
            found = json.loads(path.read_text(encoding="utf-8"))
        scale, bias = found["scale_and_bias"]
        columns = [item["flat_feature_index"] for item in found["features_info"]["float_features"]]
        outputs = len(bias)
        trees = [
            _tree(item, columns, outputs, target, scale)
            for item in found["oblivious_trees"]
            for target in range(outputs)
        ]
        return tree_graph("catboost", ensemble(trees, np.asarray(bias)), self.target, self.layout)


def _tree(
    item: Mapping[str, Any], columns: list[int], outputs: int, target: int, scale: float
) -> Tree:
    """Spell out a tree that asks every row the same questions: bit d of a leaf is question d."""
    splits = item["splits"] or []
    depth = len(splits)
    inner = 2**depth - 1
    size = inner + 2**depth
    feature, threshold = np.zeros(size, dtype=int), np.zeros(size)
    yes, no, value = np.zeros(size, dtype=int), np.zeros(size, dtype=int), np.zeros(size)
    leaves = np.reshape(item["leaf_values"], (-1, outputs))[:, target] * scale
    for level, split in enumerate(reversed(splits)):
        nodes = np.arange(2**level - 1, 2 ** (level + 1) - 1)
        feature[nodes] = columns[split["float_feature_index"]]
        threshold[nodes] = np.float32(split["border"])
        yes[nodes], no[nodes] = 2 * nodes + 1, 2 * nodes + 2
    # From the root down the questions are asked last first, so a leaf's path spells its number.
    value[inner:] = leaves
    is_leaf = np.arange(size) >= inner
    return Tree(target, is_leaf, feature, threshold, yes, no, value)
