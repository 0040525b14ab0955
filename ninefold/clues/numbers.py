"""Numbers out of their range, or all elsewhere: codes, signs, decimal points, units."""

import numpy as np

from ninefold.columns import Array

CODES = {float(digit * length) for digit in "89" for length in range(2, 10)}
NEGATIVE = {0.0, -1.0, -8.0, -9.0, *(-code for code in CODES)}
"""What reads like a code: 99, 999, 9999 … above the others; 0, -1, -9, -99 … below them."""
NEARLY_ALL = 0.9
FAR = 2.0
"""Numbers so many times beyond a bound may have lost their decimal point; nearer ones are rather
large."""
TENS = (10, 100, 1000)
END = 0.05
"""Share of the values that lie at an end."""
STEPS = np.linspace(0.05, 0.95, 19)
"""The quantiles that are compared."""
LEAST = 30
EVEN, UNLIKE = 0.1, 1.8
"""Logarithms of a factor spread no more than this over the quantiles; what it is at least."""
NEAR_TEN = 0.05
"""The logarithm of a factor this near to that of a power of ten is told as that power."""
OFFSET = 0.3
"""An offset is told of from this share of the range of the quantiles on."""
TEMPERATURES = {
    "from °C to °F": (1.8, 32.0),
    "from °F to °C": (1 / 1.8, -32 / 1.8),
    "from °C to K": (1.0, 273.15),
    "from K to °C": (1.0, -273.15),
    "from °F to K": (1 / 1.8, 273.15 - 32 / 1.8),
    "from K to °F": (1.8, 32 - 273.15 * 1.8),
}


def of_outliers(values: Array, low: float, high: float) -> str:
    """Word what those of numbers `(N,)` that lie beyond the bounds may be, or nothing.

    >>> of_outliers(np.array([-20.0, -35.0, -41.0, *range(60)]), 0, 112)
    'with the other sign they lie within: a wrong sign?'
    """
    is_within = (values >= low) & (values <= high)
    beyond, others = values[~is_within], values[is_within]
    if not len(beyond):
        return ""
    levels, counts = np.unique(beyond, return_counts=True)
    often = float(levels[counts.argmax()])
    if often in NEGATIVE | CODES and often and counts.max() > len(beyond) / 2:
        return f"{often:.15g} reads like a code for a missing value: name it in ingest.missing"
    if (low >= 0 or high <= 0) and (within := _fit(-beyond, others, low, high)):
        return f"with the other sign {within} within: a wrong sign?"
    middle = float(np.median(beyond))
    if not len(others) or len(beyond) > len(others):
        return ""  # no decimal point was misplaced: see `of_shift`
    for ten in TENS:
        if middle > FAR * high > 0 and (within := _fit(beyond / ten, others, low, high)):
            return f"divided by {ten} {within} within: a misplaced decimal point?"
        if 0 < FAR * middle < low and (within := _fit(beyond * ten, others, low, high)):
            return f"times {ten} {within} within: a misplaced decimal point?"
    return ""


def _fit(values: Array, others: Array, low: float, high: float) -> str:
    """Word how many of `values`, once mended, lie within; nothing where few do, or where they lie
    at an end of the `others`, as what only just left the range would.
    """
    inside = int(((values >= low) & (values <= high)).sum())
    if inside < NEARLY_ALL * len(values):
        return ""
    if len(others):
        first, last = np.quantile(others, [END, 1 - END])
        if not first <= np.median(values) <= last:
            return ""
    if len(values) == 1:
        return "it lies"
    return "they lie" if inside == len(values) else f"{inside} of {len(values)} lie"


def of_shift(known: Array, values: Array) -> str:
    """Word how all `values` (sorted, `(N,)`) differ from those whose quantiles were `known (Q,)`:
    by one factor, a sign, a unit of temperature, an offset; or nothing.
    """
    if len(values) < LEAST or len(np.unique(values)) < 5:
        return ""
    was = np.quantile(known, STEPS, method="inverted_cdf")
    now = np.quantile(values, STEPS, method="inverted_cdf")
    width = float(was[-1] - was[0])
    if width <= 0 or now[0] == now[-1]:
        return ""
    if said := _sign(was, now, width):
        return said
    for name, (slope, offset) in TEMPERATURES.items():
        if np.abs(slope * was + offset - now).max() <= EVEN * (now[-1] - now[0]):
            return f"as if turned {name}"
    if said := _factor(was, now):
        return said
    steps = now - was
    middle = float(np.median(steps))
    if np.ptp(steps) <= EVEN * width and abs(middle) >= OFFSET * width:
        return f"all lie about {abs(middle):.3g} {'higher' if middle > 0 else 'lower'}"
    return ""


def of_unit(values: Array, low: Array, high: Array) -> str:
    """Word in which other unit nearly all of the numbers `(N,)` would lie within the bounds of each
    `(N,)`, or nothing.

    >>> of_unit(np.array([24.0, 27.0]), np.array([70.0, 70.0]), np.array([95.0, 95.0]))
    'as if turned from °F to °C'
    """
    turned = {f"as if turned {name}": (values - shift) / slope
              for name, (slope, shift) in TEMPERATURES.items()}  # fmt: skip
    for factor in (*TENS, *(1 / ten for ten in TENS)):
        turned[f"all are about {factor:g} times what they were: another unit?"] = values / factor
    inside = {said: float(((low <= v) & (v <= high)).mean()) for said, v in turned.items()}
    best = max(inside, key=lambda said: inside[said])
    return best if inside[best] >= NEARLY_ALL else ""


def _sign(was: Array, now: Array, width: float) -> str:
    turned = -now[::-1]
    is_one_sided = was[0] >= 0 or was[-1] <= 0
    is_turned = np.abs(turned - was).max() <= EVEN * width
    return "all have the other sign" if is_one_sided and is_turned else ""


def _factor(was: Array, now: Array) -> str:
    some = (was != 0) & (now != 0)
    if some.sum() < len(was) / 4 or ((was == 0) != (now == 0)).mean() > EVEN:
        return ""
    ratios = now[some] / was[some]
    if (ratios <= 0).any() or len(np.unique(was[some])) < 3:
        return ""
    logs = np.log(ratios)
    middle = float(np.median(logs))
    if abs(middle) < np.log(UNLIKE) or np.quantile(np.abs(logs - middle), 0.9) > max(
        EVEN, EVEN * abs(middle) / 2
    ):
        return ""
    ten = round(middle / np.log(10))
    is_ten = abs(middle - ten * np.log(10)) <= NEAR_TEN
    factor = 10.0**ten if is_ten else float(np.exp(middle))
    perhaps = "another unit?"
    if is_ten and ten == -3 and (was == np.round(was)).all() and has_points(now[now < 1000]):
        perhaps = "a point for thousands, such as 1.234 for 1234, or another unit?"
    times = f"{factor:.0f}" if factor >= 100 else f"{factor:.3g}"
    return f"all are about {times} times what they were: {perhaps}"


def has_points(values: Array) -> bool:
    """Tell whether numbers `(N,)` read as if a point parted thousands: 1.234 for 1234.

    >>> has_points(np.array([1.234, 12.5, 7.041])), has_points(np.array([1.5, 2.25]))
    (True, False)
    """
    thousands = values * 1000
    is_three = np.abs(thousands - np.round(thousands)) < 1e-6
    is_less = np.abs(values * 100 - np.round(values * 100)) < 1e-6
    is_in_reach = (np.abs(values) >= 1) & (np.abs(values) < 1000)
    return bool(len(values) and (is_three & is_in_reach).all() and is_less.mean() < 0.5)
