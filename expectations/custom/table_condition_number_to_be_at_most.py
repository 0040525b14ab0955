"""How nearly the number columns, taken together, repeat themselves."""

from typing import Any

from great_expectations.compatibility import pydantic

from expectations.custom._table import TableExpectation, numbers
from ninefold.exploration.collinearity import condition_number
from ninefold.exploration.view import sample

MAX_ROWS = 20_000


class ExpectTableConditionNumberToBeAtMost(TableExpectation):
    """Expect the condition number of the standardised number columns to be at most `max_value`.

    Above 30 the coefficients of a linear model are not to be trusted (Belsley 1980).
    """

    max_value: float = pydantic.Field(ge=1)
    success_keys = ("max_value", "ignore")

    def judge(self, table: Any) -> dict[str, Any]:
        names, X = numbers(table)
        found = condition_number(X[sample(len(X), MAX_ROWS)])
        said = f"{found:.3g} over {len(names)} number columns"
        return {"success": found <= self.max_value, "result": {"observed_value": said}}
