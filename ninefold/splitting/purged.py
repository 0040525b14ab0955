"""Split by time with purged and embargoed folds, for labels that look ahead."""

from typing import Literal

import numpy as np
from pydantic import Field, field_validator

from ninefold.columns import Array
from ninefold.durations import duration_us
from ninefold.errors import ConfigError
from ninefold.splitting.base import Plan, Rows
from ninefold.splitting.time import TimeSplitSpec, boundaries, length, moments, stretch


class PurgedSplitSpec(TimeSplitSpec):
    """Parts as by time; every fold is validated by a model of all other moments, earlier or later.

    A train row whose label (`problem.horizon` or the gap from its moment) looks into the validation
    fold is purged, and so are rows that begin within the embargo after it (López de Prado, Advances
    in Financial Machine Learning, 2018, ch. 7). More rows to learn from than expanding folds have.
    """

    kind: Literal["purged"] = "purged"  # type: ignore[assignment]
    embargo: float | str = Field(0.01, union_mode="left_to_right")
    """Left out after each validation fold: a share of the time the train part covers, or a
    duration (12h, 7d)."""

    @field_validator("embargo")
    @classmethod
    def _embargo_readable(cls, embargo: float | str) -> float | str:
        if isinstance(embargo, str):
            duration_us(embargo)
        elif not 0 <= embargo < 0.5:
            raise ValueError(f"must be >= 0 and < 0.5, however: {embargo}")
        return embargo

    @property
    def like(self) -> str:
        return "time"

    def fold(self, rows: Rows) -> Plan:
        time = moments(rows)
        cuts = boundaries(time, tuple(np.arange(1, self.folds) / self.folds))
        block = stretch(time, cuts)
        start = time.astype(np.float64)
        embargo = self._embargo(start.min(), start.max(), time.dtype.kind == "i", rows)
        return Plan(block.astype(np.int64), "purged", start, self._end(time, rows), embargo)

    def _end(self, time: Array, rows: Rows) -> Array:
        """Return up to which moment `(N,)` each row's label looks: the horizon, or a longer gap."""
        end, horizon = time.astype(np.float64), rows.problem.horizon
        reach = self._reach(time, rows.problem)
        if horizon and self.gap is not None:
            end = end + length(horizon, time, rows.problem, "problem.horizon")
        return end if reach is None else np.maximum(end, reach)

    def _embargo(self, first: float, last: float, is_date: bool, rows: Rows) -> float:
        if not isinstance(self.embargo, str):
            return float(self.embargo * (last - first))
        if not is_date:
            raise ConfigError(
                f"params.yaml: split.embargo must be a share of the time covered, because "
                f"`{rows.problem.time}` is no date, however: {self.embargo!r}"
            )
        return float(duration_us(self.embargo))
