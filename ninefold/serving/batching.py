"""Runs a model for many requests at once: those that arrive together share one run.

Nobody waits for company: the queue is flushed in the next turn of the event loop, so a lone request
costs nothing and 32 connections cost half as much each. What takes longer runs in threads, as many
at a time as there are cores; what comes while all are busy shares the next run.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import onnxruntime as ort

from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.model import Array, Model, concatenated, first_line
from ninefold.serving.threads import CORES, threads

Outputs = dict[str, Array]
Tell = Callable[[Outputs | Exception], None]


class Job(NamedTuple):
    """One request's rows, who is told its outputs, whether nobody waits, and since when."""

    feeds: Mapping[str, Array]
    rows: int
    tell: Tell
    is_over: Callable[[], bool]
    since: float


class Batcher:
    """Takes requests for one model; lives on one event loop."""

    def __init__(self, model: Model, limits: Limits) -> None:
        self.model, self.limits = model, limits
        self._queue: list[Job] = []
        self._pending = 0
        self._held: list[Job] = []
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, feeds: Mapping[str, Array], rows: int) -> Outputs:
        """Return the model's outputs for `feeds`.

        Raises:
            RequestError: 400 the model refuses these inputs, 503 too many requests wait,
                504 the model took too long.
        """
        future: asyncio.Future[Outputs] = asyncio.get_running_loop().create_future()

        def tell(outcome: Outputs | Exception) -> None:
            if future.done():
                return
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

        self.submit(feeds, rows, tell, future.done)
        return await future

    def submit(
        self,
        feeds: Mapping[str, Array],
        rows: int,
        tell: Tell,
        is_over: Callable[[], bool],
        is_alone: bool = False,
    ) -> None:
        """Have `tell` called with the model's outputs for `feeds`, or with what `run` raises.

        `is_alone`: nobody else can ask in this turn of the loop, so that none is waited for.

        Raises:
            RequestError: 503 too many requests wait.
        """
        if self._pending >= self.limits.max_pending:
            raise RequestError("too many requests wait for the model; try again later", 503)
        self._pending += 1
        job = Job(feeds, rows, tell, is_over, time.monotonic())
        if is_alone and not self._queue and not self._held and self._is_quick(rows):
            self._deliver([job], _outcomes(self.model, [job], None))
            return
        if not self._queue:
            asyncio.get_running_loop().call_soon(self._flush)
        self._queue.append(job)

    def _flush(self) -> None:
        jobs, self._queue = self._queue, []
        for batch in self._batches(self._wanted(jobs)):
            rows = sum([job.rows for job in batch])
            if self._is_quick(rows):
                self._deliver(batch, _outcomes(self.model, batch, None))
            else:
                self._held += batch
        if self._held:
            self._start()

    def _is_quick(self, rows: int) -> bool:
        """Tell whether so many rows should run on the event loop: a thread costs two switches."""
        return self.model.expected_s(rows) <= self.limits.inline_run_s

    def _wanted(self, jobs: list[Job]) -> list[Job]:
        """Leave out the jobs that nobody waits for."""
        wanted = [job for job in jobs if not job.is_over()]
        self._pending -= len(jobs) - len(wanted)
        return wanted

    def _start(self, ended: asyncio.Task[None] | None = None) -> None:
        """Run what is held in threads that are free."""
        if ended is not None:
            self._running.discard(ended)
        self._held = self._wanted(self._held)
        oldest = time.monotonic() - self.limits.run_timeout_s
        while self._held and self._held[0].since < oldest:
            self._deliver([self._held.pop(0)], [self._late()])
        while self._held and len(self._running) < CORES:
            first = self._batches(self._held)[0]
            self._held = self._held[len(first) :]
            task = asyncio.create_task(self._run_in_thread(first))
            self._running.add(task)
            task.add_done_callback(self._start)

    def _batches(self, jobs: list[Job]) -> list[list[Job]]:
        """Group the jobs so that none exceeds the limit of rows."""
        if not self.model.is_batchable:
            return [[job] for job in jobs]
        batches: list[list[Job]] = []
        rows = self.limits.max_rows
        for job in jobs:
            if rows + job.rows > self.limits.max_rows:
                batches.append([])
                rows = 0
            batches[-1].append(job)
            rows += job.rows
        return batches

    async def _run_in_thread(self, jobs: list[Job]) -> None:
        options, loop = ort.RunOptions(), asyncio.get_running_loop()
        work = loop.run_in_executor(threads(), _outcomes, self.model, jobs, options)
        try:
            outcomes = await asyncio.wait_for(asyncio.shield(work), self.limits.run_timeout_s)
        except TimeoutError:
            options.terminate = True
            work.cancel()
            outcomes = [self._late()] * len(jobs)
        except Exception as error:
            outcomes = [error] * len(jobs)
        self._deliver(jobs, outcomes)

    def _late(self) -> RequestError:
        return RequestError(
            f"the model took longer than {self.limits.run_timeout_s:g} s; send fewer rows", 504
        )

    def _deliver(self, jobs: list[Job], outcomes: list[Outputs | Exception]) -> None:
        self._pending -= len(jobs)
        for job, outcome in zip(jobs, outcomes, strict=True):
            job.tell(outcome)


def _outcomes(
    model: Model, jobs: list[Job], options: ort.RunOptions | None
) -> list[Outputs | Exception]:
    """Run the jobs together; when that fails, each on its own, so that only the bad one fails."""
    try:
        if len(jobs) == 1:
            return [model.run(jobs[0].feeds, options)]
        values = model.run(concatenated([job.feeds for job in jobs]), options)
    except Exception as error:
        if len(jobs) > 1:
            return [_outcomes(model, [job], options)[0] for job in jobs]
        return [RequestError(f"the model refused the input: {first_line(error)}")]
    outcomes: list[Outputs | Exception] = []
    start = 0
    for job in jobs:
        stop = start + job.rows
        outcomes.append({name: array[start:stop] for name, array in values.items()})
        start = stop
    return outcomes
