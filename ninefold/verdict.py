"""Does deep learning earn its place here? Network against the best baseline.

Two kinds of evidence, on different rows: the folds of the train part, in which both were trained
again and again, and the sealed test part, on which the models that are shipped were measured. Their
beliefs about the gain are multiplied (`ninefold.gains`, docs/adr/0011). The baseline is the best
one over the folds, or on valid where there are none: the test part chooses nothing. What counts as
the same (region of practical equivalence, Benavoli et al., JMLR 2017): .005 for scores up to 1; for
errors 1 % of the baseline's, or a ten thousandth of a constant guess's where that is more, so that
two models without an error to speak of are alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ninefold import gains
from ninefold.columns import Array
from ninefold.evaluation.metrics import Metric

SURE = 0.95
SCORE_ROPE = 0.005
ERROR_ROPE = 0.01
GUESS_ROPE = 1e-4
ROUNDING = 1e-7
"""Share of the two values up to which they differ by rounding alone."""
NEEDED, NOT_NEEDED, INCONCLUSIVE = "needed", "not needed", "inconclusive"
NETWORK = "network"


@dataclass(frozen=True)
class Measured:
    """The reported metric on the test part, of the network and of the baseline.

    `values` as measured, `draws` `(B,)` each on the same resamples of `units` rows, groups or
    blocks; `rows` of the part; `guess` is that of a constant guess, NaN where none was made.
    """

    values: tuple[float, float]
    draws: tuple[Array, Array]
    units: int
    rows: int
    guess: float = float("nan")


@dataclass(frozen=True)
class Refitted:
    """By how much the network was better `(J,)`, fold by fold, and mean rows of a fold."""

    gains: Array
    fit_rows: float
    new_rows: float


def fold_evidence(report: Mapping[str, Any], baseline: str | None) -> Refitted | None:
    """Read from reports/folds.json how the network fared against a baseline; None: not at all."""
    rounds = [r for r in report.get("rounds", ()) if {NETWORK, baseline} <= r["scores"].keys()]
    pairs = [(r["scores"][NETWORK], r["scores"][baseline]) for r in rounds]
    known = [i for i, pair in enumerate(pairs) if None not in pair and np.isfinite(pair).all()]
    if not known:
        return None
    sign = 1.0 if report["higher_is_better"] else -1.0
    found = np.array([sign * (pairs[i][0] - pairs[i][1]) for i in known])
    means = [float(np.mean([rounds[i][key] for i in known])) for key in ("fit_rows", "new_rows")]
    return Refitted(found, *means)


def verdict(
    reported: Metric,
    baseline: str | None,
    test: Measured,
    folds: Refitted | None,
    confidence: float,
    cost: Mapping[str, Any] | None = None,
    title: str | None = None,
) -> dict[str, Any]:
    """Return answer, sentence, gain with interval, and the probabilities and evidence behind them.

    Args:
        reported: the metric both are judged by.
        baseline: name of the best baseline; None: there is none.
        test: what the test part says.
        folds: what the folds say; None: the test part speaks alone.
        confidence: coverage of the interval.
        cost: what either model costs, passed through.
        title: what people call the baseline; default: its name.
    """
    told = {"baseline": baseline, "baseline_title": title or baseline}
    undecided = {"answer": INCONCLUSIVE, "metric": reported.name, **told}
    if baseline is None:
        said = (
            "Whether deep learning is needed stays open: no baseline was trained to compare with."
        )
        return {**undecided, "sentence": said}
    network, other = test.values
    beliefs = _beliefs(reported, test, folds)
    if "test" not in beliefs:
        said = (
            f"Whether deep learning is needed stays open: {reported.name} has no value on the test "
            "part, or its rows are too few to tell."
        )
        return {**undecided, "sentence": said}
    rope = _equivalent_within(reported, test)
    apart = {name: gains.summary([belief], rope, confidence) for name, belief in beliefs.items()}
    pooled = gains.summary(list(beliefs.values()), rope, confidence)
    disagree = len(beliefs) > 1 and gains.contradict(*beliefs.values())
    answers = {_answer(found) for found in (apart.values() if disagree else (pooled,))}
    if folds is not None and "folds" in beliefs:
        apart["folds"] |= {
            "gains": folds.gains.tolist(),
            "p_value": beliefs["folds"].p_value(),
            "new_per_fit": folds.new_rows / folds.fit_rows,
        }
    found = {
        "answer": answers.pop() if len(answers) == 1 else INCONCLUSIVE,
        "metric": reported.name,
        "unit": reported.unit,
        **told,
        "network_value": network,
        "baseline_value": other,
        **pooled,
        "confidence": confidence,
        "equivalent_within": rope,
        "disagree": disagree,
        "evidence": apart,
        "cost": dict(cost or {}),
    }
    return {**found, "sentence": _sentence(found)}


def _equivalent_within(reported: Metric, test: Measured) -> float:
    if reported.higher_is_better:
        return SCORE_ROPE
    rope = ERROR_ROPE * abs(test.values[1])
    return max(rope, GUESS_ROPE * abs(test.guess)) if np.isfinite(test.guess) else rope


def _beliefs(reported: Metric, test: Measured, folds: Refitted | None) -> dict[str, gains.Belief]:
    """Return what folds and test part say of the gain, where they say something."""
    sign = 1.0 if reported.higher_is_better else -1.0
    gain = sign * (test.values[0] - test.values[1])
    draws = sign * (test.draws[0] - test.draws[1])
    refit, found = 0.0, {}
    if folds is not None:
        refit = gains.refit_variance(folds.gains, folds.new_rows, draws, test.rows)
        belief = gains.from_folds(folds.gains, folds.new_rows / folds.fit_rows)
        if belief is not None:
            found["folds"] = belief
    belief = gains.from_test(gain, draws, test.units, refit)
    if belief is not None:
        found["test"] = belief
    return found


def _answer(found: Mapping[str, float]) -> str:
    if found["p_better"] >= SURE and found["low"] > 0:
        return NEEDED
    return NOT_NEEDED if 1 - found["p_better"] >= SURE else INCONCLUSIVE


def _sentence(found: Mapping[str, Any]) -> str:
    """Word the verdict for people who do not read tables."""
    openings = {
        NEEDED: "Deep learning pays off here",
        NOT_NEEDED: "Deep learning is not needed here",
        INCONCLUSIVE: "Whether deep learning is needed cannot be told from these data",
    }
    unit = f" {found['unit']}" if found["unit"] else ""
    comparison = (
        f"{found['metric']} on rows no model has seen is {found['network_value']:.4g}{unit} for "
        f"the network and {found['baseline_value']:.4g} for the best baseline "
        f"({found['baseline_title']})"
    )
    if found["disagree"]:
        parts = found["evidence"].items()
        apart = ", ".join(f"{name} {_shown(each['gain'], found)}" for name, each in parts)
        return f"{openings[found['answer']]}: {comparison}; folds and test part differ ({apart})."
    where = "over folds and test part " if "folds" in found["evidence"] else ""
    gain = (
        f"gain {where}{_shown(found['gain'], found)}, {found['confidence']:.0%} interval "
        f"{_shown(found['low'], found)} to {_shown(found['high'], found)}"
    )
    chance = f"the chance that the network is clearly better is {found['p_better']:.0%}"
    return f"{openings[found['answer']]}: {comparison} ({gain}); {chance}."


def _shown(gain: float, found: Mapping[str, Any]) -> str:
    """Write a gain; what rounding of the two values leaves is none."""
    size = abs(found["network_value"]) + abs(found["baseline_value"])
    return f"{0.0 if abs(gain) <= ROUNDING * size else gain:+.3g}"
