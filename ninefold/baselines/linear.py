"""Logistic regression or ridge, on features and one-hot codes."""

import warnings
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ninefold.baselines.base import BaselineSpec, Fitted, TrainRows
from ninefold.baselines.scores import design, log_softmax, two_sided
from ninefold.columns import Array
from ninefold.target import Target

if TYPE_CHECKING:
    import onnx

    from ninefold.preprocessing import Layout


class LinearSpec(BaselineSpec):
    """Logistic regression for classification, ridge regression for values."""

    title: ClassVar[str] = "linear model"
    kind: Literal["linear"] = "linear"
    regularization: float = Field(1.0, gt=0)
    """Weight of the squared coefficients: ridge's alpha, logistic regression's 1 / C."""
    max_iter: int = Field(300, ge=1, le=100_000)
    """Most iterations of the solver."""

    def fit(self, rows: TrainRows, seed: int) -> Fitted:
        """Fit scikit-learn's `LogisticRegression` or `Ridge` in double precision."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression, Ridge

        X, y, weight = design(rows.X, rows.codes, rows.layout), rows.y, rows.weight
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
        return _Linear(coefficients, intercept, classes, rows.target, rows.layout)


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
        target: Target,
        layout: "Layout",
    ) -> None:
        self.coefficients, self.intercept, self.classes = coefficients, intercept, classes
        self.target, self.layout = target, layout

    def scores(self, X: Array, codes: Array) -> Array:
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
        raw = graph.Gemm(graph.cast(x, np.float64), columns[0], self.intercept)
        for number, table in enumerate(columns[1:]):
            column = graph.Gather(codes, np.array(number), axis=1)
            raw = graph.Add(raw, graph.Gather(table, column, axis=0))
        scores = graph.cast(raw, np.float32)
        if self.target.task == "classification":
            scores = graph.LogSoftmax(scores, axis=1)
        graph.output("scores", scores, np.float32, ("N", self.target.outputs))
        return graph.model()
