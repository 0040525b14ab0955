"""Numbers that follow from the other numbers."""

from typing import Any

from great_expectations.compatibility import pydantic

from expectations.custom._table import TableExpectation, numbers
from ninefold.exploration.collinearity import variance_inflation
from ninefold.exploration.view import sample

MAX_ROWS = 20_000
SHOWN = 5


class ExpectTableVarianceInflationToBeAtMost(TableExpectation):
    """Expect no number column to have a variance inflation factor (VIF) above `max_value`.

    10 means that the others explain 90 % of it. Long tables are sampled.
    """

    max_value: float = pydantic.Field(ge=1)
    success_keys = ("max_value", "ignore")

    def judge(self, table: Any) -> dict[str, Any]:
        names, X = numbers(table)
        inflation = variance_inflation(X[sample(len(X), MAX_ROWS)])
        order = sorted(zip(names, inflation.tolist(), strict=True), key=lambda pair: -pair[1])
        worst = [
            f"{name} {vif:.3g} ({1 - 1 / vif:.1%} explained by the others)"
            for name, vif in order[:SHOWN]
            if vif > self.max_value
        ]
        highest = order[0][1] if order else 1.0
        said = "; ".join(worst) or f"at most {highest:.3g}"
        return {"success": highest <= self.max_value, "result": {"observed_value": said}}
