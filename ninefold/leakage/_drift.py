"""How far one column differs between train and test, and whether chance explains it."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array

if TYPE_CHECKING:
    from ninefold.leakage.case import Case

APART = 0.3
"""Distance of the parts' places in the file from which no lot has dealt them."""
MOST = 20_000
"""Values of a part that are compared."""
FACTORS = {
    10.0: "tenfold",
    100.0: "a hundredfold (percent, cents)",
    1000.0: "a thousandfold (kilo, milli)",
    1e6: "a millionfold",
    60.0: "60-fold (minutes, seconds)",
    3600.0: "3600-fold (hours, seconds)",
    24.0: "24-fold (days, hours)",
    12.0: "12-fold (months, inches)",
    7.0: "7-fold (weeks, days)",
    2.54: "2.54-fold (inches, cm)",
    25.4: "25.4-fold (inches, mm)",
    0.3048: "0.3048-fold (feet, m)",
    1.609344: "1.609-fold (miles, km)",
    0.45359237: "0.4536-fold (pounds, kg)",
    28.349523: "28.35-fold (ounces, g)",
    3.785412: "3.785-fold (gallons, l)",
}
CONVERTED, NEVER = -5.0, -400.0
"""log10 of the p-value up to which a conversion is tried, and least that is told."""
CONVERTED_EFFECT = 0.9
"""Distance of the parts from which a conversion that makes them alike is no chance."""


@dataclass(frozen=True)
class Drift:
    """A two-sample comparison: Kolmogorov-Smirnov for numbers, chi-square for levels.

    `log10_p` is corrected for the number of columns; `effect` is the largest difference of the
    distribution functions, or half the sum of the differences of the shares.
    """

    log10_p: float = 0.0
    effect: float = 0.0
    is_apart: bool = False
    """The parts share next to no value or range."""
    unit: str | None = None
    """The conversion that makes the parts alike, if a usual one does."""
    is_plain: bool = False
    """The conversion is one that no growth or season would bring: so large, and so exact."""
    evidence: dict[str, Any] = field(default_factory=dict)


def is_mixed(drifts: list[Drift], order: Drift) -> bool:
    """Tell whether rows came to the parts by lot: few columns differ, nor does the file's order.

    A test part at the end of the file is no lot, unless many columns say that the file is mixed.
    Columns that hardly overlap and are alike when converted, fewer than the others, say nothing.
    """
    converted = [d for d in drifts if d.unit is not None and d.effect > CONVERTED_EFFECT]
    if 2 * len(converted) < len(drifts):
        drifts = [d for d in drifts if d not in converted]
    differing = sum(d.log10_p < -4 and d.effect > 0.05 for d in drifts)
    if order.effect >= APART:
        return len(drifts) >= 10 and differing <= 0.1 * len(drifts)
    return differing <= max(1.0, 0.25 * len(drifts))


def column_drift(case: "Case", name: str, rows: Array, others: Array) -> Drift:
    """Compare a feature in the rows of one mask `(N,)` with those of another."""
    many = len(case.inputs) + 2
    present = ~case.is_missing(name)
    if case.frame.column(name).kind in ("category", "text"):
        codes = case.codes[name]
        return level_drift(codes[rows & present], codes[others & present], many)
    values = case.number(name)
    return number_drift(values[rows & present], values[others & present], many)


def are_alike(case: "Case", rows: Array, others: Array) -> bool:
    """Tell whether few features differ between the rows of two masks `(N,)`, as after a lot.

    Rows of another site, or chosen by a column, may be nearer to all others and are no copies.
    """
    return is_mixed([column_drift(case, name, rows, others) for name in case.inputs], Drift())


