"""How much a leak flatters: the test score of a quick learner with and without it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Finding

MAX_ROWS = 20_000
MAX_CELLS = 1_500_000
"""Rows × features × classes that are learned from at most."""
MAX_CLASSES = 20
MAX_FITS = 5
MIN_TEST = 30
RESAMPLES = 200
Inflation = Mapping[str, Any]


def inflations(case: Case, findings: Sequence[Finding]) -> list[Inflation | None]:
    """Return, for each finding that stops or warns, what the leak adds to the test score.

    Columns: a learner of the features without any suspect column, against one that also has the
    finding's. Rows: the first learner on all test rows, against the test rows not concerned. With
    95 % intervals from resampled test rows; `skipped` says why there is no number.
    """
    loud = [item for item in findings if item.severity != "info"]
    if not loud:
        return [None] * len(findings)
    why = _why_not(case)
    learner = None if why else _Quick(case, _suspects(case, loud))
    found: list[Inflation | None] = []
    for item in findings:
        if item.severity == "info":
            found.append(None)
        elif learner is None:
            found.append({"skipped": why})
        else:
            found.append(learner.of(item))
    return found


def _why_not(case: Case) -> str:
    if not case.problem.learns_target:
        return "no target is learnt"
    if case.test.sum() < MIN_TEST or case.train.sum() < MIN_TEST:
        return f"fewer than {MIN_TEST} train or test rows"
    if case.is_classification and len(np.unique(case.y)) > MAX_CLASSES:
        return f"more than {MAX_CLASSES} classes"
    if case.is_classification and len(np.unique(case.y[case.train])) < 2:
        return "one class among the train rows"
    return ""


def _suspects(case: Case, loud: Sequence[Finding]) -> set[str]:
    """Return the features that findings name as leaking themselves."""
    names = {name for item in loud if not _is_about_rows(item) for name in item.columns}
    return names & set(case.features)


def _is_about_rows(item: Finding) -> bool:
    """Tell whether a finding is about rows in the wrong part rather than about a column."""
    family = item.kind.partition(".")[0]
    return bool(item.rows) and family not in ("target", "missing", "id")


class _Quick:
    """A quick learner, fitted anew for each set of features, at most `MAX_FITS` times."""

    def __init__(self, case: Case, suspects: set[str]) -> None:
        rng = np.random.default_rng(case.seed)
        classes = len(np.unique(case.y)) if case.is_classification else 1
        cost = max(len(case.features), 1) * (classes if classes > 2 else 1)
        most = int(np.clip(MAX_CELLS // cost, 1000, MAX_ROWS))
        self.case, self.suspects = case, suspects
        self.rows = _some(np.flatnonzero(case.train), most, rng)
        self.tested = _some(np.flatnonzero(case.test), MAX_ROWS, rng)
        self.draws = [rng.integers(0, len(self.tested), len(self.tested)) for _ in range(RESAMPLES)]
        self.is_binary = classes == 2
        self.fits = 0
        self.honest = self._predicted(self._names(set()))

    def of(self, item: Finding) -> Inflation:
        """Return the inflation of one finding."""
        everything = np.ones(len(self.tested), dtype=bool)
        if _is_about_rows(item):
            clean = ~np.isin(self.case.frame.row[self.tested], np.array(item.rows))
            if self.honest is None:
                return {"skipped": "no other feature to learn from"}
            if clean.sum() < MIN_TEST:
                return {"skipped": f"fewer than {MIN_TEST} test rows are not concerned"}
            return self._compared(self.honest, everything, self.honest, clean)
        named = set(item.columns) & set(self.case.features)
        if not named:
            return {"skipped": "the column is no feature"}
        if self.fits >= MAX_FITS:
            return {"skipped": f"measured for the first {MAX_FITS - 1} columns only"}
        return self._compared(
            self._predicted(self._names(named)), everything, self.honest, everything
        )

    def _names(self, added: set[str]) -> list[str]:
        """Return the features that are beyond suspicion, and those added."""
        left = self.case.power.derived_from(self.suspects) - self.case.power.derived_from(added)
        return [name for name in self.case.features if name not in left]

    def _predicted(self, names: list[str]) -> Array | None:
        """Return predictions of the tested rows: of the second class, the class, or the number."""
        if not names:
            return None
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        self.fits += 1
        is_class = self.case.is_classification
        kind = HistGradientBoostingClassifier if is_class else HistGradientBoostingRegressor
        model = kind(max_iter=50, learning_rate=0.15, early_stopping=False, random_state=0)
        x = np.column_stack([_plain(self.case, name) for name in names])
        model.fit(x[self.rows], self.case.y[self.rows])
        if self.is_binary:
            return np.asarray(model.predict_proba(x[self.tested])[:, -1])
        return np.asarray(model.predict(x[self.tested]))

    def _compared(
        self, first: Array | None, among: Array, second: Array | None, clean: Array
    ) -> Inflation:
        metric = "r2"
        if self.case.is_classification:
            metric = "roc_auc" if self.is_binary else "accuracy"
        with_leak, its_interval = self._scored(first, among)
        without, interval = self._scored(second, clean)
        return {
            "metric": metric,
            "with": with_leak,
            "without": without,
            "with_interval": its_interval,
            "without_interval": interval,
            "test_rows": int(among.sum()),
        }

    def _scored(self, predicted: Array | None, among: Array) -> tuple[float, list[float]]:
        y = self.case.y[self.tested]
        if predicted is None:
            base = 0.0
            if self.case.is_classification:
                base = 0.5 if self.is_binary else float(np.bincount(y[among]).max() / among.sum())
            return round(base, 4), [round(base, 4)] * 2
        draws = [draw[among[draw]] for draw in self.draws]
        scores = [self._score(y[rows], predicted[rows]) for rows in draws if len(rows)]
        low, high = np.quantile(scores, [0.025, 0.975])
        score = self._score(y[among], predicted[among])
        return round(score, 4), [round(float(low), 4), round(float(high), 4)]

    def _score(self, y: Array, predicted: Array) -> float:
        from ninefold.leakage.chance import auc

        if self.is_binary:
            return auc(predicted, y == y.max())[0]
        if self.case.is_classification:
            return float((y == predicted).mean())
        spread = ((y - y.mean()) ** 2).sum()
        return float(1 - ((y - predicted) ** 2).sum() / spread) if spread > 0 else 0.0


def _some(rows: Array, most: int, rng: np.random.Generator) -> Array:
    return np.sort(rng.choice(rows, most, replace=False)) if len(rows) > most else rows


def _plain(case: Case, name: str) -> Array:
    """Return a column as finite numbers `(N,)`, missing ones below all others."""
    values = case.number(name)
    known = np.isfinite(values)
    least = values[known].min() - 1 if known.any() else 0.0
    return np.where(known, values, least)
