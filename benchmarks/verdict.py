"""Claims: where deep learning cannot help, at most 5 % of the verdicts say that it is needed; where
it does, at least 70 % say so, in the settings below.

Two kinds of trials, both with the code that a run uses:

- learners: two ridge regressions see different halves of 20 equally useful columns, so neither is
  better; or the first sees six columns more, which is worth 13 % of the error. 1,000 rows: 650 in
  5 folds, 150 aside, 200 to test on.
  `ninefold.verdict` decides; a plain paired t-test on the folds stands beside it.
- pipeline: split, folds, network (one hidden layer of 32), dummy, linear model and gradient
  boosting, evaluation, verdict. Tables of 600 rows and 6 columns: pure noise, a linear outcome, and
  three products of columns.

`python benchmarks/verdict.py` prints shares with the standard error of each.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context

import numpy as np

from ninefold.baselines import BaselinesSpec
from ninefold.baselines.comparing import compare
from ninefold.columns import Array, Column, Frame
from ninefold.crossvalidation import CrossvalidateSpec
from ninefold.crossvalidation.comparing import crossvalidate
from ninefold.crossvalidation.contest import Settings
from ninefold.evaluation import EvaluateSpec
from ninefold.evaluation.evaluate import evaluate
from ninefold.evaluation.metrics import metric
from ninefold.evaluation.part import Part
from ninefold.preprocessing import PreprocessSpec
from ninefold.problem import ProblemSpec
from ninefold.sampling import NoSamplingSpec
from ninefold.splitting import Folds, split
from ninefold.splitting.random import RandomSplitSpec
from ninefold.training import TrainSpec, fit
from ninefold.verdict import NEEDED, Measured, Refitted, verdict

MOST_FALSE, LEAST_POWER = 0.05, 0.70
BOOTSTRAP = 300
NETWORK = TrainSpec.model_validate(
    {
        "epochs": 40,
        "batch_size": 32,
        "network": {"kind": "mlp", "hidden_size": 32, "num_layers": 1, "ensemble_size": 2},
    }
)
BASELINES = BaselinesSpec.model_validate(
    {
        "models": [
            {"kind": "dummy"},
            {"kind": "linear"},
            {"kind": "hist_gradient_boosting", "max_iter": 60},
        ]
    }
)


def learners(more: int, seed: int) -> tuple[str, bool]:
    """Return the verdict on two ridge regressions, and whether a plain t-test favours the first.

    `more`: columns that only the first sees; 0 makes them equal.
    """
    from scipy.stats import ttest_1samp

    random = np.random.default_rng(seed)
    X = random.normal(size=(1000, 26))
    y = X[:, : 20 + more].sum(axis=1) * 0.3 + random.normal(size=1000)
    first, second = [*range(10), *range(20, 20 + more)], list(range(10, 20))
    train, test = np.arange(650), np.arange(800, 1000)
    folds = Folds(train, random.permutation(650) % 5, "partition")
    gains = np.array([
        _rmse(X, y, fold_fit, new, second) - _rmse(X, y, fold_fit, new, first)
        for fold_fit, new in folds.pairs()
    ])  # fmt: skip
    predictions = [_predict(X, y, train, test, columns) for columns in (first, second)]
    rmse = [metric("rmse").prepare(y[test], p) for p in predictions]
    weights = [np.bincount(random.integers(0, 200, 200), minlength=200) for _ in range(BOOTSTRAP)]
    draws = [np.array([statistic(w.astype(float)) for w in weights]) for statistic in rmse]
    values = [statistic(np.ones(200)) for statistic in rmse]
    measured = Measured((values[0], values[1]), (draws[0], draws[1]), 200, 200)
    found = verdict(metric("rmse"), "second", measured, Refitted(gains, 520, 130), 0.95)
    plain = ttest_1samp(gains, 0.0, alternative="greater").pvalue < 0.05
    return str(found["answer"]), bool(plain)


def _predict(X: Array, y: Array, fit_rows: Array, new: Array, columns: list[int]) -> Array:
    from sklearn.linear_model import Ridge

    model = Ridge().fit(X[fit_rows][:, columns], y[fit_rows])
    return np.asarray(model.predict(X[new][:, columns]))


def _rmse(X: Array, y: Array, fit_rows: Array, new: Array, columns: list[int]) -> float:
    return metric("rmse").compute(y[new], _predict(X, y, fit_rows, new, columns))


def noise(X: Array, random: np.random.Generator) -> Array:
    """Return an outcome that no column tells."""
    return np.asarray(random.normal(size=len(X)))


def line(X: Array, random: np.random.Generator) -> Array:
    """Return an outcome that the linear model describes fully."""
    slopes = np.array([1.0, -0.8, 0.6, 0.4, 0.2, 0.0])
    return np.asarray(X @ slopes + random.normal(size=len(X)))


def products(X: Array, random: np.random.Generator) -> Array:
    """Return a sum of three products: no column tells anything alone."""
    total = (X[:, ::2] * X[:, 1::2]).sum(axis=1)
    return np.asarray(total + 0.5 * random.normal(size=len(X)))


def pipeline(outcome: Callable[[Array, np.random.Generator], Array], seed: int) -> str:
    """Return the verdict of a whole run on a fresh table."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(600, 6))
    data = {f"x{i}": X[:, i] for i in range(6)} | {"y": outcome(X, random)}
    columns = [Column(f"x{i}", "number", frozenset({"input"})) for i in range(6)]
    columns.append(Column("y", "number", frozenset({"target"})))
    frame = Frame(tuple(columns), data, np.arange(600))
    problem = ProblemSpec(target="y", task="regression")
    parts = split(frame, problem, RandomSplitSpec(seed=seed))
    train, valid, test = (frame.take(parts.index(name)) for name in ("train", "valid", "test"))
    sampling, preprocess = NoSamplingSpec(), PreprocessSpec()
    settings = Settings(problem, sampling, preprocess, NETWORK, BASELINES)
    folds = Folds.of(train.row, parts.plan)
    report = crossvalidate(train, valid, folds, settings, CrossvalidateSpec(curve=False)).report
    model = fit(train, valid, problem, sampling, preprocess, NETWORK)
    simple = compare(train, valid, problem, sampling, preprocess, BASELINES)

    def part(rows: Frame) -> Part:
        ready = simple.prepared.preprocessing.transform(rows)
        baselines = {
            name: simple.heads[name].predict(fitted.scores(*ready))
            for name, fitted in simple.fitted.items()
        }
        scores = model.scores(rows)
        return Part(rows, rows["y"], scores, model.head.predict(scores), baselines)

    spec = EvaluateSpec(bootstrap=BOOTSTRAP, slices=())
    found = evaluate(part(valid), part(test), model.head, problem, spec, folds=report)
    return str(found["verdict"]["answer"])


