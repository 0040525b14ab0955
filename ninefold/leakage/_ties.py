"""How tightly a key ties rows together: the intraclass correlation of the target, and its null."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case

MAX_ROWS = 2000
"""Rows on which a key is judged: whole entities, so that what ties their rows is not thinned."""
MOST_ROWS = 50
"""Rows of a value beyond which it names no entity: the zeros of an amount."""
MAX_CLASSES = 3
SURE = 4.0
"""z of the agreement of neighbours' targets from which it is none of chance."""
FOLDS = 2
SMOOTH = 0.5
"""Variance between neighbouring values over that between all, below which a number measures: it is
1.5 for names, and below 0.5 for one in a hundred sets of 15."""

ACROSS, ERRORS = 0.5, 2.0
"""Least agreement of rows of a key across the parts, in shares of that of all, and in errors."""


@dataclass(frozen=True)
class Tie:
    """What a key explains of the target that the features do not."""

    raw: float
    """Intraclass correlation of the target."""
    left: float
    """The same of what a model of the features leaves, for entities it has not seen."""
    chance: float
    """The largest `left` among shuffles of the key that keep the sizes of its groups."""
    rows: int
    gained: float = 1.0
    """What knowing the entity adds to R² of the features: `left`, in shares of the whole target."""
    tells_test: bool = True
    """Whether the rows of a key agree across the parts as they do inside: other entities that
    happen to have the same values do not."""


def numbers_of_target(case: Case) -> Array:
    """Return the target as `(N, C)`: ranks, or indicators of the commonest classes."""
    if not case.is_classification:
        from scipy.stats import rankdata

        return np.asarray(rankdata(case.y)[:, None] / len(case))
    order = np.argsort(-np.bincount(case.y), kind="stable")
    classes = order[: 1 if len(order) == 2 else MAX_CLASSES]
    return np.asarray(case.y[:, None] == classes[None, :], dtype=np.float64)


def agreement(case: Case, first: Array, second: Array) -> float:
    """Return how the targets of pairs of rows `(P,)` go together (below 0: against each other), as
    z under chance.
    """
    y = numbers_of_target(case)
    y = y - y.mean(axis=0)
    product = float((y[first] * y[second]).sum()) / max(float(y.var(axis=0).sum()), 1e-12)
    return product / float(np.sqrt(max(len(first), 1)))


def intraclass(values: Array, key: Array) -> float:
    """Return the intraclass correlation (one-way ANOVA) of `values` `(N, C)` within `key` `(N,)`.

    Columns are weighted by their variance; 0 where nothing varies or no key repeats.
    """
    size = np.bincount(key)
    groups, n = int((size > 0).sum()), len(key)
    if groups < 2 or n <= groups:
        return 0.0
    typical = (n - (size.astype(np.float64) ** 2).sum() / n) / (groups - 1)
    centred = values - values.mean(axis=0)
    between = within = 0.0
    for column in centred.T:
        mean = np.bincount(key, column) / np.maximum(size, 1)
        sum_between = float((size * mean**2).sum())
        between += sum_between / (groups - 1)
        within += (float((column**2).sum()) - sum_between) / (n - groups)
    total = between + (typical - 1) * within
    return float((between - within) / total) if total > 0 else 0.0


def agreement_across(values: Array, key: Array, test: Array) -> tuple[float, float]:
    """Return how `values` `(N, C)` of `test` rows go with those of others of their key, its error.

    The mean product of such a pair over the variance: as `intraclass`, but across the parts.
    """
    count = np.bincount(key[test], minlength=key.max() + 1).astype(np.float64)
    other = np.bincount(key[~test], minlength=key.max() + 1)
    pairs = float((count * other).sum())
    total = float(values.var(axis=0).sum())
    if pairs == 0 or total == 0:
        return 0.0, np.inf
    product = 0.0
    for column in (values - values.mean(axis=0)).T:
        mine, theirs = (
            np.bincount(key[part], column[part], minlength=len(count)) for part in (test, ~test)
        )
        product += float((mine * theirs).sum())
    return product / pairs / total, float(1 / np.sqrt(((count > 0) & (other > 0)).sum()))


