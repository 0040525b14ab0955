"""Would more rows change the answer? Network and best baseline on growing shares of the rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.crossvalidation.contest import NETWORK, Contestants, Score
from ninefold.crossvalidation.rounds import Round
from ninefold.exploration.extrapolation import extrapolated
from ninefold.progress import progress

SHARES = (0.125, 0.25, 0.5)
CHEAP_ROWS = 1_500
"""Up to so many rows to fit on, every fold is drawn; beyond, the largest alone."""
FEWEST_ROWS = 60
FACTORS = (2, 4)


def growth(
    contest: Contestants,
    results: Sequence[tuple[Round, Mapping[str, Score]]],
    best: str,
    is_ordered: bool,
    play: Callable[[Contestants, Sequence[Round]], Iterator[dict[str, Score]]],
) -> dict[str, Any] | None:
    """Return the points, and what the fitted curves say of two and four times the rows.

    `play` yields the scores of rounds in order.
    Each point is a fresh fit; the last ones are the rounds themselves. None where there are too
    few rows for a share of them.
    """
    chosen = _chosen(results)
    if not chosen or min(len(found.fit) for found, _ in chosen) * SHARES[0] < FEWEST_ROWS:
        return None
    small = contest.against(best)
    work = [(share, place) for share in SHARES for place in range(len(chosen))]
    found = {(1.0, place): scores for place, (_, scores) in enumerate(chosen)}
    grown = [chosen[place][0].grown(share, is_ordered) for share, place in work]
    scored = play(small, grown)
    found |= zip(work, progress(scored, "learning curve", len(work), unit="fits"), strict=True)
    shares = (*SHARES, 1.0)
    rows = np.array([np.mean([len(r.fit) * share for r, _ in chosen]) for share in shares])
    values = {
        name: np.array(
            [[found[share, place][name].value for place in range(len(chosen))] for share in shares]
        )
        for name in (NETWORK, best)
    }
    sign = 1.0 if contest.reported.higher_is_better else -1.0
    return {
        "rows": [round(count) for count in rows],
        "folds": [found.fold for found, _ in chosen],
        "models": {name: _points(value) for name, value in values.items()},
        "ahead": [
            {"rows": round(rows[-1] * factor), "gain": _gain(rows, values, best, factor, sign)}
            for factor in (1, *FACTORS)
        ],
    }


def _chosen(
    results: Sequence[tuple[Round, Mapping[str, Score]]],
) -> list[tuple[Round, Mapping[str, Score]]]:
    """Return the rounds that are worth their cost: those of the largest size, if it is small."""
    if not results:
        return []
    largest = max(len(found.fit) for found, _ in results)
    last = [item for item in results if len(item[0].fit) >= 0.9 * largest]
    return last if largest <= CHEAP_ROWS else last[-1:]


def _points(values: Array) -> list[dict[str, float]]:
    """Describe values `(shares, folds)`, share by share."""
    return [
        {"value": float(row.mean()), "low": float(row.min()), "high": float(row.max())}
        for row in values
    ]


def _gain(
    rows: Array, values: Mapping[str, Array], best: str, factor: int, sign: float
) -> float | None:
    """Return the network's gain over `best` at so many times the rows, by the fitted curves."""
    means = {name: sign * value.mean(axis=1) for name, value in values.items()}
    if not all(np.isfinite(mean).all() for mean in means.values()):
        return None
    ceiling = 1.0 if sign > 0 else 0.0
    ahead = {
        name: extrapolated(rows, mean, float(rows[-1] * factor), ceiling)
        for name, mean in means.items()
    }
    return ahead[NETWORK] - ahead[best]
