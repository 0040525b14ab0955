"""The last value: what a forecast has to beat where there is no season."""

from typing import ClassVar, Literal

from ninefold.baselines.base import BaselineSpec, Fitted, TrainRows
from ninefold.baselines.seasonal_naive import Past


class LastValueSpec(BaselineSpec):
    """The last known value, however far ahead; for windows over series only."""

    title: ClassVar[str] = "last value"
    kind: Literal["last_value"] = "last_value"
    is_default: ClassVar[bool] = False

    def fit(self, rows: TrainRows, seed: int) -> Fitted:
        """Find the last value. Raises `ConfigError` if the rows are no windows."""
        return Past.of(rows, self.kind).ago(0)
