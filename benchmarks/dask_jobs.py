"""What a local Dask cluster saves and costs: rows scored and folds played on 1, 2, … workers.

Workers have one thread each. "Here" is this process with one thread and no cluster. A cluster has
done a small job of the kind before it is timed, so that imports do not count. Prints seconds, the
speed-up beside one worker, and what a task costs beside the same work here (with one worker:
scheduler, serialisation and the way there and back). On a machine with fewer cores than workers
plus one nothing can be saved.

    python -m benchmarks.dask_jobs [WORKERS …] [--rows N] [--fit-rows N]
"""

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import distributed
import numpy as np

from ninefold.baselines import BaselinesSpec
from ninefold.crossvalidation import CrossvalidateSpec
from ninefold.crossvalidation.comparing import crossvalidate
from ninefold.crossvalidation.contest import Settings
from ninefold.preprocessing import PreprocessSpec
from ninefold.sampling import NoSamplingSpec
from ninefold.scoring import scorer
from ninefold.scoring.job import JobSpec, score_files
from ninefold.splitting import Folds
from ninefold.training import TrainSpec
from tests.serving.models import build, table
from tests.test_scoring import written
from tests.training.samples import parts, problem

FOLDS = 6
DRAWN = 5_000
"""Rows that are different; the table repeats them."""


def scoring(folder: Path, rows: int) -> tuple[int, Callable[[int, str | None], None]]:
    """Return how many tasks `rows` rows are, and what scores a share of them at an address."""
    model = build(folder / "model.onnx")
    one: Path = written(table(DRAWN, 1), folder / "some.csv")
    head, _, body = one.read_text().partition("\n")
    many = folder / "rows.csv"
    many.write_text(f"{head}\n{body * (rows // DRAWN)}")

    def run(part: int, address: str | None) -> None:
        out = folder / "out.parquet"
        out.unlink(missing_ok=True)
        score_files(model, [one if part else many], out, JobSpec(scheduler=address))

    return -(-rows // scorer.READ_ROWS), run


def folds(rows: int) -> tuple[int, Callable[[int, str | None], None]]:
    """Return how many tasks the folds are, and what plays them at an address."""
    settings = Settings(
        problem("binary"), NoSamplingSpec(), PreprocessSpec(), TrainSpec(epochs=5), BaselinesSpec()
    )

    def run(part: int, address: str | None) -> None:
        train, valid = parts("binary", 300 if part else rows, 200)
        places = Folds(train.row, np.arange(len(train)) % FOLDS, "partition")
        spec = CrossvalidateSpec(curve=False, scheduler=address)
        crossvalidate(train, valid, places, settings, spec)

    return FOLDS, run


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Yield the address of a local cluster."""
    with distributed.LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as made:
        yield str(made.scheduler_address)


def seconds(run: Callable[[int, str | None], None], address: str | None) -> float:
    """Return how long a whole run takes, after a small one."""
    for _ in range(2):
        run(1, address)
    start = time.perf_counter()
    run(0, address)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("workers", nargs="*", type=int, default=[1, 2])
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--fit-rows", type=int, default=6_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, mock.patch("os.cpu_count", return_value=1):
        jobs = {"rows": scoring(Path(name), args.rows), "folds": folds(args.fit_rows)}
        for kind, (tasks, run) in jobs.items():
            with mock.patch("ninefold.crossvalidation.comparing.side_by_side", return_value=1):
                here = seconds(run, None)
            print(f"{kind:<6} {tasks} tasks  here {here:.2f} s", flush=True)
            first = None
            for workers in args.workers:
                with cluster(workers) as address:
                    found = seconds(run, address)
                first = first or found
                beside = (found - here / workers) / tasks * 1e3
                print(
                    f"{kind:<6} {workers} workers  {found:6.2f} s  {first / found:5.2f} × as fast "
                    f"as with {args.workers[0]}, {here / found:5.2f} × here; "
                    f"{beside:+7.1f} ms a task beside its share",
                    flush=True,
                )


if __name__ == "__main__":
    main()
