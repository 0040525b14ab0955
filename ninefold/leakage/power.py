"""How well one column alone, and all the others together, tell the target: out of fold.

Scores are ROC areas of one class against the rest, or R² of the target's normal scores: an
outlier or a change of units does not move them.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from ninefold.columns import Array, Column
from ninefold.leakage._scores import (
    FOLDS,
    along_line,
    areas,
    binned,
    normal_scores,
    ridge_out_of_fold,
)

if TYPE_CHECKING:
    from ninefold.leakage.case import Case
    from ninefold.leakage.telling import Telling

ROWS = 20_000
"""Rows looked at; the error of a ROC area is then below .005."""
MIN_ROWS, LEAST_ROWS = 100, 40
LINE, NEARLY_ALL = 0.95, 0.97
"""Squared correlation of normal scores from which a number tells another along a line; and what a
number must tell of another in fewer than MIN_ROWS rows, where all else is left open."""
SURE_Z = 4.0
"""z of a class's ROC area under chance below which it is that of too few rows."""
MIN_CLASS = 12
"""Rows of a class below which nothing is said of what tells it."""
LEARNER_ROWS = 6_000
MAX_BINS = 64
MAX_ONE_HOT = 12
NEIGHBOURS = {"\0before 1": 1, "\0before 2": 2, "\0after 1": -1, "\0after 2": -2}
"""Added columns and how far down they shift the target."""
Aspect = Literal["value", "gap", "atom", "words"]


@dataclass(frozen=True)
class View:
    """One aspect of a column: its values, its gaps, its most frequent value against the rest, or
    what a few of its words say of a class.

    Shapes: `codes` `(N,)` int64 bins from 0; `scores` `(N,)` float64, the same in an order.
    """

    column: str
    aspect: Aspect
    codes: Array
    scores: Array
    atom: str = ""
    """The value, or the words, that it is about."""
    klass: int | None = None
    """The class that words tell; their scores are out of fold."""


@dataclass(frozen=True)
class Alone:
    """What a view alone tells: `score` out of fold, of class `target` against the rest."""

    view: View
    score: float
    klass: int | None


