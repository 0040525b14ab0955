"""Learning too little: what the network leaves, a few trees can still find."""

from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.diagnosis._left_out import looked_at
from ninefold.diagnosis.case import Case, Finding, Scored, Symptom

FEWEST, FEWEST_VALID = 100, 50
LEFT = 0.05
"""Share of what the network leaves on valid that trees must explain."""
SURE, SURE_HELD, HELD = 3.0, 2.0, 0.5
"""Standard errors; the latter where much dropout, or what else holds learning back, was set."""
NOTHING, DONE = 0.05, 0.05
"""Share of the loss of a constant, by which one must be lower to count as having learnt, and below
which what is left is next to nothing."""
MOST = 4
"""Classes, those with the largest errors, that trees are grown for."""
WIDEST = 300
"""Features that trees are grown on, those that vary most."""
TREES: dict[str, Any] = {"max_iter": 40, "max_leaf_nodes": 8, "min_samples_leaf": 30,
         "learning_rate": 0.07, "l2_regularization": 5.0, "early_stopping": False,
         "random_state": 0}  # fmt: skip
"""Small trees, held back: what little is left in errors drowns in what large ones make up."""


class Underfitting(Symptom):
    """Trees fitted to the network's errors on train explain its errors on valid."""

    kinds = ("fit.underfitting",)
    of_rows = False
    follows = ("learning_rate", "inputs", "gradients", "units", "batch", "epochs",
               "data.label_noise")  # fmt: skip

    def look(self, case: Case) -> Finding | None:
        too_few = len(case.train.y) < FEWEST or len(case.valid.y) < FEWEST_VALID
        if too_few or not case.train.X.shape[1]:
            return _of_held(case)
        if _has_learnt_nothing(case):
            return _of_nothing(case)
        if float(case.valid.losses.mean()) < DONE * _of_constant(case):
            return None
        left, errors = _explained(case)
        if left < LEFT or errors < (SURE_HELD if _is_held(case) else SURE):
            return _of_held(case)
        bars = [
            ["left by the network", 1.0, "100 %"],
            ["found by trees in it", left, f"{left:.0%}"],
        ]
        return _finding(
            case,
            f"Gradient boosting fitted to the network's errors on train explains {left:.0%} of "
            f"their variance on valid ({errors:.1f} standard errors from 0): there is more to "
            "learn than the network has learnt.",
            {"explained": left, "standard_errors": errors},
            {"kind": "bars", "title": "Variance of the errors on valid", "rows": bars},
        )


def _finding(
    case: Case, message: str, evidence: dict[str, float], picture: dict[str, Any]
) -> Finding:
    path, value = _more(case)
    return Finding(
        "fit.underfitting",
        message,
        f"Set {'.'.join(path)} to {value}.",
        {**evidence, "best_epoch": case.facts["best_epoch"]},
        picture,
        ((path, value),),
    )


def _has_learnt_nothing(case: Case) -> bool:
    """Tell whether a network that reads tensors says of valid rows hardly more than how common each
    class, or what the mean, is; of tables, trees tell whether there is anything to learn.
    """
    if not case.reads_tensors:
        return False
    return float(case.valid.losses.mean()) > (1.0 - NOTHING) * _of_constant(case)


def _of_constant(case: Case) -> float:
    """Return the loss on valid of saying what is usual on train."""
    train, valid = case.train.y, case.valid.y
    if not case.is_classification:
        return float(np.square(valid - train.mean()).mean())
    shares = np.bincount(train, minlength=case.train.scores.shape[1]) + 1.0
    shares /= shares.sum()
    return float(-np.log(shares[valid]).mean())


def _of_nothing(case: Case) -> Finding:
    own, constant = float(case.valid.losses.mean()), _of_constant(case)
    return _finding(
        case,
        f"The network's loss on valid is {own:.3g}, that of saying what is usual {constant:.3g}: "
        "it has learnt nothing.",
        {"loss": own, "of_constant": constant},
        case.loss_picture("The loss stays where it began"),
    )