def number_drift(train: Array, test: Array, columns: int) -> Drift:
    """Compare numbers `(n,)` and `(m,)`, without NaN."""
    train, test = _few(train), _few(test)
    if min(len(train), len(test)) < 20:
        return Drift()
    effect = _distance(train, test)
    log10_p = _log10_ks(effect, len(train), len(test)) + np.log10(max(1, columns))
    apart = bool(train.max() < test.min() or test.max() < train.min())
    evidence = {
        "distance": round(effect, 6),
        "log10_p": round(float(log10_p), 1),
        "median_in_train": float(np.median(train)),
        "median_in_test": float(np.median(test)),
    }
    unit = _converted(train, test) if log10_p < CONVERTED and effect >= 0.3 else None
    plain = unit is not None and is_large(unit) and effect > CONVERTED_EFFECT
    plain = plain and min(len(train), len(test)) >= 100
    return Drift(float(min(0.0, log10_p)), effect, apart, unit, plain, evidence)


def is_large(unit: str) -> bool:
    """Tell whether a conversion is one that no growth or season brings."""
    return bool(re.search("thousand|million|hundred|°", unit))


def level_drift(train: Array, test: Array, columns: int) -> Drift:
    """Compare codes `(n,)` and `(m,)`; levels expected fewer than five times count together."""
    from scipy.stats import chi2

    if min(len(train), len(test)) < 20:
        return Drift()
    size = int(max(train.max(), test.max())) + 1
    a = np.bincount(train, minlength=size).astype(np.float64)
    b = np.bincount(test, minlength=size).astype(np.float64)
    apart = not bool(((a > 0) & (b > 0)).any())
    rare = (a + b) * min(len(train), len(test)) / (len(train) + len(test)) < 5
    a, b = (np.append(v[~rare], v[rare].sum()) for v in (a, b))
    a, b = a[(whole := a + b) > 0], b[whole > 0]
    if len(a) < 2:
        return Drift(is_apart=apart)
    share = (a + b) / (a + b).sum()
    statistic = sum(float(((v - share * v.sum()) ** 2 / (share * v.sum())).sum()) for v in (a, b))
    log10_p = float(chi2.logsf(statistic, len(a) - 1) / np.log(10))
    log10_p = max(NEVER, log10_p) + np.log10(max(1, columns))
    effect = float(np.abs(a / a.sum() - b / b.sum()).sum() / 2)
    evidence = {"distance": round(effect, 6), "log10_p": round(float(log10_p), 1)}
    return Drift(float(min(0.0, log10_p)), effect, apart, None, False, evidence)


def _few(values: Array) -> Array:
    if len(values) <= MOST:
        return values
    return values[np.linspace(0, len(values) - 1, MOST).astype(np.int64)]


def _distance(a: Array, b: Array) -> float:
    """Return the largest difference of two empirical distribution functions."""
    a, b = np.sort(a), np.sort(b)
    grid = np.concatenate([a, b])
    low = np.searchsorted(a, grid, side="right") / len(a)
    high = np.searchsorted(b, grid, side="right") / len(b)
    return float(np.abs(low - high).max())


def _log10_ks(distance: float, n: int, m: int) -> float:
    """Return log10 of the asymptotic two-sided p-value of Kolmogorov and Smirnov."""
    scaled = distance * np.sqrt(n * m / (n + m))
    return float(max(NEVER, min(0.0, (np.log(2) - 2 * scaled**2) / np.log(10))))


def conversions(values: Array) -> list[tuple[str, Array]]:
    """Return numbers `(n,)` as they were before each usual conversion, with its name."""
    tries = [(f"{word}", values / factor) for factor, word in FACTORS.items()]
    tries += [(f"{word}, the other way", values * factor) for factor, word in FACTORS.items()]
    tries += [("from °C to °F", (values - 32) / 1.8), ("from °F to °C", values * 1.8 + 32)]
    tries += [("its logarithm", np.exp(np.clip(values, -700, 700)))]
    if (values > 0).all():
        tries.append(("its exponential", np.log(values)))
    tries.append(("the sign", -values))
    return tries


def _converted(train: Array, test: Array) -> str | None:
    """Return the conversion after which the parts no longer differ, by name."""
    before = _distance(train, test)
    best, word = min((_distance(train, values), word) for word, values in conversions(test))
    chance = 1.95 * np.sqrt(1 / len(train) + 1 / len(test))
    alike = best < max(chance, 0.05) and before > 3 * best
    return word if alike else None
