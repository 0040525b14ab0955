"""Trees of any library as one `TreeEnsembleRegressor` in double precision.

Converters keep thresholds in single precision; in double, each row takes the very branch it takes
in the library.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.baselines.base import Fitted
from ninefold.baselines.scores import log_softmax, two_sided
from ninefold.columns import Array
from ninefold.target import Target

if TYPE_CHECKING:
    from ninefold.preprocessing import Layout


ROUNDS, TREES = 100, 10_000
"""Trees of a class, and of all classes together, where params do not say how many."""


def rounds(outputs: int) -> int:
    """Return how often a tree is added for each of K outputs: a thousand classes would take 100,000
    trees, hours and a file of a gigabyte.
    """
    return max(1, min(ROUNDS, TREES // outputs))


@dataclass(frozen=True)
class Tree:
    """One tree. Shapes: all `(n,)`, node 0 is the root.

    A row goes to `yes` where its `feature` <= `threshold`, else to `no`; where it ends, in a node
    with `is_leaf`, `value` is added to the sum of the output `target`.
    """

    target: int
    is_leaf: Array
    feature: Array
    threshold: Array
    yes: Array
    no: Array
    value: Array


def ensemble(trees: Sequence[Tree], base: Array) -> dict[str, Any]:
    """Return the operator's attributes; `base` `(K,)` is what every output begins with."""
    from onnx import TensorProto, helper

    def doubles(name: str, values: Array) -> Any:
        return helper.make_tensor(name, TensorProto.DOUBLE, [len(values)], values.tolist())

    def joined(name: str) -> Array:
        return np.concatenate([getattr(tree, name) for tree in trees])

    sizes = [len(tree.is_leaf) for tree in trees]
    tree_ids = np.repeat(np.arange(len(trees)), sizes)
    node_ids = np.concatenate([np.arange(size) for size in sizes])
    targets = np.repeat([tree.target for tree in trees], sizes)
    leaf = joined("is_leaf").astype(bool)
    return {
        "n_targets": len(base),
        "base_values_as_tensor": doubles("base", np.asarray(base, dtype=np.float64)),
        "nodes_treeids": tree_ids.tolist(),
        "nodes_nodeids": node_ids.tolist(),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_featureids": np.where(leaf, 0, joined("feature")).astype(int).tolist(),
        "nodes_values_as_tensor": doubles("values", np.where(leaf, 0.0, joined("threshold"))),
        "nodes_truenodeids": np.where(leaf, 0, joined("yes")).astype(int).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, joined("no")).astype(int).tolist(),
        "target_treeids": tree_ids[leaf].tolist(),
        "target_nodeids": node_ids[leaf].tolist(),
        "target_ids": targets[leaf].tolist(),
        "target_weights_as_tensor": doubles("weights", joined("value")[leaf].astype(np.float64)),
    }


class Boosted(Fitted):
    """A boosted model for the classes seen, `classes` `(k,)`."""

    def __init__(self, model: Any, classes: Array, target: Target, layout: "Layout") -> None:
        self.model, self.classes = model, classes
        self.target, self.layout = target, layout

    @abstractmethod
    def raw(self, X: Array, codes: Array) -> Array:
        """Return the sums of the trees: `(N,)`, or `(N, k)` for more than two classes."""

    def scores(self, X: Array, codes: Array) -> Array:
        raw = np.asarray(self.raw(X, codes))
        if self.target.task == "regression":
            return np.asarray(raw.reshape(-1, 1), dtype=np.float32)
        return log_softmax(two_sided(raw), self.classes, self.target.outputs)
