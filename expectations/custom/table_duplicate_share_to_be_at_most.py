"""Rows that repeat an earlier row."""

from typing import Any

import numpy as np
import pandas as pd
from great_expectations.compatibility import pydantic
from pandas.util import hash_pandas_object

from expectations.custom._table import TableExpectation, share_found


class ExpectTableDuplicateShareToBeAtMost(TableExpectation):
    """Expect at most the share `max_value` (0 to 1) of rows to repeat an earlier row."""

    max_value: float = pydantic.Field(ge=0, le=1)
    success_keys = ("max_value", "ignore")

    def judge(self, table: pd.DataFrame) -> dict[str, Any]:
        repeated = hash_pandas_object(table, index=False).duplicated()
        return share_found(np.asarray(repeated), self.max_value, "repeat an earlier one")
