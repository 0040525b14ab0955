"""Learning too little: what the network leaves, a few trees can still find."""

from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.diagnosis.case import Case, Finding, Scored, Symptom

FEWEST = 100
LEFT = 0.05
"""Share of what the network leaves on valid that trees must explain."""
SURE = 3.0


class Underfitting(Symptom):
    """Trees fitted to the network's errors on train explain its errors on valid."""

    kinds = ("fit.underfitting",)
    of_rows = False
    follows = ("learning_rate", "inputs", "gradients", "units", "batch", "epochs")

    def look(self, case: Case) -> Finding | None:
        if min(len(case.train.y), len(case.valid.y)) < FEWEST or not case.train.X.shape[1]:
            return None
        left, errors = _explained(case)
        if left < LEFT or errors < SURE:
            return None
        path, value = _more(case)
        bars = [
            ["left by the network", 1.0, "100 %"],
            ["found by trees in it", left, f"{left:.0%}"],
        ]
        return Finding(
            "fit.underfitting",
            f"Gradient boosting fitted to the network's errors on train explains {left:.0%} of "
            f"their variance on valid ({errors:.1f} standard errors from 0): there is more to "
            "learn than the network has learnt.",
            f"Set {'.'.join(path)} to {value}.",
            {"explained": left, "standard_errors": errors, "best_epoch": case.facts["best_epoch"]},
            {"kind": "bars", "title": "Variance of the errors on valid", "rows": bars},
            ((path, value),),
        )


def _explained(case: Case) -> tuple[float, float]:
    """Return the share of the errors' variance on valid, and how many standard errors it is."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    errors = _errors(case.train)
    worst = int(errors.var(axis=0).argmax())
    model = HistGradientBoostingRegressor(
        max_iter=60, max_leaf_nodes=15, early_stopping=False, random_state=0
    )
    model.fit(case.train.X, errors[:, worst])
    actual = _errors(case.valid)[:, worst]
    gains = actual**2 - (actual - model.predict(case.valid.X)) ** 2
    spread = case.valid.error_of_mean(gains)
    total = float(np.square(actual).mean())
    if total <= 0 or spread <= 0:
        return 0.0, 0.0
    return float(gains.mean() / total), float(gains.mean() / spread)


def _errors(rows: Scored) -> Array:
    """Return what is left of each class or of the value, `(N, K)`."""
    if rows.scores.shape[1] == 1:
        return np.asarray(rows.y - rows.scores[:, 0], dtype=np.float64)[:, None]
    hits = rows.y[:, None] == np.arange(rows.scores.shape[1])
    return np.asarray(hits - np.exp(rows.scores.astype(np.float64)))


def _more(case: Case) -> tuple[tuple[str, ...], Any]:
    """Return the change that gives the network more room, the likeliest first."""
    spec, network = case.spec, case.network
    layers, width = getattr(network, "num_layers", None), getattr(network, "hidden_size", None)
    if layers == 0:
        return case.of_network("num_layers"), 2
    if width is not None and width < 32:
        return case.of_network("hidden_size"), 128
    if getattr(network, "dropout", 0.0) > 0.3:
        return case.of_network("dropout"), 0.1
    if spec.weight_decay > 5 * spec.optimizer.weight_decay:
        return case.at("weight_decay"), spec.optimizer.weight_decay
    if case.is_cut_off or width is None:
        return case.at("epochs"), 2 * spec.epochs
    return case.of_network("hidden_size"), min(_most(network), 2 * width)


def _most(network: Any) -> int:
    """Return the largest hidden size that the network's Spec takes."""
    bounds = type(network).model_fields["hidden_size"].metadata
    return min((int(bound.le) for bound in bounds if hasattr(bound, "le")), default=8192)
