"""What a metric's value means, in words for people who do not know metrics."""

from collections.abc import Callable, Mapping
from typing import Any

from ninefold.report.markup import number, percent


def meaning(metric: str, value: Any, evaluation: Mapping[str, Any]) -> str:
    """Return one sentence on a metric's value, "" for a metric that is not known here."""
    if metric not in MEANINGS or not isinstance(value, (int, float)):
        return ""
    return MEANINGS[metric](float(value), evaluation)


def _roc_auc(value: float, evaluation: Mapping[str, Any]) -> str:
    positive = evaluation.get("positive")
    pair = f"a “{positive}” case and another one" if positive else "cases of two classes"
    return (
        f"Shown {pair}, the model ranks them the right way round in "
        f"{percent(value)} of all pairs; guessing would give 50 %."
    )


def _accuracy(value: float, _: Mapping[str, Any]) -> str:
    return f"The model names the right class in {percent(value)} of all cases."


def _balanced_accuracy(value: float, evaluation: Mapping[str, Any]) -> str:
    chance = percent(1 / max(len(evaluation.get("classes") or "12"), 1))
    return f"Averaged over the classes, {percent(value)} are recognised; guessing gives {chance}."


def _log_loss(value: float, _: Mapping[str, Any]) -> str:
    return f"Probabilities are off by a log loss of {number(value)}; 0 would be perfect."


def _brier(value: float, _: Mapping[str, Any]) -> str:
    return f"The mean squared error of the probabilities is {number(value)}; 0 would be perfect."


def _off(name: str) -> Callable[[float, Mapping[str, Any]], str]:
    def sentence(value: float, evaluation: Mapping[str, Any]) -> str:
        return f"{name} {number(value)}, {units(evaluation)}."

    return sentence


def units(evaluation: Mapping[str, Any]) -> str:
    """Say in which units an evaluation's errors are."""
    if evaluation.get("outputs"):
        return f"in standard deviations, over the targets {evaluation.get('target')}"
    return f"in units of “{evaluation.get('target')}”"


def _r2(value: float, evaluation: Mapping[str, Any]) -> str:
    if value < 0:
        return "The model is worse than always predicting the mean."
    return f"The model explains {percent(value)} of the variation of “{evaluation.get('target')}”."


def _f1(value: float, _: Mapping[str, Any]) -> str:
    return f"Precision and recall balance at {number(value)}; 1 would be perfect."


def _explained(value: float, _: Mapping[str, Any]) -> str:
    return f"Of what makes rows differ, {percent(value)} comes back from the code."


def _told_apart(value: float, _: Mapping[str, Any]) -> str:
    return (
        f"Shown a drawn and a real row, a forest tells which is which in {percent(value)} of all "
        "pairs; 50 % would be guessing."
    )


def _silhouette(value: float, _: Mapping[str, Any]) -> str:
    return (
        f"Rows lie nearer to their own group than to the next one by {number(value)} on a scale "
        "where 1 is apart and 0 is no border at all."
    )


MEANINGS: Mapping[str, Callable[[float, Mapping[str, Any]], str]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "brier": _brier,
    "f1": _f1,
    "f1_macro": _f1,
    "log_loss": _log_loss,
    "mae": _off("On average a prediction is off by"),
    "median_absolute_error": _off("Half of the predictions are off by less than"),
    "r2": _r2,
    "rmse": _off("A typical error, large ones weighing more, is"),
    "roc_auc": _roc_auc,
    "silhouette": _silhouette,
    "explained": _explained,
    "discriminator_auc": _told_apart,
}


def inflation_sentence(inflation: Mapping[str, Any] | None) -> str:
    """Return how much a leak flatters in words, "" where there is nothing to say."""
    if inflation is None:
        return ""
    if "skipped" in inflation:
        return f"what it adds to the score was not measured: {inflation['skipped']}"
    low, high = inflation["without_interval"]
    return (
        f"test {inflation['metric']} of a quick learner {inflation['with']:.3f} with it, "
        f"{inflation['without']:.3f} without ({low:.3f} to {high:.3f})"
    )
