"""Too few rows to learn from."""

import math
from collections.abc import Callable

import numpy as np

from ninefold.diagnosis.case import Case, Finding, Scored, Symptom

MOST_ROWS = 3_000
"""With more rows the question is left to the learning curve of the verdict."""
GAIN = 0.03
"""What doubling the rows must bring, of AUC, accuracy or R²."""
SHARE = 0.5
"""Of the gap between train and valid that doubling the rows closes: so much was measured with the
default network on nine kinds of data, of 120 to 1,200 rows. Least squares close a quarter."""
SURE = 2.0
"""Standard errors by which the gap, and what the network knows at all, must differ from 0."""
FEW_VALID, UNSURE = 30, 0.08
"""Valid rows, and the standard error of their metric from which on they judge nothing."""


class DataLittle(Symptom):
    """Known on train and not on valid, as what a network learns by heart where rows are few; or so
    few valid rows that they tell hardly anything.
    """

    kinds = ("data.too_little",)
    of_rows = False
    follows = ("learning_rate", "inputs")
    needs_rows_apart = True

    def look(self, case: Case) -> Finding | None:
        rows = case.facts["train_rows"]
        if rows > MOST_ROWS:
            return None
        if (found := _gap(case)) is None:
            return _unsure(case)
        metric, train, valid, error = found
        gain = SHARE * (train - valid)
        if gain < GAIN + SHARE * error:
            return _unsure(case)
        bars = [
            ["train", max(train, 0.0), f"{train:.3f}"],
            ["valid", max(valid, 0.0), f"{valid:.3f}"],
            ["valid, about, with twice the rows", max(valid + gain, 0.0), f"{valid + gain:.3f}"],
        ]
        return Finding(
            "data.too_little",
            f"The network's {metric} is {train:.3f} on the {rows:,} train rows and {valid:.3f} on "
            f"valid ones: it knows by heart what so few do not tell. Twice the rows would bring "
            f"about {gain:.2f} more.",
            "Bring more rows; no setting replaces them.",
            {"rows": rows, "metric": metric, "train": train, "valid": valid,
             "standard_error": error, "gain_of_doubling": gain},
            {"kind": "bars", "title": f"{metric} of the network", "rows": bars},
        )  # fmt: skip


def _unsure(case: Case) -> Finding | None:
    """Return what is said where the valid part is too small to judge anything by."""
    count = len(case.valid.y)
    metric, measure, chance = _measure(case)
    value, error = measure(case.valid)
    if count >= FEW_VALID or error < UNSURE:
        return None
    known = math.isfinite(error)
    said = f"know its {metric} only as {value:.2f} ± {2 * error:.2f}" if known else (
        f"hold too few of a class to know any {metric}"
    )  # fmt: skip
    bars = [
        [name, max(min(share, 1.0), 0.0), f"{share:.2f}"]
        for name, share in (("at least", value - 2 * error), ("on valid", value),
                            ("at most", value + 2 * error), ("chance", chance))
        if math.isfinite(share)
    ]  # fmt: skip
    return Finding(
        "data.too_little",
        f"The network learnt from {case.facts['train_rows']:,} rows, and the {count} valid ones "
        f"{said}: no setting can be judged by so few.",
        "Bring more rows (ingest.sample_rows: null takes all there are); no setting replaces them.",
        {"rows": case.facts["train_rows"], "metric": metric, "valid_rows": count,
         **({"valid": value, "standard_error": error} if known else {})},
        {"kind": "bars", "title": f"{metric} of the network", "rows": bars},
    )  # fmt: skip


def _gap(case: Case) -> tuple[str, float, float, float] | None:
    """Return metric, its values on train and valid, and the standard error of their difference.

    None where the network knows nothing, or no gap can be told from chance.
    """
    metric, measure, chance = _measure(case)
    (train, of_train), (valid, of_valid) = measure(case.train), measure(case.valid)
    error = math.hypot(of_train, of_valid)
    if not math.isfinite(error) or valid - chance < SURE * of_valid or train - valid < SURE * error:
        return None
    return metric, train, valid, error


def _measure(case: Case) -> tuple[str, Callable[[Scored], tuple[float, float]], float]:
    """Return a metric that has no unit, how it is taken with its standard error, and its value
    where nothing is known.
    """
    if case.train.scores.shape[1] == 2:
        return "AUC", _auc, 0.5
    if case.is_classification:
        return "accuracy", _accuracy, float(np.bincount(case.valid.y).max() / len(case.valid.y))
    return "R²", _r2, 0.0


def _auc(rows: Scored) -> tuple[float, float]:
    """Return the area and its standard error (DeLong et al., 1988)."""
    from scipy.stats import rankdata

    score, is_second = rows.scores[:, 1] - rows.scores[:, 0], rows.y == 1
    high, low = score[is_second], score[~is_second]
    if min(len(high), len(low)) < 2:
        return math.nan, math.nan
    ranks = rankdata(score)
    above = (ranks[is_second] - rankdata(high)) / len(low)
    below = 1.0 - (ranks[~is_second] - rankdata(low)) / len(high)
    error = math.sqrt(above.var(ddof=1) / len(high) + below.var(ddof=1) / len(low))
    return float(above.mean()), error


def _accuracy(rows: Scored) -> tuple[float, float]:
    """Return the share of right rows and its standard error."""
    share = float((rows.scores.argmax(axis=1) == rows.y).mean())
    return share, math.sqrt(share * (1.0 - share) / len(rows.y))


def _r2(rows: Scored) -> tuple[float, float]:
    """Return the explained share of the variance and its standard error: by the rows, both parts
    of the quotient being means over them, or as of normal values where a few rows hide it.
    """
    squares = np.square(rows.y - rows.y.mean()).astype(np.float64)
    variance = float(squares.mean())
    if variance <= 0.0:
        return math.nan, math.nan
    left = float(rows.losses.mean()) / variance
    by_rows = rows.error_of_mean((rows.losses - left * squares) / variance)
    usual = 2.0 * math.sqrt(max(1.0 - left, 0.0) / len(rows.y)) * left
    return 1.0 - left, max(by_rows, usual)
