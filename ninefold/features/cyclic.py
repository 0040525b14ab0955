"""Sine and cosine of something that comes round, so that 23:00 lies beside 0:00."""

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, model_validator

from ninefold.config import ColumnName
from ninefold.features.derive import DeriveSpec

if TYPE_CHECKING:
    from ninefold.features.scope import Scope
    from ninefold.features.values import Value

CyclicPart = Literal[
    "quarter", "month", "day", "day_of_year", "weekday", "hour", "minute", "second"
]


class CyclicSpec(DeriveSpec):
    """Columns `<name>_sin` and `<name>_cos` of a datetime's part, or of a number with a period."""

    kind: Literal["cyclic"] = "cyclic"
    column: ColumnName
    """Datetime column, or a number that comes round, such as degrees."""
    part: CyclicPart | None = None
    """Part of a datetime column."""
    period: float | None = Field(default=None, gt=0)
    """Where a number comes round: 360 for degrees."""

    @model_validator(mode="after")
    def _one_of_two(self) -> "CyclicSpec":
        if (self.part is None) == (self.period is None):
            raise ValueError("must give either `part` (of a datetime) or `period` (of a number)")
        return self

    def names(self) -> tuple[str, ...]:
        """Return the two names."""
        prefix = self.name or (f"{self.column}_{self.part}" if self.part else self.column)
        return f"{prefix}_sin", f"{prefix}_cos"

    def emit(self, scope: "Scope") -> "dict[str, Value]":
        """Add the two columns."""
        from ninefold.features import dates

        graph = scope.graph
        if self.part is not None:
            value = scope.column(self.column, "datetime")
            sine, cosine = dates.cycle(graph, value, self.part)
        else:
            value = scope.column(self.column, "number")
            sine, cosine = _circle(scope, value, float(self.period or 1))
        return dict(zip(self.names(), (sine, cosine), strict=True))


def _circle(scope: "Scope", value: "Value", period: float) -> "tuple[Value, Value]":
    from ninefold.features.values import number

    graph = scope.graph
    angle = graph.Mul(graph.Mod(value.ref, period, fmod=1), 2 * np.pi / period)
    return number(graph.elementwise("Sin", angle)), number(graph.elementwise("Cos", angle))
