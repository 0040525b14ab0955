"""Logistic regression or ridge, on features and one-hot codes."""

import math
import warnings
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ninefold.baselines.base import BaselineSpec, Fitted, TrainRows
from ninefold.baselines.scores import design, emit_at_length, log_softmax, two_sided
from ninefold.columns import Array
from ninefold.preprocessing.clipping.smooth import LIMIT, emit_straightened, straightened

if TYPE_CHECKING:
    import onnx

REACH = 8.0
"""How far from 0 a scaled number counts where it is not softly clipped."""
BENT = REACH / math.sqrt(1 + (REACH / LIMIT) ** 2)
"""The same once it is."""
FEWEST, PARTS = 40, 4
"""Rows from which a quarter of them says whether soft clipping serves."""


class LinearSpec(BaselineSpec):
    """Logistic regression for classification, ridge regression for values; of numbers that the
    network reads softly clipped it takes the straight ones where a quarter of the train rows, which
    it has not seen, says that these tell more. Log-odds are not carried beyond the least and the
    greatest of these numbers among the train rows: far from them they would only grow surer.
    """

    title: ClassVar[str] = "linear model"
    kind: Literal["linear"] = "linear"
    regularization: float = Field(1.0, gt=0)
    """Weight of the squared coefficients: ridge's alpha, logistic regression's 1 / C."""
    max_iter: int = Field(300, ge=1, le=100_000)
    """Most iterations of the solver."""

    def fit(self, rows: TrainRows, seed: int) -> Fitted:
        """Fit scikit-learn's `LogisticRegression` or `Ridge` in double precision."""
        smooth = rows.layout.smooth
        return self._fitted(rows, smooth if self._serves_straight(rows, smooth) else ())

    def _serves_straight(self, rows: TrainRows, smooth: tuple[int, ...]) -> bool:
        """Tell whether a quarter of the rows is told better by features that are not bent."""
        if not smooth or len(rows.y) < FEWEST:
            return False
        aside = np.arange(len(rows.y)) % PARTS == 0
        try:
            ways = [self._fitted(rows.take(~aside), way) for way in ((), smooth)]
        except ValueError:  # one class alone is left
            return False
        asked = rows.take(aside)
        bent, straight = (_loss(way.scores(asked.X, asked.codes), asked) for way in ways)
        return straight < bent

    def _fitted(self, rows: TrainRows, straight: tuple[int, ...]) -> "_Linear":
        """Fit with the features at `straight` as they were before soft clipping."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression, Ridge

        limits = _limits(rows)
        X = _unbent(rows.X, straight)
        X, y, weight = design(X, rows.codes, rows.layout), rows.y, rows.weight
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            if rows.target.task == "regression":
                ridge = Ridge(alpha=self.regularization).fit(X, y, sample_weight=weight)
                coefficients, classes = ridge.coef_.reshape(1, -1), np.array([0])
                intercept = np.atleast_1d(ridge.intercept_)
            else:
                logistic = LogisticRegression(C=1.0 / self.regularization, max_iter=self.max_iter)
                logistic.fit(X, y, sample_weight=weight)
                coefficients = two_sided_rows(logistic.coef_)
                intercept = two_sided_rows(logistic.intercept_[:, None])[:, 0]
                classes = logistic.classes_
        return _Linear(coefficients, intercept, classes, rows, straight, limits)


def _limits(rows: TrainRows) -> tuple[Array, Array] | None:
    """Return the least and the greatest `(F,)` of softly clipped features, infinity of others; None
    where nothing is limited.
    """
    at = list(rows.layout.smooth)
    if not at or rows.target.task == "regression":
        return None
    low = np.full(rows.X.shape[1], -np.inf, dtype=np.float32)
    high = -low
    low[at], high[at] = rows.X[:, at].min(axis=0), rows.X[:, at].max(axis=0)
    return low, high


def _unbent(X: Array, positions: tuple[int, ...]) -> Array:
    """Return `X` `(N, F)` with the features at `positions` as they were before soft clipping, at
    most `REACH` from 0.
    """
    if not positions:
        return X
    X, at = X.astype(np.float64), list(positions)
    X[:, at] = straightened(X[:, at], BENT)
    return X


def _loss(scores: Array, rows: TrainRows) -> float:
    """Return the weighted mean squared error or log loss of scores `(N, K)`."""
    if rows.target.task == "regression":
        losses = np.square(scores[:, 0] - rows.y)
    else:
        losses = -scores[np.arange(len(rows.y)), rows.y]
    return float(np.average(losses, weights=rows.weight))


def two_sided_rows(coefficients: Array) -> Array:
    """Turn the coefficients `(1, n)` of two classes into `(2, n)`; leave `(K, n)` alone."""
    return two_sided(coefficients[0]).T if len(coefficients) == 1 else coefficients


class _Linear(Fitted):
    """Coefficients `(k, F + sum of cardinalities)` and intercepts `(k,)` of the classes seen."""

    def __init__(
        self,
        coefficients: Array,
        intercept: Array,
        classes: Array,
        rows: TrainRows,
        straight: tuple[int, ...],
        limits: tuple[Array, Array] | None,
    ) -> None:
        self.straight, self.limits = straight, limits
        self.coefficients, self.intercept, self.classes = coefficients, intercept, classes
        self.target, self.layout = rows.target, rows.layout

    def scores(self, X: Array, codes: Array) -> Array:
        X = _unbent(np.clip(X, *self.limits) if self.limits else X, self.straight)
        raw = design(X, codes, self.layout) @ self.coefficients.T + self.intercept
        if self.target.task == "regression":
            return np.asarray(raw, dtype=np.float32)
        return log_softmax(raw, self.classes, self.target.outputs)

    def to_onnx(self) -> "onnx.ModelProto":
        from ninefold.graph import Graph

        graph = Graph("linear")
        features = len(self.layout.features)
        x = graph.input("X", np.float32, ("N", features))
        codes = graph.input("codes", np.int64, ("N", len(self.layout.codes)))
        columns = np.split(
            self.coefficients.T, features + np.cumsum([0, *self.layout.cardinalities])[:-1]
        )
        if self.limits:
            low, high = self.limits
            x = graph.Min(graph.Max(x, low[None, :]), high[None, :])
        values = emit_at_length(graph, x, self.layout)
        if self.straight:
            is_bent = np.isin(np.arange(features), self.straight)[None, :]
            values = graph.Where(is_bent, emit_straightened(graph, values, BENT), values)
        raw = graph.Gemm(values, columns[0], self.intercept)
        for number, table in enumerate(columns[1:]):
            column = graph.Gather(codes, np.array(number), axis=1)
            raw = graph.Add(raw, graph.Gather(table, column, axis=0))
        scores = graph.cast(raw, np.float32)
        if self.target.task == "classification":
            scores = graph.LogSoftmax(scores, axis=1)
        graph.output("scores", scores, np.float32, ("N", self.target.outputs))
        return graph.model()
