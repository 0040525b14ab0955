"""How large a model's gain over another truly is: what folds say, what a test part says, and both.

A belief is a distribution over the true gain. Folds share train rows, so that their differences are
not independent: the variance of their mean is s² (1 / J + n_new / n_fit) (Nadeau & Bengio, Machine
Learning 2003). With a flat prior the belief is Student's t with that scale (Corani & Benavoli,
Machine Learning 2015; Benavoli, Corani, Demšar & Zaffalon, JMLR 2017).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array

FEWEST_FOLDS = 3
APART = 0.01
"""Two beliefs that differ by so unlikely a distance contradict each other."""
REACH = 60.0
"""How many scales from its centre a belief is integrated."""


@dataclass(frozen=True)
class Belief:
    """Student's t over the true gain."""

    center: float
    scale: float
    freedom: float

    def density(self, gain: Array) -> Array:
        """Return the logarithm of the density at `gain` `(n,)`, up to a constant."""
        z = (gain - self.center) / self.scale
        return np.asarray(-0.5 * (self.freedom + 1) * np.log1p(z * z / self.freedom))

    def p_value(self) -> float:
        """Return the two-sided p-value of "no gain": the corrected resampled t-test."""
        from scipy.stats import t

        return float(2 * t.sf(abs(self.center) / self.scale, self.freedom))


def from_folds(gains: Array, new_per_fit: float) -> Belief | None:
    """Return what differences `(J,)` of folds say; None for fewer than three.

    Args:
        gains: by how much one model was better, fold by fold.
        new_per_fit: rows that a fold is scored on, for each row that it is fitted on.
    """
    gains = np.asarray(gains, dtype=np.float64)
    gains = gains[np.isfinite(gains)]
    if len(gains) < FEWEST_FOLDS:
        return None
    variance = float(gains.var(ddof=1)) * (1 / len(gains) + new_per_fit)
    return _belief(float(gains.mean()), math.sqrt(variance), len(gains) - 1)


def from_test(gain: float, draws: Array, units: int, refit_variance: float = 0.0) -> Belief | None:
    """Return what one test part says; None where it says nothing.

    Args:
        gain: by how much one model was better on it.
        draws: the same on each bootstrap resample `(B,)`, NaN where undefined.
        units: how many rows, groups or blocks were drawn from.
        refit_variance: how much the gain would vary if both models were trained again on other
            rows, which one pair of models on one test part cannot show.
    """
    draws = draws[np.isfinite(draws)]
    if not math.isfinite(gain) or len(draws) < 2 or units < 2:
        return None
    spread = math.sqrt(float(draws.var(ddof=1)) + refit_variance)
    return _belief(gain, spread, max(units - 1, 1))


def refit_variance(gains: Array, new_rows: float, draws: Array, test_rows: int) -> float:
    """Return the variance of a gain from one training to the next.

    That is the variance between folds `gains` `(J,)`, less what the choice of `new_rows` rows to
    score on explains, as the bootstrap `draws` `(B,)` of a test part with `test_rows` rows show it.
    """
    gains, draws = gains[np.isfinite(gains)], draws[np.isfinite(draws)]
    if len(gains) < FEWEST_FOLDS or len(draws) < 2 or new_rows <= 0:
        return 0.0
    by_rows = float(draws.var(ddof=1)) * test_rows / new_rows
    return max(0.0, float(gains.var(ddof=1)) - by_rows)


def contradict(first: Belief, second: Belief) -> bool:
    """Tell whether two beliefs can hardly be about the same gain."""
    from scipy.stats import t

    distance = abs(first.center - second.center) / math.hypot(first.scale, second.scale)
    return bool(2 * t.sf(distance, min(first.freedom, second.freedom)) < APART)


def summary(beliefs: Sequence[Belief], rope: float, confidence: float) -> dict[str, float]:
    """Return mean, interval, and the chances of better, equivalent and worse.

    Several beliefs that rest on different rows are multiplied. `rope` is half the width of the
    region of practical equivalence.
    """
    grid = _grid(beliefs, rope)
    log = np.sum([belief.density(grid) for belief in beliefs], axis=0)
    density = np.exp(log - log.max())
    mass = np.diff(grid) * (density[1:] + density[:-1]) / 2
    below = np.concatenate([[0.0], np.cumsum(mass)]) / mass.sum()
    tail = (1 - confidence) / 2
    low, middle, high = np.interp([tail, 0.5, 1 - tail], below, grid)
    worse, not_better = np.clip(np.interp([-rope, rope], grid, below), 0, 1)
    return {
        "gain": float(middle),
        "low": float(low),
        "high": float(high),
        "p_better": float(1 - not_better),
        "p_equivalent": float(not_better - worse),
        "p_worse": float(worse),
    }


def _belief(center: float, scale: float, freedom: float) -> Belief:
    """Return a belief; where nothing varies, one that is sharp but finite."""
    return Belief(center, max(scale, 1e-9 * (1 + abs(center))), freedom)


def _grid(beliefs: Sequence[Belief], rope: float) -> Array:
    """Return points that are dense around every belief's centre, and the edges of the rope."""
    steps = np.sinh(np.linspace(-np.arcsinh(REACH), np.arcsinh(REACH), 1201))
    points = [belief.center + belief.scale * steps for belief in beliefs]
    return np.unique(np.concatenate([*points, [-rope, rope]]))
