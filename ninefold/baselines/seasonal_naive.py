"""The value one season ago: what a forecast has to beat."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ninefold.baselines.base import BaselineSpec, Fitted, TrainRows
from ninefold.columns import Array
from ninefold.errors import ConfigError
from ninefold.sequences import recipe

if TYPE_CHECKING:
    import onnx

    from ninefold.preprocessing import Layout


class SeasonalNaiveSpec(BaselineSpec):
    """The value of the last season at the same place (Hyndman and Athanasopoulos, Forecasting,
    3rd ed., ch. 5.2); for windows over series only.
    """

    title: ClassVar[str] = "last season's value"
    kind: Literal["seasonal_naive"] = "seasonal_naive"
    is_default: ClassVar[bool] = False
    period: int | None = Field(None, ge=2, le=1000)
    """Steps of a season; default: the one with the smallest mean error on the train rows."""

    def fit(self, rows: TrainRows, seed: int) -> Fitted:
        """Choose the period.

        Raises:
            ConfigError: the rows are no windows, or shorter than a season.
        """
        past = Past.of(rows, self.kind)
        if self.period is not None:
            return past.ago(back(self.period, past.horizon))
        lags = sorted({back(period, past.horizon) for period in range(2, past.steps + 1)})
        lags = [lag for lag in lags if lag < past.steps] or [past.steps - 1]
        errors = [past.error(rows, lag) for lag in lags]
        return past.ago(lags[int(np.argmin(errors))])


def back(period: int, horizon: int) -> int:
    """Return how many steps before the last lies the value of the same season.

    >>> back(7, 2), back(7, 7), back(7, 9)
    (5, 0, 5)
    """
    return period * -(-horizon // period) - horizon


class Past:
    """Where the last values of the forecast series stand in X, and how they become scores."""

    def __init__(self, place: Array, horizon: int, rows: TrainRows, kind: str) -> None:
        self.place, self.horizon, self.layout, self.kind = place, horizon, rows.layout, kind
        self.last, self.before, self.apart, self.steps = (int(number) for number in place[:4])
        mean, std, apart = place[4:]
        self.factors = float(std / rows.target.scale), float(apart / rows.target.scale)
        self.offset = float((mean - rows.target.offset) / rows.target.scale)

    @staticmethod
    def of(rows: TrainRows, kind: str) -> "Past":
        """Find them. Raises `ConfigError` if the rows are no windows."""
        for column in rows.layout.columns:
            ahead = recipe(column.format).get("ahead", {}) if column.kind == "sequence" else {}
            if rows.target.name in ahead:
                place = np.array(rows.layout.recent[column.name])
                return Past(place, int(ahead[rows.target.name]), rows, kind)
        raise ConfigError(
            f"params.yaml: baselines.models: `{kind}` needs windows over a series (`ingest: "
            "{kind: windows}`) whose values ahead are the target, however: "
            f"`{rows.target.name}` is none"
        )

    def error(self, rows: TrainRows, lag: int) -> float:
        """Return the mean absolute error of the value `lag` steps before the last."""
        found = self.ago(lag).scores(rows.X, rows.codes)[:, 0]
        return float(np.average(np.abs(found - rows.y), weights=rows.weight))

    def ago(self, lag: int) -> Fitted:
        """Return what answers with the value `lag` steps before the last.

        Raises:
            ConfigError: so many steps are not told.
        """
        if lag >= self.steps:
            raise ConfigError(
                f"params.yaml: baselines.models: `{self.kind}` needs the value {lag} steps before "
                f"a window's last one, however: {self.steps} last steps are told. Lengthen "
                "ingest.past, or set preprocess.sequence.flat_steps"
            )
        positions = [self.last, self.before - (lag - 1) * self.apart][: 1 + (lag > 0)]
        return _Ago(positions, self.factors[: len(positions)], self.offset, self.layout)


class _Ago(Fitted):
    """The last value, and how far another is from it, in the units of the target."""

    def __init__(
        self, positions: list[int], factors: Sequence[float], offset: float, layout: "Layout"
    ) -> None:
        self.positions, self.factors = positions, np.array(factors).reshape(-1, 1)
        self.offset, self.layout = offset, layout

    def scores(self, X: Array, codes: Array) -> Array:
        values = X[:, self.positions].astype(np.float64)
        return np.asarray(values @ self.factors + self.offset, dtype=np.float32)

    def to_onnx(self) -> "onnx.ModelProto":
        from ninefold.graph import Graph

        graph = Graph("ago")
        x = graph.input("X", np.float32, ("N", len(self.layout.features)))
        graph.input("codes", np.int64, ("N", len(self.layout.codes)))
        values = graph.cast(graph.Gather(x, np.array(self.positions), axis=1), np.float64)
        raw = graph.Add(graph.MatMul(values, self.factors), np.float64(self.offset))
        graph.output("scores", graph.cast(raw, np.float32), np.float32, ("N", 1))
        return graph.model()
