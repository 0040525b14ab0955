"""How many planted leaks the audit finds, and how many honest tables it disturbs.

    python -m benchmarks.leakage [--quick | --all] [--only TEXT] [--sweep N] [--show] [--seed N]
                                 [--jobs N] [--keep FILE]

Leaks of `planted/` on every real table they fit, default settings, at most three variants of each
(`--all`: all of them, `--quick`: one, on a third of the tables); a leak counts as found when a
finding that stops or warns names the planted column or rows. Wanted: over 95 % found, no honest
table stopped, at most 2 in 40 warned, half of the tables in under 2 s. `--sweep` instead audits N
published tables as they are, and says what it finds in them.

Progress stands on stderr. Ctrl-C prints the tables of what is done; with `--keep FILE` the same
command goes on where it stopped.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.leakage.jobs import Job, deaf, planted_jobs, published_jobs
from benchmarks.leakage.scored import Done, done_in, keep
from benchmarks.leakage.tables import print_tables


def main() -> int:
    """Print what is wrong, a line per leak and per detector, and the sums; 1 if a claim fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="run trials whose `table: leak` holds this")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--show", action="store_true", help="print every answer, not only wrong ones"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="run a small part, in minutes")
    size.add_argument("--all", action="store_true", help="run every variant, for hours")
    parser.add_argument("--sweep", type=int, default=0, help="audit so many published tables")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--keep", type=Path, help="file of what is done, to go on from")
    args = parser.parse_args()
    if args.sweep:
        jobs = published_jobs(args.sweep, args.seed)
    else:
        jobs = planted_jobs(
            args.only, args.seed, "quick" if args.quick else "all" if args.all else ""
        )
    known = done_in(args.keep) if args.keep else {}
    done = [known[job.name] for job in jobs if job.name in known]
    left = [job for job in jobs if job.name not in known]
    try:
        for item in _run(left, args.jobs, len(done)):
            done.append(item)
            if args.keep:
                keep(args.keep, item)
            for scored in item.answers:
                if args.show or scored.is_wrong:
                    print(scored.told, flush=True)
    except KeyboardInterrupt:
        deaf()
        print(f"\nstopped: {len(done)} of {len(jobs)} are done", file=sys.stderr)
    return print_tables([scored for item in done for scored in item.answers], len(done), len(jobs))


def _run(jobs: list[Job], processes: int, before: int) -> Iterator[Done]:
    """Run jobs in processes of their own, those of a table one after the other; say how far."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    start, total = time.monotonic(), before + len(jobs)
    pool = ProcessPoolExecutor(max(1, processes), get_context("spawn"), initializer=deaf)
    try:
        waiting = [pool.submit(job.run) for job in jobs]
        for number, future in enumerate(as_completed(waiting), 1):
            spent = time.monotonic() - start
            rest = spent / number * (len(jobs) - number)
            said = f"{before + number}/{total}  {spent / 60:.1f} min, {rest / 60:.1f} to go"
            print(f"\r{said}   ", end="", file=sys.stderr, flush=True)
            yield future.result()
    except (KeyboardInterrupt, GeneratorExit):
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        print(file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