OUTCOMES = {"noise": noise, "line": line, "products": products}
HELPS = "products"


def main() -> int:
    """Print the shares; 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learners", type=int, default=1000, help="trials of each setting")
    parser.add_argument("--pipelines", type=int, default=50, help="trials of each setting")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    missed, started = 0, time.time()
    with get_context("spawn").Pool(given.processes) as pool:
        for more in (0, 6):
            seeds = range(given.learners)
            found = pool.map(partial(learners, more), seeds, chunksize=10)
            plain = f"plain t-test on the folds: {np.mean([p for _, p in found]):.1%}"
            missed += _report(f"learners, {more} columns more", [a for a, _ in found], more > 0,
                              plain)  # fmt: skip
        for name, outcome in OUTCOMES.items():
            seeds = range(given.pipelines)
            answers = pool.map(partial(pipeline, outcome), seeds, chunksize=1)
            missed += _report(f"pipeline, {name}", answers, name == HELPS)
    print(f"{time.time() - started:.0f} s")
    return int(missed > 0)


def _report(title: str, answers: list[str], helps: bool, note: str = "") -> int:
    """Print how often each answer was given; return 1 if the claim does not hold."""
    share = float(np.mean([answer == NEEDED for answer in answers]))
    error = (share * (1 - share) / len(answers)) ** 0.5
    claim = f"at least {LEAST_POWER:.0%}" if helps else f"at most {MOST_FALSE:.0%}"
    holds = share >= LEAST_POWER if helps else share <= MOST_FALSE
    others = ", ".join(
        f"{name} {answers.count(name) / len(answers):.0%}"
        for name in ("not needed", "inconclusive")
    )
    said = f"{claim}: {'holds' if holds else 'MISSED'}"
    print(f"{title:<26} needed {share:6.1%} +- {error:.1%} ({said}), {others}", note, flush=True)
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
