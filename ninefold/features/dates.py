"""Parts of a datetime as graph nodes, exact for every date, before 1970 too."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ninefold.columns import NAT
from ninefold.features.values import Value, number, truth, with_missing

if TYPE_CHECKING:
    from ninefold.graph import Graph

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
DAYS_BEFORE_MONTH = np.array([0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334])


def _i(value: int) -> np.int64:
    return np.int64(value)


def _floor_div(graph: "Graph", value: str, divisor: int) -> str:
    """Divide downwards; ONNX's integer Div truncates, its Mod has the divisor's sign."""
    return graph.Div(graph.Sub(value, graph.Mod(value, _i(divisor))), _i(divisor))


def _micros(graph: "Graph", value: Value) -> str:
    return graph.Where(graph.Equal(value.ref, _i(NAT)), _i(0), value.ref)


def _days(graph: "Graph", value: Value) -> str:
    return _floor_div(graph, _micros(graph, value), DAY_US)


def _of_day(graph: "Graph", value: Value, unit_us: int, modulus: int) -> str:
    within = graph.Mod(_micros(graph, value), _i(DAY_US))
    return graph.Mod(graph.Div(within, _i(unit_us)), _i(modulus))


def _civil(graph: "Graph", value: Value) -> tuple[str, str, str]:
    """Return year, month and day.

    Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    """
    z = graph.Add(_days(graph, value), _i(719_468))
    era = _floor_div(graph, z, 146_097)
    doe = graph.Sub(z, graph.Mul(era, _i(146_097)))
    leaps = graph.Sub(graph.Div(doe, _i(36_524)), graph.Div(doe, _i(1_460)))
    yoe = graph.Div(graph.Sub(graph.Add(doe, leaps), graph.Div(doe, _i(146_096))), _i(365))
    whole = graph.Add(graph.Mul(yoe, _i(365)), graph.Div(yoe, _i(4)))
    in_year = graph.Sub(whole, graph.Div(yoe, _i(100)))
    doy = graph.Sub(doe, in_year)
    mp = graph.Div(graph.Add(graph.Mul(doy, _i(5)), _i(2)), _i(153))
    start = graph.Div(graph.Add(graph.Mul(mp, _i(153)), _i(2)), _i(5))
    day = graph.Add(graph.Sub(doy, start), _i(1))
    month = graph.Add(graph.Mod(graph.Add(mp, _i(2)), _i(12)), _i(1))
    is_early = graph.cast(graph.LessOrEqual(month, _i(2)), np.int64)
    year = graph.Add(graph.Add(yoe, graph.Mul(era, _i(400))), is_early)
    return year, month, day


def _is_leap(graph: "Graph", year: str) -> str:
    def divides(n: int) -> str:
        return graph.Equal(graph.Mod(year, _i(n)), _i(0))

    not_century = graph.Not(divides(100))
    return graph.Or(graph.And(divides(4), not_century), divides(400))


def _day_of_year(graph: "Graph", value: Value) -> str:
    year, month, day = _civil(graph, value)
    before = graph.Gather(DAYS_BEFORE_MONTH, month)
    leap = graph.And(_is_leap(graph, year), graph.Greater(month, _i(2)))
    return graph.Add(graph.Add(before, day), graph.cast(leap, np.int64))


def _weekday(graph: "Graph", value: Value) -> str:
    return graph.Mod(graph.Add(_days(graph, value), _i(3)), _i(7))


def _quarter(graph: "Graph", value: Value) -> str:
    return graph.Div(graph.Add(_civil(graph, value)[1], _i(2)), _i(3))


PARTS: Mapping[str, Callable[["Graph", Value], str]] = {
    "year": lambda graph, value: _civil(graph, value)[0],
    "quarter": _quarter,
    "month": lambda graph, value: _civil(graph, value)[1],
    "day": lambda graph, value: _civil(graph, value)[2],
    "day_of_year": _day_of_year,
    "weekday": _weekday,
    "hour": lambda graph, value: _of_day(graph, value, 3_600 * SECOND_US, 24),
    "minute": lambda graph, value: _of_day(graph, value, 60 * SECOND_US, 60),
    "second": lambda graph, value: _of_day(graph, value, SECOND_US, 60),
}
"""Name of a part -> how it is computed: int64, weekday 0 for Monday."""

CYCLES: Mapping[str, tuple[int, int]] = {
    "quarter": (1, 4),
    "month": (1, 12),
    "day": (1, 31),
    "day_of_year": (1, 366),
    "weekday": (0, 7),
    "hour": (0, 24),
    "minute": (0, 60),
    "second": (0, 60),
}
"""Parts that come round: first value and number of values."""


def part(graph: "Graph", value: Value, name: str) -> Value:
    """Return one of `PARTS` as a number; missing where the datetime is."""
    result = graph.cast(PARTS[name](graph, value), np.float64)
    return number(with_missing(graph, result, graph.Equal(value.ref, _i(NAT))))


def is_weekend(graph: "Graph", value: Value) -> Value:
    """Tell Saturday and Sunday; missing where the datetime is."""
    missing = graph.Equal(value.ref, _i(NAT))
    late = graph.Greater(_weekday(graph, value), _i(4))
    return truth(graph.And(late, graph.Not(missing)), missing)


def cycle(graph: "Graph", value: Value, name: str) -> tuple[Value, Value]:
    """Return sine and cosine of a part of `CYCLES` on its circle, from a table."""
    first, count = CYCLES[name]
    index = graph.Sub(PARTS[name](graph, value), _i(first))
    angle = 2 * np.pi * np.arange(count) / count
    missing = graph.Equal(value.ref, _i(NAT))
    sine, cosine = (
        number(with_missing(graph, graph.Gather(table, index), missing))
        for table in (np.sin(angle), np.cos(angle))
    )
    return sine, cosine


def difference(graph: "Graph", later: Value, earlier: Value) -> Value:
    """Return `later - earlier` as a span of time; missing where either is."""
    missing = graph.Or(graph.Equal(later.ref, _i(NAT)), graph.Equal(earlier.ref, _i(NAT)))
    span = graph.Where(missing, _i(NAT), graph.Sub(later.ref, earlier.ref))
    return Value("duration", span)


UNITS: Mapping[str, int] = {
    "seconds": SECOND_US,
    "minutes": 60 * SECOND_US,
    "hours": 3_600 * SECOND_US,
    "days": DAY_US,
}
"""Unit of a span of time -> microseconds."""


def in_units(graph: "Graph", span: Value, unit: str) -> Value:
    """Return a span of time as a number of `unit`."""
    amount = graph.Div(graph.cast(span.ref, np.float64), float(UNITS[unit]))
    return number(with_missing(graph, amount, graph.Equal(span.ref, _i(NAT))))
