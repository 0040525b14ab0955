"""Keeps the features that tell most about the target, each looked at alone."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ninefold.columns import Array
from ninefold.preprocessing.selecting import SelectorSpec
from ninefold.problem import Task


class TopKSpec(SelectorSpec):
    """Keeps the `k` features with the highest score; codes for embeddings always stay."""

    kind: Literal["top_k"] = "top_k"
    needs_target: ClassVar[bool] = True
    k: int = Field(ge=1)
    """Number of features."""
    score: Literal["mutual_information", "f_test"] = "mutual_information"
    """mutual_information finds any dependence, f_test a linear one, faster."""
    seed: int = Field(default=0, ge=0)
    """For the tiny noise that mutual information breaks ties with."""

    def keep(self, X: Array, y: Array, task: Task) -> Array:
        """Keep the k best; the first of equal ones."""
        scores = np.nan_to_num(self._scores(X, y, task), nan=-np.inf)
        best = np.argsort(-scores, kind="stable")[: self.k]
        mask = np.zeros(X.shape[1], dtype=bool)
        mask[best] = True
        return mask

    def _scores(self, X: Array, y: Array, task: Task) -> Array:
        from sklearn import feature_selection as fs

        is_class = task == "classification"
        if self.score == "f_test":
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray((fs.f_classif if is_class else fs.f_regression)(X, y)[0])
        estimate = fs.mutual_info_classif if is_class else fs.mutual_info_regression
        discrete = [len(np.unique(column)) <= 2 for column in X.T]
        return np.asarray(
            estimate(X, y, discrete_features=np.array(discrete), random_state=self.seed)
        )

    @property
    def reason(self) -> str:
        """Why a feature is dropped."""
        return f"it is not among the {self.k} best by {self.score}"
