"""The door: keys, the two hot paths as plain ASGI in front of the documented app, and accounts.

What comes whole, small and alone does not even become ASGI: see `ninefold.serving.http`.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import orjson

from ninefold.serving.access_log import AccessLog
from ninefold.serving.bodies import Disconnected, Held, Receive, read_body
from ninefold.serving.heads import VERSION
from ninefold.serving.keys import Keys
from ninefold.serving.limits import RequestError
from ninefold.serving.metrics import Metrics
from ninefold.serving.model import Array
from ninefold.serving.recording import Recorder
from ninefold.serving.repository import Repository, Route
from ninefold.serving.served import JSON, Answer, Asked, encodable

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
log = logging.getLogger("ninefold.serving")


class Endpoints:
    """Answers `POST …/infer` and `POST …/predict`; every other path goes to `pages`."""

    def __init__(
        self,
        repository: Repository,
        pages: ASGIApp,
        metrics: Metrics,
        keys: Keys | None = None,
        access_log: AccessLog | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.repository, self.pages, self.metrics = repository, pages, metrics
        self.keys, self.access_log, self.recorder = keys, access_log, recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.pages(scope, receive, send)
            return
        start = time.perf_counter()
        route = self.repository.routes.get(scope["path"])
        if self.keys is not None and not self.keys.admit(scope):
            await self._send(scope, send, _unknown_key(), route, start)
            return
        if route is None:
            await self._page(scope, receive, send, start)
            return
        try:
            answer = await self._answer(route, scope, receive)
        except Disconnected:
            return
        await self._send(scope, send, answer, route, start)

    def begin(
        self,
        route: Route,
        scope: Scope,
        headers: Mapping[bytes, bytes],
        body: bytes,
        tell: Callable[[Answer], None],
        is_over: Callable[[], bool],
        is_alone: bool,
    ) -> bool:
        """Answer a request without a task of its own: `tell` is called, now or later.

        `is_alone`: no other connection is open. `scope` holds method, path, client and headers.
        False: it has to go the long way, since it is to be unpacked or explained.
        """
        if self.keys is not None and not self.keys.admit(scope):
            tell(_unknown_key())
            return True
        served = route.served
        if served is None or b"content-encoding" in headers:
            return False
        if not served.is_small(route.endpoint, body, headers):
            return False

        def word(outcome: Mapping[str, Array] | Exception) -> None:
            tell(self._guarded(scope, route, body, headers, outcome, asked))

        try:
            asked = served.read(route.endpoint, body, headers)
            if asked.explain is not None:
                return False
            if asked.rows:
                served.batcher.submit(asked.feeds, asked.rows, word, is_over, is_alone)
            else:
                word({})
        except Exception as error:
            tell(_refused(error, scope))
        return True

    def _guarded(
        self,
        scope: Scope,
        route: Route,
        body: bytes,
        headers: Mapping[bytes, bytes],
        outcome: Mapping[str, Array] | Exception,
        asked: Asked,
    ) -> Answer:
        """Return the answer to a request that was run; nothing is raised."""
        if isinstance(outcome, Exception):
            return _refused(outcome, scope)
        try:
            answer = asked.answer(outcome, None)
            if self.recorder is not None:
                self.recorder.offer(route.endpoint, body, headers, answer)
            return answer
        except Exception as error:
            return _refused(error, scope)

    def account(self, scope: Scope, route: Route | None, answer: Answer, start: float) -> None:
        """Count an answer that is sent, and write it down."""
        model = answer.model or (route.model if route else None)
        elapsed = time.perf_counter() - start
        if route is not None and model is not None:
            self.metrics.count(model, route.endpoint, answer.status, answer.rows, elapsed)
        if self.access_log is not None:
            self.access_log.write(scope, answer.status, elapsed, model, answer.rows)

    async def _send(
        self, scope: Scope, send: Send, answer: Answer, route: Route | None, start: float
    ) -> None:
        fields = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
        model = answer.model or (route.model if route else None)
        if model is not None:
            fields.append((VERSION, model.version.encode()))
        fields.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": fields})
        await send({"type": "http.response.body", "body": answer.body})
        self.account(scope, route, answer, start)

    async def _page(self, scope: Scope, receive: Receive, send: Send, start: float) -> None:
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # uvicorn leaves the answer's body out
        if self.access_log is None:
            await self.pages(scope, receive, send)
            return
        status = 500

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        await self.pages(scope, receive, noting)
        self.access_log.write(scope, status, time.perf_counter() - start)

    async def _answer(self, route: Route, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] != "POST":
            reason = f"method must be POST, however: {scope['method']}"
            return Answer(405, orjson.dumps({"error": reason}), {**JSON, "Allow": "POST"})
        headers = dict(scope["headers"])
        try:
            with Held(self.repository.room) as held:
                body = await read_body(headers, receive, self.repository.limits, held)
                answer = await route.handler(body, headers)
            if self.recorder is not None:
                self.recorder.offer(route.endpoint, body, headers, answer)
            return answer
        except Disconnected:
            raise
        except Exception as error:
            return _refused(error, scope)


def _refused(error: Exception, scope: Scope) -> Answer:
    if isinstance(error, RequestError):
        more = {"Retry-After": "1"} if error.status == 503 else {}
        said = orjson.dumps({"error": encodable(error.reason)})
        return Answer(error.status, said, {**JSON, **more})
    log.error("internal error at %s", scope["path"], exc_info=error)
    return Answer(500, orjson.dumps({"error": "internal error; see the server's log"}), JSON)


def _unknown_key() -> Answer:
    reason = "a key is needed: send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`"
    return Answer(401, orjson.dumps({"error": reason}), {**JSON, "WWW-Authenticate": "Bearer"})
