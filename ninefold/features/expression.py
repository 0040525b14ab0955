"""A column computed by a formula."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ninefold.config import ColumnName
from ninefold.features.derive import DeriveSpec

if TYPE_CHECKING:
    from ninefold.features.scope import Scope
    from ninefold.features.values import Value


class ExpressionSpec(DeriveSpec):
    """A formula over columns, in a subset of Python; missing in, missing out.

    Column names that are no Python names stand in backticks: `` `my column` / 2 ``.

    - numbers: `+ - * / // % **`, abs ceil clip(x, low, high) cos exp floor log log1p max min
      round(x, digits) sign sin sqrt
    - comparisons `== != < <= > >=`, `in ['a', 'b']`, `and`, `or`, `not`; dates beside datetimes as
      text: `t >= '2013-06-01'`
    - `where(condition, x, y)` or `x if condition else y`; `isnull(x)`; `coalesce(x, y, …)`
    - text: `a + '-' + b`, length words contains(text, 'part')
    - datetimes: year quarter month day day_of_year weekday (0: Monday) hour minute second
      is_weekend; the time between two: `hours(a - b)`, days, minutes, seconds

    Numbers that are not finite (1 / 0, log(0)) become missing. A true/false result that may be
    missing becomes the categories `true` and `false`.
    """

    kind: Literal["expression"] = "expression"
    name: ColumnName = Field(min_length=1)
    """Name of the derived column."""
    expression: ColumnName = Field(min_length=1)
    """The formula."""

    def emit(self, scope: "Scope") -> "dict[str, Value]":
        """Add the formula's nodes."""
        from ninefold.features.language.compiler import compile_expression

        return {self.name: compile_expression(scope, self.expression)}
