"""What is run: one leak on one table, or one published table, each in any process."""

import signal
import warnings
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np
import pandas as pd

import benchmarks.leakage.planted  # noqa: F401
from benchmarks.leakage.plant import LEAKS
from benchmarks.leakage.scored import Done, Scored
from benchmarks.leakage.sources import Source, sources
from benchmarks.leakage.sweep import honest_tables
from benchmarks.leakage.trial import Trial, run
from ninefold.errors import NinefoldError

QUICK = 3
"""`--quick` plants each leak on one table in so many, and runs one of its variants there."""
VARIANTS = {"quick": 1, "": 3, "all": 1_000_000}
"""Variants of a leak that run on one table, by size of the run."""


@dataclass(frozen=True)
class Job:
    """A leak on a table, by name; or the one at `number` of `count` published tables."""

    name: str
    leak: str
    source: str
    variants: int
    seed: int
    number: int = -1
    count: int = 0

    def run(self) -> Done:
        """Plant, audit, and say how each variant was answered."""
        warnings.simplefilter("ignore")
        if self.number >= 0:
            trials = [_published(self.count, self.seed)[self.number]]
        else:
            trials = self._trials()
        return Done(self.name, tuple(s for trial in trials if (s := _scored(self.leak, trial))))

    def _trials(self) -> list[Trial]:
        source, table = _table(self.source)
        (leak,) = [item for item in LEAKS if item.name == self.leak]
        rng = np.random.default_rng([self.seed, crc32(f"{self.source}{self.leak}".encode())])
        made = list(leak.plant(source, table.copy(), rng))
        if len(made) <= self.variants:
            return made
        return [made[i] for i in np.sort(rng.choice(len(made), self.variants, replace=False))]


def planted_jobs(only: str, seed: int, size: str) -> list[Job]:
    """Return every leak on every table whose `table: leak` holds `only`, table by table."""
    return [
        Job(
            f"{source.name}: {item.name} {size} {seed}",
            item.name,
            source.name,
            VARIANTS[size],
            seed,
        )
        for number, source in enumerate(sources())
        for place, item in enumerate(i for i in LEAKS if i.on == source.kind)
        if only in f"{source.name}: {item.name}"
        and not (size == "quick" and (number + place) % QUICK)
    ]


def published_jobs(count: int, seed: int) -> list[Job]:
    """Return a job for each of about so many published tables."""
    found = _published(count, seed)
    return [
        Job(f"{t.name} {seed}", "published", "", 1, seed, i, count) for i, t in enumerate(found)
    ]


def deaf() -> None:
    """Ignore Ctrl-C: in workers, which the first process ends, and once the tables are printed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@lru_cache(maxsize=1)
def _table(name: str) -> tuple[Source, pd.DataFrame]:
    (source,) = [item for item in sources() if item.name == name]
    return source, source.load()


@lru_cache(maxsize=1)
def _published(count: int, seed: int) -> list[Trial]:
    return list(honest_tables(count, seed))


def _scored(leak: str, trial: Trial) -> Scored | None:
    try:
        return Scored.of(leak, run(trial))
    except NinefoldError as error:
        print(f"refused  {trial.name}: {error}", flush=True)
        return None
