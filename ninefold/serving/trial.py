"""A second version of a model on trial: it answers a share of the requests, or sees copies of them.

Canary: every n-th request goes to the challenger; what it does not answer with 200, the champion
answers. Shadow: the champion answers everything, and copies go to a thread of low priority through
a bounded queue; what does not fit is dropped and counted, so that no answer waits or fails.
"""

import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.model import Array, Model
from ninefold.serving.served import Answer, Handler, Served
from ninefold.serving.sources import Source
from ninefold.serving.tallies import Tallies

Mode = Literal["canary", "shadow"]
PENDING, PENDING_BYTES = 64, 16 * 2**20
LOWEST_PRIORITY = 19
log = logging.getLogger("ninefold.serving")


@dataclass(frozen=True)
class OnTrial:
    """A second version of a model: what it is, where it comes from, what share it gets, and how."""

    model: Model
    source: Source
    mode: Mode
    share: float
    change: str = ""
    """What it takes or gives otherwise than the first, in words."""


@dataclass(frozen=True)
class Copy:
    """A request: its bytes, what the champion put out, and how another puts out its own."""

    size: int
    champion: Mapping[str, Array]
    outputs: Callable[[Served], Mapping[str, Array]]


class Trial:
    """One challenger; `share` of the requests go to it, or are copied to it."""

    def __init__(
        self, mode: Mode, share: float, model: Model, limits: Limits, tallies: Tallies
    ) -> None:
        self.mode, self.share, self.limits, self.tallies = mode, share, limits, tallies
        self._owed, self._pending_bytes = 0.0, 0
        self._copies: queue.Queue[Copy] = queue.Queue(PENDING)
        self.put(model)
        if mode == "shadow":
            threading.Thread(target=self._follow, name="shadow", daemon=True).start()

    def put(self, model: Model) -> None:
        """Try `model` from now on."""
        self.model, self.served = model, Served(model, self.limits)

    def beside(self, champion: Served, endpoint: str) -> Handler:
        """Return the handler that stands in for the champion's own at an endpoint."""
        own = getattr(champion, endpoint)
        name = champion.model.name

        async def canary(body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
            served = self.served
            if not self._is_due(served.model, champion.model):
                return await self._counted(own(body, headers), name, champion.model)
            try:
                answer = await self._counted(
                    getattr(served, endpoint)(body, headers), name, served.model
                )
                if answer.status == 200:
                    return answer
            except RequestError:
                pass
            except Exception:
                log.exception("version %s of `%s` failed", served.model.version, name)
            return await self._counted(own(body, headers), name, champion.model)

        async def shadow(body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
            answer: Answer = await own(body, headers)
            if answer.status == 200 and self._is_due(self.model, champion.model):
                assert answer.outputs is not None
                again = partial(_asked, endpoint, body, headers)
                self._offer(Copy(len(body), answer.outputs, again), name)
            return answer

        return canary if self.mode == "canary" else shadow

    async def run_beside(
        self, champion: Served, feeds: Mapping[str, Array], rows: int, wanted: Collection[str]
    ) -> tuple[Model, Mapping[str, Array]]:
        """Return what `champion` or, by the share, the challenger puts out for tensors, and which.

        A challenger that does not have the outputs `wanted` is not asked.

        Raises:
            RequestError: the champion refuses them.
        """
        name, ours = champion.model.name, champion.model
        has_all = set(wanted) <= {tensor.name for tensor in self.model.outputs}
        is_due = has_all and self._is_due(self.model, ours)
        if self.mode == "shadow":
            outputs = await champion.run(feeds, rows)
            if is_due:
                size = sum(array.nbytes for array in feeds.values())
                self._offer(Copy(size, outputs, partial(_run, feeds)), name)
            return ours, outputs
        if is_due:
            served = self.served
            try:
                return served.model, await self._timed(served.run(feeds, rows), name, served.model)
            except RequestError:
                pass
            except Exception:
                log.exception("version %s of `%s` failed", served.model.version, name)
        return ours, await self._timed(champion.run(feeds, rows), name, ours)

    async def _timed(
        self, running: Awaitable[Mapping[str, Array]], name: str, model: Model
    ) -> Mapping[str, Array]:
        async def answer() -> Answer:
            return Answer(200, b"", {}, model=model, outputs=await running)

        return (await self._counted(answer(), name, model)).outputs or {}

    def _is_due(self, challenger: Model, champion: Model) -> bool:
        """Tell whether the challenger's turn has come; never when it is the champion itself."""
        if challenger.sha256 == champion.sha256 or challenger.fault is not None:
            return False
        self._owed += self.share
        if self._owed < 1:
            return False
        self._owed -= 1
        return True

    async def _counted(self, answering: Any, name: str, model: Model) -> Answer:
        start, status = time.perf_counter(), 500
        try:
            answer: Answer = await answering
            status = answer.status
        except RequestError as error:
            status = error.status
            raise
        finally:
            self.tallies.answered(name, model.version, status, time.perf_counter() - start)
        if answer.outputs:
            self.tallies.predicted(name, model.version, answer.outputs)
        return answer

    def _offer(self, copy: Copy, name: str) -> None:
        try:
            if self._pending_bytes + copy.size > PENDING_BYTES:
                raise queue.Full
            self._copies.put_nowait(copy)
            self._pending_bytes += copy.size
        except queue.Full:
            self.tallies.copied(name, self.model.version, "dropped")

    def _follow(self) -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
        while True:
            copy = self._copies.get()
            self._pending_bytes -= copy.size
            served = self.served
            name, version = served.model.name, served.model.version
            try:
                labels, distances = differences(copy.champion, copy.outputs(served))
            except Exception as error:
                log.info("shadow %s: %s", version, error)
                self.tallies.copied(name, version, "failed")
                continue
            self.tallies.copied(name, version, "compared")
            self.tallies.differed(name, version, labels, distances)


def _asked(
    endpoint: str, body: bytes, headers: Mapping[bytes, bytes], served: Served
) -> Mapping[str, Array]:
    return served.outputs(endpoint, body, headers)


def _run(feeds: Mapping[str, Array], served: Served) -> Mapping[str, Array]:
    return served.model.run(feeds)


def differences(
    champion: Mapping[str, Array], challenger: Mapping[str, Array]
) -> tuple[int, Array]:
    """Return how many rows got another label, and how far the numbers of each row are apart `(N,)`.

    A number where the other has none counts as another label.

    Raises:
        ValueError: the outputs are not of one kind.
    """
    rows = len(next(iter(champion.values())))
    is_other, distance = np.zeros(rows, dtype=bool), np.zeros(rows)
    for name, ours in champion.items():
        theirs = challenger.get(name)
        if theirs is None or theirs.shape != ours.shape:
            raise ValueError(f"output `{name}` is of another shape")
        if ours.dtype.kind == "f":
            apart = np.abs(ours.astype(np.float64) - theirs).reshape(rows, -1)
            is_other |= (np.isnan(ours) != np.isnan(theirs)).reshape(rows, -1).any(axis=1)
            distance = np.maximum(distance, np.nan_to_num(apart, nan=0.0).max(axis=1, initial=0))
        else:
            is_other |= (ours != theirs).reshape(rows, -1).any(axis=1)
    return int(is_other.sum()), distance
