"""Windows over time series: the past as one sequence, the values some steps ahead as targets."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, field_validator

from ninefold.columns import Array
from ninefold.config import ColumnName
from ninefold.datasets.series.spec import LongSpec
from ninefold.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ninefold.columns import Column
    from ninefold.datasets.series.steps import Steps
    from ninefold.datasets.tables.source import Source


class ShortSeriesError(InputError):
    """No series is long enough for one window; `steps` are those of the longest."""

    def __init__(self, message: str, steps: int) -> None:
        super().__init__(message)
        self.steps = steps


class WindowsSpec(LongSpec):
    """A CSV, TSV or Parquet file of one or several time series, one step a line.

    Each row is a window: the last `past` steps before its origin (`column`, a sequence), the time
    of its origin, and for each horizon h the value h steps later, in the column `VALUE+h`. Nothing
    in a window is later than its origin. Steps missing in time count, with missing values.
    """

    kind: Literal["windows"] = "windows"  # type: ignore[assignment]
    column: ColumnName = Field("past", min_length=1)
    """What the column of sequences is called."""
    time: ColumnName = Field(min_length=1)
    """Datetime column that orders the steps; in the rows, the time of a window's last step."""
    series: ColumnName | None = None
    """Column that names the series a step belongs to; default: there is one."""
    value: ColumnName = Field(min_length=1)
    """Number column to forecast; the first channel of the windows."""
    past: int = Field(ge=1, le=10_000)
    """Steps of a window."""
    horizons: tuple[int, ...] = Field(min_length=1, max_length=64)
    """How many steps ahead; one target column each."""
    stride: int = Field(1, ge=1)
    """Steps from one origin to the next."""

    @field_validator("horizons")
    @classmethod
    def _are_ahead(cls, horizons: tuple[int, ...]) -> tuple[int, ...]:
        if min(horizons) < 1 or len(set(horizons)) < len(horizons):
            raise ValueError(f"must be different numbers of steps >= 1, however: {list(horizons)}")
        return horizons

    def rows(self, steps: "Source") -> "Source":
        """Return one row for each window over a table of steps."""
        from ninefold.datasets.series.steps import read_steps

        return _rows(read_steps(steps, self, self.series, self.time), self)


def target_name(value: str, horizon: int) -> str:
    """Return the name of the column that holds the value `horizon` steps after a window.

    >>> target_name("load", 3)
    'load+3'
    """
    return f"{value}+{horizon}"


def _rows(steps: "Steps", spec: WindowsSpec) -> "Source":
    """Return one row for each window."""
    import pyarrow as pa

    from ninefold.datasets.tables.source import Source

    channels = list(dict.fromkeys([spec.value, *spec.wanted]))
    _check(steps, spec)
    found = _windows(steps, spec, channels)
    if not found["origin"].size:
        raise ShortSeriesError(
            f"{steps.title} must hold series of at least {spec.past + max(spec.horizons)} steps "
            f"(ingest.past + the largest of ingest.horizons), however: the longest has "
            f"{int(steps.counts.max())}. Shorten ingest.past",
            int(steps.counts.max()),
        )
    columns, known = _columns(steps, spec, channels, found)
    notes = {"series": {**steps.notes, "channels": channels, "put_in": found["put_in"]}}
    source = Source.of_table(f"{steps.title} ({len(found['origin'])} windows)",
                             pa.table(columns), known, notes)  # fmt: skip
    gone = dict.fromkeys({*steps.columns, *spec.drop} - columns.keys(), "")
    targets = [target_name(spec.value, horizon) for horizon in spec.horizons]
    return source.without(gone).looking_ahead(spec.time, int(found["ahead_us"]), targets)


def _columns(
    steps: "Steps", spec: WindowsSpec, channels: list[str], found: "Mapping[str, Any]"
) -> "tuple[dict[str, Any], dict[str, Column]]":
    """Return the columns of the windows `found`, and what is known of them."""
    import pyarrow as pa

    from ninefold import sequences
    from ninefold.columns import Column, to_arrow

    columns: dict[str, Any] = {}
    known = {}
    if spec.series is not None:
        assert steps.names is not None
        columns[spec.series] = steps.names.take(pa.array(found["entity"]))
        known[spec.series] = steps.columns[spec.series]
    columns[spec.time] = to_arrow(found["origin"], "datetime")
    known[spec.time] = Column(spec.time, "datetime")
    columns[spec.column] = to_arrow(found["past"], "sequence")
    told = sequences.format_of(
        channels,
        entity=spec.series,
        time=spec.time,
        last=spec.past,
        formats=steps.formats([*channels, spec.time]),
        ahead={target_name(spec.value, horizon): horizon for horizon in spec.horizons},
    )
    known[spec.column] = Column(spec.column, "sequence", format=told)
    for position, horizon in enumerate(spec.horizons):
        name = target_name(spec.value, horizon)
        columns[name] = to_arrow(found["ahead"][:, position], "number")
        known[name] = Column(name, "number")
    return columns, known


def _check(steps: "Steps", spec: WindowsSpec) -> None:
    if steps.columns[spec.time].kind != "datetime":
        raise InputError(
            f"params.yaml: ingest.time must name a datetime column, however: `{spec.time}` is "
            f"{steps.columns[spec.time].kind}. Say how to read it, such as `ingest: {{columns: "
            f"{{{spec.time!r}: {{kind: datetime, format: '%Y'}}}}}}`"
        )
    if spec.value not in steps.columns or steps.columns[spec.value].kind != "number":
        raise InputError(
            f"params.yaml: ingest.value must name a number column of {steps.title}, however: "
            f"`{spec.value}`"
        )


def _windows(steps: "Steps", spec: WindowsSpec, channels: list[str]) -> dict[str, Any]:
    """Return windows `past` (n,), their `origin` and `entity` (n,), the values `ahead` (n, H), and
    how long after its origin the last value of a window is known.
    """
    from ninefold.pixels import objects
    from ninefold.sequences import with_gaps

    assert steps.time is not None
    values, ends = steps.numbers(channels), np.cumsum(steps.counts)
    horizons = np.array(spec.horizons)
    found: dict[str, list[Array]] = {key: [] for key in ("past", "origin", "entity", "ahead")}
    put_in, ahead_us = 0, 0
    for number, (stop, count) in enumerate(zip(ends, steps.counts, strict=True)):
        rows = slice(stop - count, stop)
        series, moments, more = with_gaps(values[rows], steps.time[rows])
        put_in += more
        origins = np.arange(spec.past - 1, len(series) - horizons.max(), spec.stride)
        if not len(origins):
            continue
        found["past"] += [series[i - spec.past + 1 : i + 1] for i in origins]
        found["origin"].append(moments[origins])
        found["entity"].append(np.full(len(origins), number))
        found["ahead"].append(series[origins[:, None] + horizons, 0])
        far = moments[origins + horizons.max()] - moments[origins]
        ahead_us = max(ahead_us, int(far.max()))
    flat = {key: np.concatenate(found[key]) if found[key] else np.empty(0)
            for key in ("origin", "entity", "ahead")}  # fmt: skip
    return {"past": objects(found["past"]), **flat, "put_in": put_in, "ahead_us": ahead_us}
