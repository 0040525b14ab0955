"""How far rows lie from the reference, one column and one test at a time."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ninefold.clues import of_levels, of_shift
from ninefold.columns import NAT, Array, Frame, is_missing
from ninefold.durations import DAY_US
from ninefold.freshness.gap_codes import gap_code
from ninefold.freshness.grades import compare_graded
from ninefold.freshness.pairs import compare_pairs
from ninefold.freshness.seasons import season
from ninefold.freshness.spikes import spike
from ninefold.freshness.vocabulary import common_shares

MODERATE, LARGE = 0.1, 0.25
"""Population stability index: below 0.1 no shift to speak of, above 0.25 a large one."""
MORE_MISSING = 0.02
"""A change of the missing rate smaller than this is not worth a word, whatever its p-value."""
UNSEEN = 0.01
TWO = 2
NAMED = 3
"""So many new levels are named."""
COMMON = 5
"""A level is expected in so many of the fresh rows, or counts as one of the rare (Cochran 1954)."""
FEW = 5
"""Numbers of no more values than these are told of by how often each comes."""


def measured(reference: Mapping[str, Any], fresh: Frame) -> list[dict[str, Any]]:
    """Return every comparison with the reference that the fresh rows allow, each by itself."""
    names = {column.name for column in fresh.columns}
    there = [content for content in reference["columns"] if content["name"] in names]
    rows = int(reference["rows"])
    found = [i for content in there for i in _column(content, rows, fresh)]
    time = str(reference.get("time"))
    found += [item for content in there if (item := season(content, fresh, time))]
    found += [item for content in there if (item := _lag(content, rows, fresh, time))]
    found += compare_pairs(reference.get("pairs", ()), fresh)
    return found + compare_graded(reference.get("graded", ()), fresh)


def _column(content: Mapping[str, Any], rows: int, fresh: Frame) -> list[dict[str, Any]]:
    name = str(content["name"])
    kind, values = fresh.column(name).kind, fresh[name]
    missing = is_missing(kind, values)
    gone = int(missing.sum())
    found: list[dict[str, Any] | None] = []
    if "target" not in content["roles"]:  # labels come later
        found.append(rates(name, int(content["missing"]), rows, gone, len(missing)))
    present = values[~missing]
    if len(present) and content.get("cuts") and kind == "text":
        found.append(_numbers(name, content, words(present), "the number of words in "))
        found.append(_vocabulary(name, content.get("vocabulary"), present))
    elif len(present) and content.get("cuts"):
        numbers = present.astype(np.float64)
        found.append(as_a_whole := _numbers(name, content, numbers))
        if kind == "number" and as_a_whole is not None:
            code = gap_code(name, content, numbers)
            is_told = code is not None or as_a_whole["is_large"]
            found.append(code if is_told else spike(name, content, numbers))
    elif len(present) and content.get("levels"):
        found.append(_levels(name, content, present.astype(str)))
    return [item for item in found if item is not None]


def rates(name: str, before: int, rows: int, now: int, total: int) -> dict[str, Any]:
    """Compare how often `name` is missing in `rows` train rows and in `total` fresh ones, by a
    chi-square (or, where rare, Fisher's exact) test.
    """
    from scipy.stats import chi2_contingency, fisher_exact

    counts = np.array([[before, rows - before], [now, total - now]])
    p = 1.0
    if counts.any(axis=0).all() and total:
        p = float((fisher_exact if counts.min() < 5 else chi2_contingency)(counts).pvalue)
    was, share = before / max(rows, 1), now / max(total, 1)
    return {
        "column": name, "what": "missing", "test": "rates", "p": p, "size": abs(share - was),
        "before": was, "now": share, "is_large": abs(share - was) >= MORE_MISSING,
        "message": f"`{name}` is missing in {share:.1%} of the rows, in training {was:.1%}",
    }  # fmt: skip


def _numbers(
    name: str, content: Mapping[str, Any], values: Array, what: str = ""
) -> dict[str, Any] | None:
    """Compare distributions by quantiles of the reference: Kolmogorov-Smirnov and PSI."""
    from scipy.stats import kstwobign

    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    known = np.array(content["quantiles"])
    cuts = np.array(content["cuts"])
    counts = np.bincount(np.searchsorted(cuts, finite, side="left"), minlength=len(cuts) + 1)
    psi = stability(np.array(content["counts"]), counts)
    ordered = np.sort(finite)
    shares = np.linspace(0, 1, len(known))
    last = np.searchsorted(known, known, side="right") - 1
    reached = np.searchsorted(ordered, known, side="right") / len(finite)
    below = np.searchsorted(ordered, known, side="left") / len(finite)
    first = np.searchsorted(known, known, side="left")
    distance = float(max(np.abs(reached - shares[last]).max(), np.abs(below - shares[first]).max()))
    distance = max(0.0, distance - 1 / (len(known) - 1))
    n = len(finite) * int(content["present"]) / (len(finite) + int(content["present"]))
    middle = [float(np.quantile(v, 0.5, method="inverted_cdf")) for v in (known, finite)]
    moved = _moved(known, ordered, content["kind"] == "datetime")
    clue = "" if what or content["kind"] != "number" else of_shift(known, ordered)
    return {
        "column": name, "what": "values", "test": "Kolmogorov-Smirnov",
        "p": float(kstwobign.sf(distance * np.sqrt(n))), "size": psi, "before": middle[0],
        "now": middle[1], "is_large": psi >= LARGE,
        "message": f"{what}`{name}` is distributed otherwise (PSI {psi:.2f}): {moved}"
        + f"; {clue}" * bool(clue),
    }  # fmt: skip


def _vocabulary(
    name: str, content: Mapping[str, Any] | None, texts: Array
) -> dict[str, Any] | None:
    """Compare which share of a text's words is among those common in training."""
    if content is None:
        return None
    shares = common_shares(texts, content["common"])
    what = "the share of words common in training in "
    item = _numbers(name, {"kind": "text", **content}, shares, what)
    if item is None:
        return None
    clue = "another language, encoding or spelling?" if item["now"] < item["before"] else ""
    message = item["message"] + f"; {clue}" * bool(clue)
    return {**item, "what": "words", "message": message}


def _lag(content: Mapping[str, Any], rows: int, fresh: Frame, time: str) -> dict[str, Any] | None:
    """Compare how long a date is after the time of its row, as both go on.

    Fewer days where more dates are missing tell nothing: what takes long is still to come.
    """
    if "lag" not in content or time not in fresh.data or fresh.column(time).kind != "datetime":
        return None
    name = str(content["name"])
    days = days_between(fresh[time], fresh[name])
    item = _numbers(name, {"kind": "lag", **content["lag"]}, days, f"days from `{time}` to ")
    present = int(content["lag"]["present"]) / max(rows, 1)
    is_open = np.isfinite(days).mean() < present - MORE_MISSING
    if item is None or (is_open and item["now"] < item["before"]):
        return None
    return {**item, "what": "lag"}


def days_between(first: Array, second: Array) -> Array:
    """Return how many days lie between moments `(N,)` in microseconds; NaN where one is missing."""
    moments = [np.where(at == NAT, np.nan, at.astype(np.float64)) for at in (first, second)]
    return np.asarray((moments[1] - moments[0]) / DAY_US)


def _moved(known: Array, values: Array, is_date: bool) -> str:
    """Word how sorted values `(N,)` lie otherwise than quantiles `(Q,)` of train did.

    Where values are few, by the share of the one that moved most; else by the medians, or, if they
    are the same, by the value where most more lie below than did.
    """
    levels = np.unique(known)
    if len(levels) <= FEW:
        was, now = (np.array([(v == level).mean() for level in levels]) for v in (known, values))
        at = len(levels) - 1 - int(np.argmax(np.abs(now - was)[::-1].round(3)))
        return f"{now[at]:.0%} are {_said(levels[at], is_date)}, in training {was[at]:.0%}"
    middle = [_said(v[(len(v) - 1) // 2], is_date) for v in (known, values)]
    if middle[0] != middle[1]:
        return f"half of the values are at most {middle[1]}, in training at most {middle[0]}"
    was, now = (np.searchsorted(v, levels, side="right") / len(v) for v in (known, values))
    at = int(np.argmax(np.abs(now - was)))
    return f"{now[at]:.0%} are at most {_said(levels[at], is_date)}, in training {was[at]:.0%}"


def _said(value: float, is_date: bool) -> str:
    return str(np.datetime64(int(value), "us"))[:10] if is_date else f"{value:.6g}"


def _levels(name: str, content: Mapping[str, Any], values: Array) -> dict[str, Any]:
    """Compare counts of levels by chi-square and PSI; levels never seen are counted too."""
    levels = dict(content["levels"])
    found, amounts = np.unique(values, return_counts=True)
    now = dict(zip(found.tolist(), amounts.tolist(), strict=True))
    other = int(content["other"])
    unseen = {} if other else {k: v for k, v in now.items() if k not in levels}
    rest = sum(v for k, v in now.items() if k not in levels)
    before = np.array([*levels.values(), other])
    after = np.array([*(now.get(k, 0) for k in levels), rest])
    kept = (before + after) > 0
    psi = stability(before[kept], after[kept])
    p = min(1.0, 2 * min(_p_of_shares(before, after), _p_of_new(before, unseen, len(values))))
    share = sum(unseen.values()) / len(values)
    shares = (before[:-1] / before.sum(), after[:-1] / after.sum())
    at = int(np.argmax(np.abs(shares[1] - shares[0])))
    moved = f"{shares[1][at]:.0%} are {list(levels)[at]}, in training {shares[0][at]:.0%}"
    said = f"has its levels in other shares (PSI {psi:.2f}): {moved}"
    if len(levels) == TWO and not (other or unseen) and _is_turned(*shares):
        said += f"; {' and '.join(levels)} look exchanged"
    if unseen:
        new = f"has {_new(unseen, levels, len(values))}"
        said = f"{new}; it {said}" if abs(shares[1] - shares[0])[at] >= MODERATE else new
    return {
        "column": name, "what": "values", "test": "chi-square", "p": p, "size": psi,
        "before": None, "now": None, "is_large": psi >= LARGE or share >= UNSEEN,
        "unseen": len(unseen), "unseen_share": share,
        "message": f"`{name}` {said}",
    }  # fmt: skip


def _p_of_shares(before: Array, after: Array) -> float:
    """Return the p of chi-square, levels too rare among the fresh rows for it told as one."""
    from scipy.stats import chi2_contingency

    expected = (before + after) * after.sum() / (before.sum() + after.sum())
    is_rare = expected < COMMON
    counts = np.array([[*side[~is_rare], side[is_rare].sum()] for side in (before, after)])
    counts = counts[:, counts.any(axis=0)]
    return float(chi2_contingency(counts).pvalue) if counts.shape[1] > 1 else 1.0


def _p_of_new(before: Array, unseen: Mapping[str, int], rows: int) -> float:
    """Return how likely so many of the rows are to have what none of training had."""
    from scipy.stats import fisher_exact

    count = sum(unseen.values())
    return float(fisher_exact([[0, before.sum()], [count, rows - count]]).pvalue)


def _is_turned(before: Array, now: Array) -> bool:
    """Tell whether each of two levels has the share that the other had, and these differ."""
    return bool(abs(before[0] - before[1]) >= LARGE and abs(now[0] - before[1]) <= MODERATE / 2)


def _new(unseen: Mapping[str, int], levels: Mapping[str, int], rows: int) -> str:
    """Word the levels that training never saw: rows, names, and what may be meant."""
    often = sorted(unseen, key=lambda level: (-unseen[level], level))
    clue = of_levels(often, levels)
    count = sum(unseen.values())
    return (
        f"{len(unseen)} level{'s' * (len(unseen) != 1)} never seen in training, in "
        f"{count} of {rows} rows: {', '.join(map(repr, often[:NAMED]))}"
        + ", …" * (len(often) > NAMED)
        + f" ({clue})" * bool(clue)
    )


def stability(before: Array, now: Array) -> float:
    """Return the population stability index less what chance alone would give.

    Under no shift its expectation is about (bins - 1)(1/n + 1/m), see Yurdakul 2018.
    """
    n, m = before.sum(), now.sum()
    if not n or not m:
        return 0.0
    floor = 0.5
    p, q = np.maximum(before, floor) / n, np.maximum(now, floor) / m
    index = float(((q - p) * np.log(q / p)).sum())
    by_chance = (len(before) - 1) * (1 / float(n) + 1 / float(m))
    return max(0.0, index - by_chance)


def words(texts: Array) -> Array:
    """Return how many words texts `(N,)` have, as numbers `(N,)`."""
    return np.array([len(str(text).split()) for text in texts], dtype=np.float64)
