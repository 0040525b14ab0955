"""Runs a model for many requests at once: those that arrive together share one run.

Nobody waits for company: the queue is flushed in the next turn of the event loop, so a lone request
costs nothing and 32 connections cost half as much each.
"""

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import onnxruntime as ort

from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.model import Array, Model, concatenated, first_line

Outputs = dict[str, Array]


@cache
def threads() -> ThreadPoolExecutor:
    """Return the threads for what would hold up the event loop: one per core."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="model")


@dataclass(frozen=True)
class Job:
    """One request's rows and where its outputs go."""

    feeds: Mapping[str, Array]
    rows: int
    done: asyncio.Future[Outputs]


class Batcher:
    """Takes requests for one model; lives on one event loop."""

    def __init__(self, model: Model, limits: Limits) -> None:
        self.model, self.limits = model, limits
        self._queue: list[Job] = []
        self._pending = 0
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, feeds: Mapping[str, Array], rows: int) -> Outputs:
        """Return the model's outputs for `feeds`.

        Raises:
            RequestError: 400 the model refuses these inputs, 503 too many requests wait,
                504 the model took too long.
        """
        if self._pending >= self.limits.max_pending:
            raise RequestError("too many requests wait for the model; try again later", 503)
        loop = asyncio.get_running_loop()
        job = Job(feeds, rows, loop.create_future())
        self._pending += 1
        try:
            if not self._queue:
                loop.call_soon(self._flush)
            self._queue.append(job)
            return await job.done
        finally:
            self._pending -= 1

    def _flush(self) -> None:
        jobs, self._queue = self._queue, []
        for batch in self._batches([job for job in jobs if not job.done.done()]):
            rows = sum(job.rows for job in batch)
            if rows <= self.limits.inline_rows and self.model.row_s <= self.limits.inline_run_s:
                _settle(self.model, batch, None)
            else:
                task = asyncio.create_task(self._run_in_thread(batch))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

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
            late = RequestError(
                f"the model took longer than {self.limits.run_timeout_s:g} s; send fewer rows", 504
            )
            outcomes = [late] * len(jobs)
        except Exception as error:
            outcomes = [error] * len(jobs)
        _deliver(jobs, outcomes)


def _settle(model: Model, jobs: list[Job], options: ort.RunOptions | None) -> None:
    _deliver(jobs, _outcomes(model, jobs, options))


def _deliver(jobs: list[Job], outcomes: list[Outputs | Exception]) -> None:
    for job, outcome in zip(jobs, outcomes, strict=True):
        if job.done.done():
            continue
        if isinstance(outcome, Exception):
            job.done.set_exception(outcome)
        else:
            job.done.set_result(outcome)


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
