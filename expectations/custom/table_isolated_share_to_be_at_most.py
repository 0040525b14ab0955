"""Rows far from all others, by an isolation forest."""

from typing import Any

import numpy as np
from great_expectations.compatibility import pydantic

from expectations.custom._table import TableExpectation, numbers, share_found
from ninefold.exploration.outliers import isolation
from ninefold.exploration.view import sample

MAX_ROWS = 20_000


class ExpectTableIsolatedShareToBeAtMost(TableExpectation):
    """Expect at most the share `max_value` of rows to have an isolation score above `threshold`.

    Scores go from 0 to 1; 0.5 is usual. Tables above 20,000 rows are sampled.
    """

    max_value: float = pydantic.Field(ge=0, le=1)
    threshold: float = pydantic.Field(0.7, ge=0, le=1)
    success_keys = ("max_value", "threshold", "ignore")

    def judge(self, table: Any) -> dict[str, Any]:
        _, X = numbers(table)
        rows = sample(len(X), MAX_ROWS)
        if X.shape[1] == 0 or not len(rows):
            return share_found(np.zeros(len(X), bool), self.max_value, "stand apart")
        apart = isolation(X[rows]) > self.threshold
        answer = share_found(apart, self.max_value, "stand apart from all others")
        answer["result"]["partial_unexpected_index_list"] = rows[apart].tolist()
        return answer
