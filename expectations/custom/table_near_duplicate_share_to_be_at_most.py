"""Rows that repeat another one but for a single cell."""

from typing import Any

from great_expectations.compatibility import pydantic

from expectations.custom._table import TableExpectation, arrays, share_found
from ninefold.exploration.twins import near_twins


class ExpectTableNearDuplicateShareToBeAtMost(TableExpectation):
    """Expect at most the share `max_value` of rows to repeat an earlier one but for one cell.

    Numbers are equal if four digits agree. Name identifiers in `ignore`: else they are that cell.
    """

    max_value: float = pydantic.Field(ge=0, le=1)
    success_keys = ("max_value", "ignore")

    def judge(self, table: Any) -> dict[str, Any]:
        found = near_twins(arrays(table))
        return share_found(found, self.max_value, "repeat an earlier one but for one cell")
