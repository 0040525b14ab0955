"""Equal inputs with different labels."""

from typing import Any

from great_expectations.compatibility import pydantic

from expectations.custom._table import TableExpectation, arrays, share_found
from ninefold.exploration.twins import conflicts


class ExpectTableLabelConflictShareToBeAtMost(TableExpectation):
    """Expect at most the share `max_value` of rows to have a twin with another `target`.

    No model can tell such rows apart. Rows without any input are left out. Name identifiers and
    what is known only afterwards in `ignore`.
    """

    target: str
    max_value: float = pydantic.Field(ge=0, le=1)
    success_keys = ("target", "max_value", "ignore")

    def judge(self, table: Any) -> dict[str, Any]:
        inputs = table.drop(columns=[self.target])
        known = (table[self.target].notna() & inputs.notna().any(axis=1)).to_numpy()
        inside = table[known]
        found = known.copy()
        labels = arrays(inside[[self.target]])[0]
        found[known] = conflicts(arrays(inside.drop(columns=[self.target])), labels)
        return share_found(found, self.max_value, f"have a twin with another {self.target}")