def _of_held(case: Case) -> Finding | None:
    """Say where settings hold learning back so much that trees grown without a row come closer to
    it than the network, which has seen most of them.
    """
    rows = case.left_out if _is_held(case) and not case.reads_tensors else None
    if rows is None:
        return None
    scores = np.concatenate([case.train.scores, case.valid.scores])
    own = Scored(rows.X, rows.y, scores[looked_at(len(scores))])
    of_network, of_trees = (np.square(_errors(part)).sum(axis=1) for part in (own, rows))
    gains, mean = of_network - of_trees, float(of_network.mean())
    share = float(gains.mean()) / mean if mean > 0 else 0.0
    if share < LEFT or float(gains.mean()) < SURE * case.train.error_of_mean(gains):
        return None
    bars = [
        ["the network, which saw most", 1.0, f"{mean:.3g}"],
        ["trees grown without the row", 1.0 - share, f"{of_trees.mean():.3g}"],
    ]
    return _finding(
        case,
        f"Trees that were grown without a row have {share:.0%} less squared error than the "
        "network, which has seen most of them: what it is held back by leaves it with too little.",
        {"less": share, "error": mean},
        {"kind": "bars", "title": "Squared error of train and valid rows", "rows": bars},
    )


def _explained(case: Case) -> tuple[float, float]:
    """Return the share of the errors' variance on valid, and how many standard errors it is."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    on_train, on_valid = _errors(case.train), _errors(case.valid)
    columns = np.sort(np.argsort(-case.train.X.var(axis=0), kind="stable")[:WIDEST])
    seen, unseen = case.train.X[:, columns], case.valid.X[:, columns]
    gains, total = np.zeros(len(on_valid)), 0.0
    for worst in np.argsort(-on_train.var(axis=0), kind="stable")[:MOST]:
        model = HistGradientBoostingRegressor(**TREES)
        model.fit(seen, on_train[:, worst])
        actual = on_valid[:, worst]
        gains += actual**2 - (actual - model.predict(unseen)) ** 2
        total += float(np.square(actual).mean())
    spread = case.valid.error_of_mean(gains)
    if total <= 0 or spread <= 0:
        return 0.0, 0.0
    return float(gains.mean() / total), float(gains.mean() / spread)


def _errors(rows: Scored) -> Array:
    """Return what is left of each class (one of two tells both) or of the value, `(N, K)`."""
    if rows.scores.shape[1] == 1:
        return np.asarray(rows.y - rows.scores[:, 0], dtype=np.float64)[:, None]
    hits = rows.y[:, None] == np.arange(rows.scores.shape[1])
    errors = np.asarray(hits - np.exp(rows.scores.astype(np.float64)))
    return errors[:, :1] if errors.shape[1] == 2 else errors


def _is_held(case: Case) -> bool:
    """Tell whether settings hold learning back: much dropout, or a price of large weights."""
    return case.priced is not None or getattr(case.network, "dropout", 0.0) >= HELD


def _more(case: Case) -> tuple[tuple[str, ...], Any]:
    """Return the change that gives the network more room, the likeliest first."""
    spec, network = case.spec, case.network
    layers, width = getattr(network, "num_layers", None), getattr(network, "hidden_size", None)
    if case.priced is not None:
        return case.priced
    if getattr(network, "dropout", 0.0) >= HELD:
        return case.of_network("dropout"), 0.1
    if layers == 0:
        return case.of_network("num_layers"), 2
    if width is not None and width < 32:
        return case.of_network("hidden_size"), 128
    if getattr(network, "dropout", 0.0) > 0.3:
        return case.of_network("dropout"), 0.1
    filters = getattr(network, "filters", ())
    if isinstance(filters, tuple) and filters and max(filters) < 8:
        return case.of_network("filters"), [32, 64, 128]
    if case.is_cut_off or width is None:
        return case.at("epochs"), 2 * spec.epochs
    return case.of_network("hidden_size"), min(_most(network), 2 * width)


def _most(network: Any) -> int:
    """Return the largest hidden size that the network's Spec takes."""
    bounds = type(network).model_fields["hidden_size"].metadata
    return min((int(bound.le) for bound in bounds if hasattr(bound, "le")), default=8192)
