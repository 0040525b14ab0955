"""A sorted search as a tree ensemble: ten times faster than comparing with every knot."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array

if TYPE_CHECKING:
    from ninefold.graph import Graph


class _Tree:
    """Grows balanced trees in the node lists that TreeEnsembleRegressor takes."""

    def __init__(self) -> None:
        self.nodes: list[tuple[int, int, int, float, str, int, int]] = []
        self.leaves: list[tuple[int, int, int, float]] = []

    def grow(self, tree: int, knots: Array) -> None:
        """Add the tree whose leaves count the knots of column `tree` at or below the value."""
        free = 0

        def split(low: int, high: int) -> int:
            nonlocal free
            node, free = free, free + 1
            place = len(self.nodes)
            self.nodes.append((tree, node, tree, 0.0, "LEAF", 0, 0))
            if low == high:
                self.leaves.append((tree, node, tree, float(low)))
                return node
            middle = (low + high) // 2
            left = split(low, middle)
            right = split(middle + 1, high)
            self.nodes[place] = (tree, node, tree, knots[middle], "BRANCH_LT", left, right)
            return node

        split(0, len(knots))


def count_below(graph: "Graph", values: str, knots: list[Array]) -> str:
    """Return how many of a column's ascending knots are <= the value: `[N, C]` float32."""
    from ninefold.graph import tensor

    trees = _Tree()
    for column, points in enumerate(knots):
        trees.grow(column, points)
    tree, node, feature, value, mode, true, false = zip(*trees.nodes, strict=True)
    leaf_tree, leaf_node, leaf_target, leaf_value = zip(*trees.leaves, strict=True)
    attributes: dict[str, Any] = {
        "n_targets": len(knots),
        "nodes_treeids": tree,
        "nodes_nodeids": node,
        "nodes_featureids": feature,
        "nodes_values_as_tensor": tensor(np.array(value, dtype=np.float64)),
        "nodes_modes": mode,
        "nodes_truenodeids": true,
        "nodes_falsenodeids": false,
        "target_treeids": leaf_tree,
        "target_nodeids": leaf_node,
        "target_ids": leaf_target,
        "target_weights_as_tensor": tensor(np.array(leaf_value, dtype=np.float64)),
    }
    return graph.TreeEnsembleRegressor(values, **attributes)
