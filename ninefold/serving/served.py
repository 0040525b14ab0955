"""One model behind its two endpoints: infer (tensors) and predict (rows).

A request is read, run, and answered in words; the three are kept apart, so that a small one can go
through them on the event loop (`ninefold.serving.direct`) and a large one through threads.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import orjson

from ninefold.serving import protocol, tables
from ninefold.serving.batching import Batcher
from ninefold.serving.explanations import Explanations
from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.memory import Memory
from ninefold.serving.model import Array, Model
from ninefold.serving.readers import is_large, readers
from ninefold.serving.reading import Found, Job, read
from ninefold.serving.rows import Batch, Rows
from ninefold.serving.threads import call

JSON = {"Content-Type": "application/json"}
Explained = list[dict[str, Any]]


class Answer(NamedTuple):
    """A response, how many rows were predicted for it, by which model, and what that put out."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    rows: int = 0
    model: Model | None = None
    outputs: Mapping[str, Array] | None = None


class Asked(NamedTuple):
    """A request that was read: what the model is to run, and what words its outputs.

    No rows: there is nothing to run. `explain` are the rows to explain as well, if any.
    """

    feeds: Mapping[str, Array]
    rows: int
    answer: Callable[[Mapping[str, Array], Explained | None], Answer]
    explain: Batch | None = None


Handler = Callable[[bytes, Mapping[bytes, bytes]], Awaitable[Answer]]


class Served:
    """One model behind its batcher."""

    def __init__(self, model: Model, limits: Limits) -> None:
        self.model, self.limits = model, limits
        self.batcher, self.memory = Batcher(model, limits), Memory()
        self.rows = Rows(model) if model.signature is not None else None
        self.explanations = Explanations(model, self.rows, limits) if self.rows else None

    async def infer(self, body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        """Answer a request of the Open Inference Protocol."""
        return await self._answered("infer", body, headers)

    async def predict(self, body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        """Answer `{"rows": [{column: value}]}`, CSV or Parquet.

        400 when no row is right, otherwise row by row.
        """
        return await self._answered("predict", body, headers)

    async def _answered(self, endpoint: str, body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        if self.is_small(endpoint, body, headers):
            return await self._in_steps(endpoint, body, headers, True)
        try:
            return await self._in_steps(endpoint, body, headers, False)
        finally:
            self.memory.give_back_soon()

    def is_small(self, endpoint: str, body: bytes, headers: Mapping[bytes, bytes]) -> bool:
        """Tell whether a body takes too little time to be read in a thread.

        One of few bytes may hold much: image files, Parquet, or thousands of short rows.
        """
        if len(body) > self.limits.inline_bytes:
            return False
        if endpoint != "predict" or self.rows is None:
            return True
        most, type_ = self.limits.inline_rows, headers.get(b"content-type", b"")
        return (
            not self.rows.takes_pictures
            and body.count(b"{") <= most
            and body.count(b"\n") <= most
            and body.count(b"\r") <= most
            and b"parquet" not in type_.lower()
        )

    async def _in_steps(
        self, endpoint: str, body: bytes, headers: Mapping[bytes, bytes], is_small: bool
    ) -> Answer:
        self._check_ready()
        job = self._job(endpoint, body, headers)
        reading = (
            readers().read(read, job) if is_large(job) else call(is_small, read, job, self.rows)
        )
        asked = self._asked(await reading, headers)
        values = await self.batcher.run(asked.feeds, asked.rows) if asked.rows else {}
        told = None
        if asked.explain is not None and asked.rows:
            assert self.explanations is not None
            told = await self.explanations.of(asked.explain)
        answer: Answer = await call(is_small, asked.answer, values, told)
        return answer

    def read(self, endpoint: str, body: bytes, headers: Mapping[bytes, bytes]) -> Asked:
        """Read a request to an endpoint, here and now. Raises `RequestError`."""
        self._check_ready()
        job = self._job(endpoint, body, headers)
        found = readers().read_now(read, job) if is_large(job) else read(job, self.rows)
        return self._asked(found, headers)

    def _job(self, endpoint: str, body: bytes, headers: Mapping[bytes, bytes]) -> Job:
        return Job(self.model, endpoint, body, headers, self.limits)

    def _asked(self, found: Found, headers: Mapping[bytes, bytes]) -> Asked:
        if isinstance(found, protocol.Request):
            return Asked(found.feeds, found.rows, partial(self._tensors, found))
        batch = found.batch
        accept = headers.get(b"accept", b"").strip().lower()
        answer = partial(self._rows, batch, found.of, accept == tables.CSV.encode())
        return Asked(batch.feeds, len(batch.good), answer, batch if found.explain else None)

    def _tensors(
        self, request: protocol.Request, values: Mapping[str, Array], _: Explained | None = None
    ) -> Answer:
        content, more = protocol.encode(self.model, request, values)
        return Answer(200, content, more, request.rows, self.model, values)

    def _rows(
        self,
        batch: Batch,
        of: Sequence[Mapping[str, Any]],
        is_csv: bool,
        values: Mapping[str, Array],
        explained: Explained | None = None,
    ) -> Answer:
        """Word what the model says of the rows, or what is wrong with all of them."""
        assert self.rows is not None
        if not batch.good:
            first = encodable(f"row 0: {batch.errors[0]}")
            wrong = [{"error": encodable(batch.errors[i])} for i in range(batch.count)]
            return Answer(400, orjson.dumps({"error": first, "predictions": wrong}), JSON)
        answers = self.rows.answers(batch, values)
        for place, told in zip(batch.good, explained or (), strict=explained is not None):
            answers[place]["explanation"] = told
        if of:
            answers = [{**whose, **answer} for whose, answer in zip(of, answers, strict=True)]
        if is_csv:
            content, headers = tables.to_csv(answers), {"Content-Type": tables.CSV}
        else:
            said = {
                "model_name": self.model.name,
                "model_version": self.model.version,
                "predictions": answers,
            }
            content, headers = orjson.dumps(said, option=orjson.OPT_SERIALIZE_NUMPY), JSON
        return Answer(200, content, headers, len(batch.good), self.model, values)

    async def run(self, feeds: Mapping[str, Array], rows: int) -> Mapping[str, Array]:
        """Return what the model puts out for checked feeds. Raises `RequestError`."""
        self._check_ready()
        return await self.batcher.run(feeds, rows)

    def outputs(
        self, endpoint: str, body: bytes, headers: Mapping[bytes, bytes]
    ) -> Mapping[str, Array]:
        """Return what the model puts out for a request, here and now.

        Raises:
            RequestError: the request is wrong.
        """
        asked = self.read(endpoint, body, headers)
        return self.model.run(asked.feeds) if asked.rows else {}

    def _check_ready(self) -> None:
        if self.model.fault is not None:
            raise RequestError(f"model `{self.model.name}` is not ready: {self.model.fault}", 503)


def encodable(text: str) -> str:
    """Return the text without lone surrogates, which JSON cannot carry."""
    return text.encode("utf-8", "replace").decode()
