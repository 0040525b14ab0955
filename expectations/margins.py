"""How far from what some rows showed other rows of the same source may honestly lie."""

import math

import numpy as np

from ninefold.columns import Array

CONFIDENCE = 0.999
"""One rule in a thousand may be missed by chance alone: suites have hundreds of rules."""

STRETCHES, MIN_STRETCH = 10, 50
TAIL, MIN_TAIL, MAX_TAIL = 0.05, 20, 500
"""Share and number of the largest values that a tail is known by."""
MIN_ROWS, RARE, HEAVIEST = 200, 0.01, 0.8
MAX_LEVELS, LARGEST_LEVEL = 31, 100
"""A scale has so many levels at most, none larger than this (years go on)."""
MOST_FAR, RANGES, BODY = 0.05, 2, 10
"""Values that are far are no more than this share; all others take so many values."""
UNSURE = 2
"""How far off three counts may be about the one that follows."""


def highest_rate(count: int, total: int, confidence: float = CONFIDENCE) -> float:
    """Return the upper Clopper-Pearson bound of a rate that was `count` of `total`."""
    from scipy.stats import beta

    if total == 0 or count >= total:
        return 1.0
    return float(beta.ppf(confidence, count + 1, total - count))


def worst_stretch(bad: Array) -> float:
    """Return the highest rate among ten stretches of rows, since bad rows come in runs.

    `bad` is a mask `(N,)` in the order of the rows.
    """
    stretches = [part for part in np.array_split(bad, STRETCHES) if len(part) >= MIN_STRETCH]
    return max((float(part.mean()) for part in stretches), default=0.0)


def mostly(count: int, total: int, stretch: float = 0.0) -> float:
    """Return the least share of good values to expect where `count` of `total` were bad.

    `stretch` is the rate in the worst stretch of rows, if that is known.
    """
    rate = max(highest_rate(count, total), 1.5 * stretch if count else 0.0)
    return max(0.0, math.floor((1 - rate) * 1000) / 1000)


def reach(values: Array) -> float:
    """Return what the largest of as many further values surpasses in one case of a hundred.

    Extrapolates the largest values `(N,)` where their tail is heavier than exponential, by the
    moment estimator of Dekkers, Einmahl and de Haan (1989); else the largest is returned, as where
    the largest repeat: they are a code or a ceiling (999), not a tail.
    """
    highest = float(values.max())
    count = int(np.clip(TAIL * len(values), MIN_TAIL, MAX_TAIL))
    if len(values) < MIN_ROWS:
        return highest
    middle = float(np.median(values))
    top = np.sort(values)[-count - 1 :] - middle
    if top[0] <= 0 or not np.isfinite(top).all():
        return highest
    if top[-1] == top[-3] or len(np.unique(top[-10:])) <= 5:
        return highest
    logs = np.log(top[1:] / top[0])
    first, second = float(logs.mean()), float((logs**2).mean())
    if second <= first**2:
        return highest
    bend = 1 - 0.5 / (1 - first**2 / second)
    index = min(first + bend, HEAVIEST)
    if index <= 0:
        return highest
    scale = float(top[0]) * first * (1 - min(bend, 0.0))
    return max(highest, middle + float(top[0]) + scale * float((count / RARE) ** index - 1) / index)


def far_ends(values: Array, at_least: int, has_zero: bool = True) -> Array:
    """Return the mask of the few `values (N,)` that all others, a body of many, lie far away from.

    At one end or both; each time `at_least` so many, two ranges of the body away, and, where zero
    `has_zero` a meaning, by a larger factor than the body's end is from its median: tails are long.
    Five of a Pareto tail with index 1 do so by chance in under 0.4 % of samples.
    """
    far = np.zeros(len(values), dtype=bool)
    order = np.argsort(values, kind="stable")
    for direction in (1, -1):
        ordered = values[order][::direction].astype(np.float64)
        most = int(MOST_FAR * len(values))
        if len(values) < MIN_ROWS or most < at_least:
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            ranges = np.abs(ordered - ordered[0])[-most - 1 :]
            is_far = (np.diff(ranges) >= RANGES * ranges[:-1]) & (ranges[:-1] > 0)
            if has_zero and (middle := direction * float(np.median(values))) > 0:
                ends = direction * ordered[-most - 1 :]
                is_far &= ends[1:] / ends[:-1] > ends[:-1] / middle
        at = np.flatnonzero(is_far)
        at = at[most - at >= at_least]
        body = ordered[: len(values) - most + at[0]] if len(at) else ordered[:0]
        if len(np.unique(body)) >= BODY:
            far[order[::direction][len(body) :]] = True
    return far


def hard_ends(values: Array) -> tuple[bool, bool]:
    """Tell at which ends a scale of whole numbers stops, as months do at 12, and does not thin out.

    At a hard end the level beyond, to which the last three lead on (a parabola through their
    logarithms), would have come so often that its absence is no chance. Of `values (N,)`, in the
    order of the rows, those that repeat the one before count once.
    """
    low, high = values.min(), values.max()
    if max(abs(low), abs(high)) > LARGEST_LEVEL or not 2 <= high - low < MAX_LEVELS:
        return False, False
    begun = values[np.append(True, np.diff(values) != 0)]
    counts = np.bincount((begun - low).astype(np.int64), minlength=int(high - low) + 1)
    return is_hard(counts[:3]), is_hard(counts[:-4:-1])


def is_hard(counts: Array) -> bool:
    """Tell whether of the first three levels of a scale, counted from its end, the one beyond the
    end would have come so often that its absence is no chance.
    """
    last, second, third = (float(count) for count in counts)
    if not (last and second and third):
        return False
    step, before = last / second, second / third
    expected = last * min(1.0, step) * min(1.0, step / before)
    return expected >= UNSURE * -math.log(1 - CONFIDENCE)


def outwards(value: float, direction: int) -> float:
    """Round to three significant digits, downwards for -1 and upwards for 1."""
    if value == 0 or not math.isfinite(value):
        return 0 if value == 0 else value
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    if unit == 0:
        return value
    rounded = (math.floor if direction < 0 else math.ceil)(value / unit) * unit
    near = float(f"{rounded:.6g}")
    return int(near) if near.is_integer() and abs(near) < 1e15 else near
