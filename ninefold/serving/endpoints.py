"""The two hot paths, as plain ASGI in front of the documented app: infer and predict."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

import orjson

from ninefold.serving import protocol
from ninefold.serving.batching import Batcher, threads
from ninefold.serving.bodies import Disconnected, Receive, read_body
from ninefold.serving.cells import shown
from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.model import VERSION, Model
from ninefold.serving.rows import Rows

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Answer = tuple[int, bytes, Mapping[str, str]]
Handler = Callable[[bytes, Mapping[bytes, bytes]], Awaitable[Answer]]
JSON = {"Content-Type": "application/json"}
log = logging.getLogger("ninefold.serving")


class Endpoints:
    """Answers `POST …/infer` and `POST …/predict`; every other path goes to `pages`."""

    def __init__(self, models: Sequence[Model], pages: ASGIApp, limits: Limits) -> None:
        self.pages, self.limits = pages, limits
        self.routes: dict[str, Handler] = {}
        for model in models:
            served = Served(model, limits)
            for path in (f"/v2/models/{model.name}", f"/v2/models/{model.name}/versions/{VERSION}"):
                self.routes[f"{path}/infer"] = served.infer
            if served.rows is not None:
                self.routes[f"/v1/models/{model.name}/predict"] = served.predict

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self.routes.get(scope["path"]) if scope["type"] == "http" else None
        if handler is None:
            await self.pages(scope, receive, send)
            return
        try:
            status, body, headers = await self._answer(handler, scope, receive)
        except Disconnected:
            return
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        fields.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, handler: Handler, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] != "POST":
            reason = f"method must be POST, however: {scope['method']}"
            return 405, orjson.dumps({"error": reason}), {**JSON, "Allow": "POST"}
        headers = dict(scope["headers"])
        try:
            return await handler(await read_body(headers, receive, self.limits), headers)
        except RequestError as error:
            more = {"Retry-After": "1"} if error.status == 503 else {}
            body = orjson.dumps({"error": _encodable(error.reason)})
            return error.status, body, {**JSON, **more}
        except Disconnected:
            raise
        except Exception:
            log.exception("internal error at %s", scope["path"])
            return 500, orjson.dumps({"error": "internal error; see the server's log"}), JSON


class Served:
    """One model behind its batcher."""

    def __init__(self, model: Model, limits: Limits) -> None:
        self.model, self.limits = model, limits
        self.batcher = Batcher(model, limits)
        self.rows = Rows(model) if model.signature is not None else None

    async def infer(self, body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        """Answer a request of the Open Inference Protocol."""
        self._check_ready()
        length = _header_length(headers.get(protocol.HEADER_LENGTH.lower().encode()))
        is_small = len(body) <= self.limits.inline_bytes
        request = await _call(is_small, protocol.decode, body, length, self.model, self.limits)
        values = await self.batcher.run(request.feeds, request.rows)
        content, more = await _call(is_small, protocol.encode, self.model, request, values)
        return 200, content, more

    async def predict(self, body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        """Answer `{"rows": [{column: value}]}`: 400 when no row is right, otherwise row by row."""
        self._check_ready()
        assert self.rows is not None
        is_small = len(body) <= self.limits.inline_bytes
        rows = await _call(is_small, _rows, body, self.limits)
        batch = await _call(is_small, self.rows.read, rows)
        if not batch.good:
            first = _encodable(f"row 0: {batch.errors[0]}")
            answers = [{"error": _encodable(batch.errors[i])} for i in range(batch.count)]
            return 400, orjson.dumps({"error": first, "predictions": answers}), JSON
        values = await self.batcher.run(batch.feeds, len(batch.good))
        answers = await _call(is_small, self.rows.answers, batch, values)
        content = {
            "model_name": self.model.name,
            "model_version": VERSION,
            "predictions": answers,
        }
        return 200, orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY), JSON

    def _check_ready(self) -> None:
        if self.model.fault is not None:
            raise RequestError(f"model `{self.model.name}` is not ready: {self.model.fault}", 503)


async def _call(is_small: bool, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call `function` here, or in a thread when it would hold up the event loop."""
    if is_small:
        return function(*arguments)
    return await asyncio.get_running_loop().run_in_executor(threads(), function, *arguments)


def _rows(body: bytes, limits: Limits) -> list[Any]:
    content = protocol.parse(body)
    if not isinstance(content, dict) or content.keys() != {"rows"}:
        found = f"keys {sorted(content)[:5]}" if isinstance(content, dict) else shown(content)
        raise RequestError(f'the body must be {{"rows": [{{column: value}}]}}, however: {found}')
    rows = content["rows"]
    if not isinstance(rows, list) or not rows:
        raise RequestError("rows must be a list of at least one row")
    if len(rows) > limits.max_rows:
        raise RequestError(
            f"a request must have at most {limits.max_rows} rows, not {len(rows)}; "
            "use `ninefold predict` for large files",
            413,
        )
    return rows


def _header_length(value: bytes | None) -> int | None:
    if value is None:
        return None
    if not value.isdigit() or len(value) > 12:
        raise RequestError(f"{protocol.HEADER_LENGTH} must be a whole number")
    return int(value)


def _encodable(text: str) -> str:
    """Return the text without lone surrogates, which JSON cannot carry."""
    return text.encode("utf-8", "replace").decode()