def null_spread(key: Array) -> float:
    """Return about the standard deviation of `intraclass` under shuffles of the key."""
    size = np.bincount(key)
    size = size[size > 0].astype(np.float64)
    pairs = float((size * (size - 1)).sum())
    return float(np.sqrt(2 / max(pairs, 1.0)))


def measures(values: Array, y: Array) -> bool:
    """Tell whether numbers `(N,)` measure something: neighbouring ones have a like target.

    `y` is `(N, C)`. The number of a patient or a household says nothing of the next.
    """
    known = np.isfinite(values)
    levels, code = np.unique(values[known], return_inverse=True)
    size = np.bincount(code)
    if len(levels) < 5:
        return True
    steps = spread = 0.0
    for column in y[known].T:
        mean = np.bincount(code, column) / size
        around = (mean[:-2] + mean[2:]) / 2
        steps += float(((mean[1:-1] - around) ** 2).mean())
        spread += float(mean.var())
    return spread == 0 or steps / spread < SMOOTH


def whole_entities(key: Array, seed: int) -> Array:
    """Return positions `(n,)` of rows of repeated keys: whole entities, about `MAX_ROWS` rows."""
    size = np.bincount(key)
    kept = np.flatnonzero((size[key] > 1) & (size[key] <= MOST_ROWS))
    if len(kept) <= MAX_ROWS:
        return kept
    turn = np.random.default_rng(seed).permutation(len(size))
    order = kept[np.argsort(turn[key[kept]], kind="stable")]
    return np.sort(order[:MAX_ROWS])


def tie(case: Case, key: Array, names: tuple[str, ...]) -> Tie:
    """Judge a key `(N,)` of codes that the columns `names` make.

    The model learns from all numbers, those of the key among them, and from categories other than
    the key, each time without the entities that it predicts: what a smooth relation explains (age,
    price, year) is explained, what only the name of the entity tells is left.
    """
    rows = whole_entities(key, case.seed)
    y = numbers_of_target(case)[rows]
    codes = np.unique(key[rows], return_inverse=True)[1]
    features = _features(case, rows, names)
    rest = y - _predicted(features, y, codes, case.seed)
    rng = np.random.default_rng(case.seed)
    chance = max(intraclass(rest, rng.permutation(codes)) for _ in range(5))
    left = intraclass(rest, codes)
    across, error = agreement_across(rest, codes, case.test[rows])
    tells = not np.isfinite(error) or across >= max(ACROSS * left, ERRORS * error)
    open_still = float(rest.var(axis=0).sum() / max(y.var(axis=0).sum(), 1e-12))
    return Tie(intraclass(y, codes), left, chance, len(rows), left * min(1.0, open_still), tells)


def _features(case: Case, rows: Array, names: tuple[str, ...]) -> Array:
    columns = []
    for name in case.inputs:
        is_level = case.frame.column(name).kind in ("category", "text")
        if is_level and (name in names or case.codes[name].max() > 200):
            continue
        values = case.number(name)[rows]
        values = np.where(np.isfinite(values), values, np.nan)
        if len(np.unique(values[~np.isnan(values)][:1000])) > 1:
            columns.append(values)
    return np.column_stack(columns) if columns else np.zeros((len(rows), 1))


def _predicted(features: Array, y: Array, codes: Array, seed: int) -> Array:
    """Return predictions `(n, C)` of rows whose entity the model has not seen."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    fold = np.random.default_rng(seed).permutation(np.arange(codes.max() + 1) % FOLDS)[codes]
    predicted = np.empty_like(y)
    for number in range(FOLDS):
        train, test = fold != number, fold == number
        seen = np.isfinite(features[train]).any(axis=0)
        if not seen.any():
            predicted[test] = y[train].mean(axis=0)
            continue
        known = features[:, seen]
        for at in range(y.shape[1]):
            model = HistGradientBoostingRegressor(
                max_iter=25, learning_rate=0.2, max_leaf_nodes=12, min_samples_leaf=10,
                early_stopping=False, random_state=seed,
            )  # fmt: skip
            model.fit(known[train], y[train, at])
            predicted[test, at] = model.predict(known[test])
    return predicted