class Power:
    """The power of columns over the target on (a sample of) the rows of a case."""

    def __init__(self, case: "Case") -> None:
        self.whole = case
        self.case = _with_neighbours(case).limited(ROWS)
        rng = np.random.default_rng(case.seed)
        self.fold = rng.permutation(len(self.case)) % FOLDS

    @cached_property
    def is_classification(self) -> bool:
        return self.case.is_classification

    @cached_property
    def y(self) -> Array:
        """Class codes `(N,)`, or the normal scores of the target."""
        return self.case.y if self.is_classification else normal_scores(self.case.y)

    @cached_property
    def classes(self) -> int:
        return int(self.case.y.max()) + 1 if self.is_classification else 0

    @cached_property
    def views(self) -> list[View]:
        """Every aspect of every raw feature that has more than one value."""
        found = [view for name in self.case.inputs for view in self.views_of(name)]
        return [view for view in found if len(np.unique(view.codes)) > 1]

    @cached_property
    def sides(self) -> tuple[list[str], Array]:
        """Columns with flags, gaps or a usual value `(V,)`, and which rows have it `(V, N)`."""
        two = [view for view in self.views if view.aspect != "words"]
        two = [view for view in two if len(np.unique(view.codes)) == 2]
        masks = [view.codes == view.codes.max() for view in two]
        return [v.column for v in two], np.array(masks, np.float32).reshape(-1, len(self.case))

    @cached_property
    def _numbers(self) -> set[str]:
        frame = self.case.frame
        return {name for name in self.case.inputs if frame.column(name).kind == "number"}

    @cached_property
    def telling(self) -> list["Telling"]:
        """The views that tell more of the target than an honest column does."""
        from ninefold.leakage.telling import telling

        if len(self.case) < (MIN_ROWS if self.is_classification else LEAST_ROWS):
            return []
        found = telling(self)
        if len(self.case) >= MIN_ROWS:
            return found
        return [one for one in found if one.view.aspect == "value" and one.alone >= NEARLY_ALL]

    def is_lag(self, name: str) -> bool:
        """Tell whether a number repeats the target of earlier rows: known in time, and tied to it.

        A season's lag may know more of the target than all that came since, and honestly so.
        """
        from ninefold.leakage._series import is_lag

        if self.is_classification:
            return False
        x, y = self.whole.number(name), self.whole.y
        return any(is_lag(some, x[some.index], y[some.index]) for some in self.whole.series)

    def views_of(self, name: str) -> list[View]:
        """Return a column's values, gaps, most frequent value and words, as far as it has any."""
        from ninefold.leakage._words import views_of_words

        case = self.case
        kind = case.frame.column(name).kind
        gap = case.is_missing(name)
        views = []
        codes = case.codes[name]
        if kind in ("category", "text"):
            scores = codes.astype(np.float64)
        else:
            scores = case.number(name)
            codes = binned(scores, int(np.clip(len(case) // 10, 4, MAX_BINS)))
        views.append(View(name, "value", codes, scores))
        if gap.any():
            views.append(View(name, "gap", gap.astype(np.int64), gap.astype(np.float64)))
        counts = np.bincount(case.codes[name][~gap]) if not gap.all() else np.zeros(1)
        top = int(counts.argmax())
        if 0.03 * len(case) <= counts[top] < len(case) - gap.sum() and (counts > 0).sum() > 2:
            mask = (case.codes[name] == top) & ~gap
            atom = f"{case.frame[name][np.argmax(mask)]}"
            views.append(View(name, "atom", mask.astype(np.int64), mask.astype(np.float64), atom))
        return [*views, *views_of_words(self, name)]

    def alone(self, view: View) -> Alone:
        """Return the score of a view, for the class that it tells best."""
        if view.klass is not None:
            return Alone(view, self.score(view.scores, view.klass), view.klass)
        if not self.is_classification:
            return Alone(view, self._of_number(view), None)
        areas = self._areas(view.codes)
        by_chance = (areas - 0.5) / self._area_errors < SURE_Z
        by_chance |= np.bincount(self.case.y, minlength=self.classes) < MIN_CLASS
        areas = np.where(by_chance, np.minimum(areas, 0.5), areas)
        best = int(np.nanargmax(areas))
        return Alone(view, float(areas[best]), best)

    @cached_property
    def _area_errors(self) -> Array:
        """Standard deviation `(K,)` of each class's ROC area under chance, without ties."""
        inside = np.bincount(self.case.y, minlength=self.classes).astype(np.float64)
        n = inside.sum()
        return np.asarray(np.sqrt((n + 1) / (12 * np.maximum(inside * (n - inside), 1))))

    def _of_number(self, view: View) -> float:
        """Return R² of a view's bins; of one with two values, the ROC area of the target for it.

        Bins of few rows blur a line that is nearly exact, so that one is looked for as well.
        """
        from ninefold.leakage.chance import auc

        levels, place = np.unique(view.codes, return_inverse=True)
        if len(levels) != 2:
            is_measure = view.aspect == "value" and view.column in self._numbers
            line = along_line(view.scores, self.y) if is_measure else 0.0
            return max(self._r2(view.codes), line if line >= LINE else 0.0)
        area, z = auc(self.y, place == 1)
        is_chance = abs(z) < SURE_Z or np.bincount(place).min() < MIN_CLASS
        return 0.5 if is_chance else max(area, 1 - area)

    def _cells(self, codes: Array) -> tuple[Array, int]:
        """Return the cell `(N,)` of bin and fold of each row, and the number of cells."""
        values = np.unique(codes, return_inverse=True)[1]
        return values * FOLDS + self.fold, (int(values.max()) + 1) * FOLDS

    def _areas(self, codes: Array) -> Array:
        """Return the ROC area `(K,)` of each class by its share in the bin, out of fold.

        Of two bins nothing but their order is learnt, while out of fold, of equal rows those of the
        class always come last: their own share is left out.
        """
        cell, size = self._cells(codes)
        k = self.classes
        counts = np.bincount(cell * k + self.y, minlength=size * k).reshape(-1, FOLDS, k)
        counts = counts.astype(np.float64)
        if len(counts) == 2:
            whole = counts.sum(1)
            return areas(whole / whole.sum(1, keepdims=True), whole)
        rest = counts.sum(1, keepdims=True) - counts
        prior = counts.sum((0, 1)) / len(self.y)
        share = (rest + prior) / (rest.sum(2, keepdims=True) + 1)
        return areas(share.reshape(-1, k), counts.reshape(-1, k))

    def _r2(self, codes: Array) -> float:
        """Return R² of the bins' means, out of fold."""
        error = ((self.y - self.means(codes, self.y)) ** 2).sum()
        return float(1 - error / max(((self.y - self.y.mean()) ** 2).sum(), 1e-12))

    def means(self, codes: Array, y: Array) -> Array:
        """Return the mean of `y` `(N,)` in each row's bin, out of fold."""
        cell, size = self._cells(codes)
        n = np.bincount(cell, minlength=size).reshape(-1, FOLDS).astype(np.float64)
        s = np.bincount(cell, y, minlength=size).reshape(-1, FOLDS)
        mean = (s.sum(1, keepdims=True) - s + y.mean()) / (n.sum(1, keepdims=True) - n + 1)
        return np.asarray(mean.ravel()[cell])

    def derived_from(self, names: set[str]) -> set[str]:
        """Return these columns and those that featurize derived from them."""
        derived = [column.name for column in self.case.frame.having("derived")]
        return names | {d for d in derived if any(d.startswith(f"{n}_") for n in names)}

    def matrix(self, leaving: set[str]) -> Array:
        """Return the other features `(N, F)` as numbers: normal scores, one column a level."""
        blocks = [np.ones((len(self.case), 1))]
        for name in self.case.features:
            if name not in self.derived_from(leaving):
                blocks += self.encoded[name]
        return np.hstack(blocks)

    @cached_property
    def neighbours(self) -> Array:
        """The target of the rows before and after each `(N, 4)`, in the order of time."""
        if self.is_classification:
            codes = [self.case.frame[name] for name in NEIGHBOURS]
            return np.column_stack(codes) / max(self.classes, 1)
        return np.column_stack([normal_scores(self.case.frame[name]) for name in NEIGHBOURS])

    @cached_property
    def encoded(self) -> dict[str, list[Array]]:
        """Every feature as a block `(N, f)` of numbers."""
        return {name: self._encode(name) for name in self.case.features}

    def _encode(self, name: str) -> list[Array]:
        case = self.case
        kind = case.frame.column(name).kind
        gap = case.is_missing(name)
        blocks = [gap.astype(np.float64)[:, None]] if gap.any() else []
        if kind in ("category", "text"):
            codes = case.codes[name]
            top = np.argsort(-np.bincount(codes), kind="stable")[:MAX_ONE_HOT]
            return [*blocks, (codes[:, None] == top).astype(np.float64)]
        scores = normal_scores(case.number(name))
        return [*blocks, np.column_stack([scores, scores**2 - 1, np.abs(scores)])]

    def together(self, leaving: set[str], klass: int | None) -> float:
        """Return the score of all features but those, out of fold: the better of two learners."""
        said = self._forecasts(leaving, klass)
        if not said:
            return 0.5 if klass is not None else 0.0
        return max(self.score(predicted, klass) for predicted in said)

    def forecast(self, leaving: set[str], klass: int | None) -> Array:
        """Return what the better learner says `(N,)` out of fold, from all features but those."""
        said = self._forecasts(leaving, klass)
        if not said:
            return np.full(len(self.case), self.goal(klass).mean())
        return max(said, key=lambda predicted: self.score(predicted, klass))

    def _forecasts(self, leaving: set[str], klass: int | None) -> list[Array]:
        """Return what each learner says `(N,)` out of fold; nothing where no feature is left."""
        x, y = self.matrix(leaving), self.goal(klass)
        if x.shape[1] == 1:
            return []
        return [ridge_out_of_fold(x, y, self.fold), self._trees(leaving, y)]

    def goal(self, klass: int | None) -> Array:
        """Return the number to be told `(N,)`: whether a row is of a class, or the target."""
        return self.y if klass is None else (self.case.y == klass).astype(np.float64)

    def score(self, predicted: Array, klass: int | None) -> float:
        """Return the score of predictions `(N,)`."""
        from ninefold.leakage.chance import auc

        if klass is not None:
            return auc(predicted, self.case.y == klass)[0]
        error = ((self.y - predicted) ** 2).sum() / ((self.y - self.y.mean()) ** 2).sum()
        return float(1 - error)

    def _trees(self, leaving: set[str], y: Array) -> Array:
        from sklearn.ensemble import HistGradientBoostingRegressor

        left = self.derived_from(leaving)
        names = [n for n in self.case.features if n not in left]
        x = np.column_stack([self._plain(n) for n in names])
        predicted = np.zeros(len(y))
        for number in range(3):
            test = self.fold3 == number
            train = np.flatnonzero(~test)
            if len(train) > LEARNER_ROWS:
                train = np.random.default_rng(number).choice(train, LEARNER_ROWS, replace=False)
            model = HistGradientBoostingRegressor(
                max_iter=40, learning_rate=0.15, max_leaf_nodes=15, min_samples_leaf=10,
                early_stopping=False, random_state=0,
            )  # fmt: skip
            predicted[test] = model.fit(x[train], y[train]).predict(x[test])
        return predicted

    def _plain(self, name: str) -> Array:
        """Return a column as finite numbers `(N,)`, missing ones below all others."""
        values = self.case.number(name)
        known = np.isfinite(values)
        least = values[known].min() - 1 if known.any() else 0.0
        return np.where(known, values, least)

    @cached_property
    def fold3(self) -> Array:
        return np.random.default_rng(self.case.seed).permutation(len(self.case)) % 3


def _with_neighbours(case: "Case") -> "Case":
    """Return the case with the target of the rows around each, which no model learns from."""
    frame, order = case.frame, case.order
    for name, shift in NEIGHBOURS.items():
        values = np.empty(len(case))
        values[order] = np.roll(case.y[order], shift)
        frame = frame.with_column(Column(name, "number"), values)
    return replace(case, frame=frame)
