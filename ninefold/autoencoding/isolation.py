"""Isolation forest (Liu, Ting and Zhou 2008): rows that few cuts set apart; as ONNX trees."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.graph import tensor
from ninefold.signature import Result
from ninefold.unlabelled.model import Answer, RowModel
from ninefold.unlabelled.preparing import Prepared
from ninefold.unlabelled.space import weights, widen, widening


@dataclass
class IsolationForest(RowModel):
    """scores: the coordinates; anomaly score: 2 to the minus mean path length over the usual."""

    forest: Any = field(kw_only=True)
    weights: Array = field(kw_only=True)

    @property
    def results(self) -> tuple[Result, ...]:
        return Result("is_anomaly", "bool"), Result("anomaly_score", "number")

    def scores(self, X: Array, codes: Array) -> Array:
        return widen(X, codes, self.preprocessing.layout, self.weights)

    def anomaly_scores(self, scores: Array) -> Array:
        """Return `(N,)` between 0 and 1, as scikit-learn has it."""
        return np.asarray(-self.forest.score_samples(scores))

    def answers(self, scores: Array) -> list[Answer]:
        found, threshold = self.anomaly_scores(scores), float(self.facts["threshold"])
        return [Answer(found > threshold, margin=np.abs(found - threshold)), Answer(found, 1.0)]

    def net(self) -> Any:
        return widening(self.preprocessing.layout, self.weights)

    def emit(self, graph: Any, scores: str, names: Sequence[str] | None = None) -> None:
        first, second = names or self.outputs
        z = graph.cast(scores, np.float64)
        depth = graph.cast(graph.TreeEnsembleRegressor(z, **_trees(self.forest)), np.float64)
        found = graph.elementwise("Exp", graph.Mul(depth, -float(np.log(2.0))))
        found = graph.Squeeze(found, np.array([1]))
        alarm = graph.Greater(found, float(self.facts["threshold"]))
        graph.output(first, alarm, np.bool_, ("N",))
        graph.output(second, found, np.float64, ("N",))

    def arrays(self) -> dict[str, Array]:
        return {"weights": self.weights}


def fit_forest(ready: Prepared, seed: int, alarm_rate: float, *, on_valid: bool) -> IsolationForest:
    """Fit an isolation forest on the train rows."""
    from sklearn.ensemble import IsolationForest as Forest

    layout = ready.preprocessing.layout
    by = weights(ready.X, layout)
    z = widen(ready.X, ready.codes, layout, by)
    model = IsolationForest(
        ready.preprocessing,
        {"title": "the isolation forest"},
        forest=Forest(n_estimators=100, random_state=seed).fit(z),
        weights=by,
    )
    told = widen(ready.X_valid, ready.codes_valid, layout, by) if on_valid else z
    found = np.quantile(model.anomaly_scores(told), 1 - alarm_rate, method="higher")
    model.facts["threshold"] = float(found)
    return model


def _usual(rows: Array) -> Array:
    """Return the mean path length of an unsuccessful search among so many rows."""
    rows = rows.astype(np.float64)
    long = 2.0 * (np.log(np.maximum(rows - 1.0, 1.0)) + np.euler_gamma)
    long -= 2.0 * (rows - 1.0) / np.maximum(rows, 1.0)
    return np.where(rows > 2, long, np.where(rows == 2, 1.0, 0.0))


def _trees(forest: Any) -> dict[str, Any]:
    """Return the attributes of one TreeEnsembleRegressor: the mean path length over the usual."""
    keys = ("treeids", "nodeids", "featureids", "modes", "truenodeids", "falsenodeids")
    nodes: dict[str, list[Any]] = {key: [] for key in keys}
    values: list[float] = []
    leaves: dict[str, list[Any]] = {"treeids": [], "nodeids": [], "ids": []}
    leaf_weights: list[float] = []
    usual = float(_usual(np.array([forest.max_samples_]))[0]) * len(forest.estimators_)
    for number, (member, columns) in enumerate(
        zip(forest.estimators_, forest.estimators_features_, strict=True)
    ):
        tree = member.tree_
        is_leaf = tree.children_left < 0
        depth = np.zeros(tree.node_count)
        for node in np.flatnonzero(~is_leaf).tolist():
            for child in (tree.children_left[node], tree.children_right[node]):
                depth[child] = depth[node] + 1
        count = tree.node_count
        nodes["treeids"] += [number] * count
        nodes["nodeids"] += list(range(count))
        picked = np.where(is_leaf, 0, columns[np.maximum(tree.feature, 0)])
        nodes["featureids"] += picked.tolist()
        nodes["modes"] += np.where(is_leaf, "LEAF", "BRANCH_LEQ").tolist()
        nodes["truenodeids"] += np.where(is_leaf, 0, tree.children_left).tolist()
        nodes["falsenodeids"] += np.where(is_leaf, 0, tree.children_right).tolist()
        values += np.where(is_leaf, 0.0, tree.threshold).tolist()
        lengths = depth + _usual(tree.n_node_samples)
        for node in np.flatnonzero(is_leaf).tolist():
            leaves["treeids"].append(number)
            leaves["nodeids"].append(node)
            leaves["ids"].append(0)
            leaf_weights.append(float(lengths[node]) / usual)
    return {
        **{f"nodes_{key}": content for key, content in nodes.items()},
        "nodes_values_as_tensor": tensor(np.array(values)),
        **{f"target_{key}": content for key, content in leaves.items()},
        "target_weights_as_tensor": tensor(np.array(leaf_weights)),
        "n_targets": 1,
    }
