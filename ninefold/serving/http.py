"""Uvicorn's HTTP protocol, with a short way for requests to a model.

A request that is whole, small and alone on its connection is answered from the parser's callbacks:
no ASGI scope, no task, no events. Whatever is not plain goes the long way: bodies that come slowly
or are large, pipelined requests, other paths.

The head of an answer leaves together with its body: uvloop hands each write to the kernel at once,
and written apart, the head wakes the client, which takes the core while the body is to come.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from ninefold.serving.endpoints import VERSION, Endpoints
from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.repository import Route
from ninefold.serving.served import Answer
from ninefold.serving.wire import StrictProtocol

START, END = b"HTTP/1.1 ", b"\r\n\r\n"
WAIT_S = 0.2
"""A body that is not whole after so long goes the long way, which knows how long it may take."""
LINGER_S = 0.5
"""A connection without a request is kept so long when the server ends: one may be on its way."""
HEAD_S = 30.0
"""A connection without a whole head after so long is closed; one that began a head is told."""
FORWARDED = b"x-forwarded-for"


class _Head(NamedTuple):
    """The beginning of an answer and what it was made from."""

    status: int
    headers: Mapping[str, str]
    version: str
    defaults: list[tuple[bytes, bytes]]
    text: bytes


class _Short:
    """A request on the short way; to uvicorn it looks like the cycle of one on the long way."""

    def __init__(self, route: Route, url: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.route, self.url, self.headers = route, url, headers
        self.parts: list[bytes] = []
        self.size = 0
        self.is_whole = self.is_begun = self.disconnected = False
        self.response_started = self.response_complete = False
        self.keep_alive = True
        self.message_event = self

    def set(self) -> None:
        """Stand in for the event that wakes a task: there is none."""

    def is_over(self) -> bool:
        """Tell whether nobody waits for the answer."""
        return self.disconnected


class ShortProtocol(StrictProtocol):
    """One connection; `_short` is the request that goes the short way and is not yet answered."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._door: Endpoints = self.config.app  # type: ignore[assignment]
        self._short: _Short | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._last: _Head | None = None
        self._ends = False
        self._head_timer: asyncio.TimerHandle | None = None

    @property
    def limits(self) -> Limits:
        return self._door.repository.limits

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_Together(transport, self.loop))  # type: ignore[arg-type]
        self._head_timer = self.loop.call_later(HEAD_S, self._end_head)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._stop_head_timer()
        if self._short is not None:
            self._short.disconnected = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_in_head and self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_S, self._end_head)
        short = self._short
        if short is None or short.is_begun or self.transport.is_closing():
            return
        if short.size > min(self.limits.inline_bytes, self.limits.max_body_bytes):
            self._go_long()
        elif short.is_whole:
            self._begin(short)
        elif self._timer is None:
            self._timer = self.loop.call_later(WAIT_S, self._go_long)

    def on_message_begin(self) -> None:
        if self._short is not None and not self._short.is_begun:
            self._go_long()
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._begin_message()

    def on_headers_complete(self) -> None:
        self._stop_head_timer()
        self._check_host()
        if len(self.connections) > self.limits.max_connections:
            raise RequestError("too many connections are open; try again later", 503)
        route = self._route()
        if route is None:
            self._as_asgi()
        else:
            self._is_in_head, self._is_own = False, True
            self._short = self.cycle = _Short(route, self.url, self.headers)  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        cycle: object = self.cycle
        if isinstance(cycle, _Short):
            cycle.parts.append(body)
            cycle.size += len(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        cycle: object = self.cycle
        if isinstance(cycle, _Short):
            cycle.is_whole = True
            cycle.keep_alive = self.parser.should_keep_alive() and not self._ends
            self._end_message()
        else:
            super().on_message_complete()

    def shutdown(self) -> None:
        """Answer what was asked, and what is on its way; then end."""
        self._ends = True
        if self._short is not None and not self._short.is_whole:
            self._go_long()
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LINGER_S, self._end)
        else:
            super().shutdown()

    def _refuse(self, reason: str, status: int = 400) -> None:
        super()._refuse(reason, status)
        if (log := self._door.access_log) is not None:
            log.write({"method": "-", "path": "-", "client": self.client}, status, 0.0)

    def _end(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()

    def _end_head(self) -> None:
        if self._is_in_head and not self._is_refused:
            self._refuse(f"the head must arrive within {HEAD_S:g} s", 408)
        else:
            self._end()

    def _route(self) -> Route | None:
        """Return where the request leads if it may go the short way."""
        route = self._door.repository.routes.get(self.url.decode("latin-1"))
        is_plain = (
            route is not None
            and route.served is not None
            and (self.cycle is None or self.cycle.response_complete)
            and self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
            and not self.expect_100_continue
            and not self.parser.should_upgrade()
            and not self.flow.write_paused
            and not (self._door.access_log and any(n == FORWARDED for n, _ in self.headers))
        )
        return route if is_plain else None

    def _begin(self, short: "_Short") -> None:
        short.is_begun = True
        self._stop_waiting()
        body = short.parts[0] if len(short.parts) == 1 else b"".join(short.parts)
        scope = {
            "method": "POST",
            "path": short.url.decode("latin-1"),
            "client": self.client,
            "headers": short.headers,
        }
        start = time.perf_counter()

        def tell(answer: Answer) -> None:
            if not short.disconnected:
                self._answer(short, answer)
                self._door.account(scope, short.route, answer, start)

        if not self._door.begin(short.route, scope, body, tell, short.is_over):
            self._go_long()

    def _answer(self, short: "_Short", answer: Answer) -> None:
        if short.response_complete:
            return
        version = (answer.model or short.route.model).version
        close = b"" if short.keep_alive else b"connection: close\r\n"
        head = self._head(answer.status, answer.headers, version)
        size = b"content-length: %d\r\n" % len(answer.body)
        self.transport.write(b"".join((head, size, close, b"\r\n", answer.body)))
        self._short, short.response_complete = None, True
        if not short.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _head(self, status: int, headers: Mapping[str, str], version: str) -> bytes:
        """Return what an answer begins with; the next one mostly begins so as well."""
        defaults, last = self.server_state.default_headers, self._last
        if (
            last is None
            or last.headers is not headers
            or last.defaults is not defaults
            or (last.status, last.version) != (status, version)
        ):
            fields = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
            said = [b"%s: %s\r\n" % item for item in defaults]
            said.append(f"{VERSION.decode()}: {version}\r\n{fields}".encode("latin-1"))
            text = STATUS_LINE[status] + b"".join(said)
            last = self._last = _Head(status, headers, version, defaults, text)
        return last.text

    def _go_long(self) -> None:
        """Let what came of a request go the long way, and what is to come after it."""
        self._stop_waiting()
        short, self._short = self._short, None
        if short is None or short.disconnected or self.transport.is_closing():
            return
        self.cycle = None  # type: ignore[assignment]
        self.url, self.headers = short.url, short.headers
        self._as_asgi()
        for part in short.parts:
            super().on_body(part)
        if short.is_whole:
            # The parser may be past this request, and tell of none or of the next.
            self.scope["method"], self.scope["http_version"] = "POST", "1.1"
            self.cycle.keep_alive = short.keep_alive
            super().on_message_complete()

    def _as_asgi(self) -> None:
        """Begin the request whose head was read, as uvicorn does."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)
        super().on_headers_complete()
        if self._ends and not self._has_offer:
            self.cycle.keep_alive = False

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Together:
    """A transport that keeps a head back until the next write, or the next turn of the loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._head: bytes | None = None
        self.is_closing = transport.is_closing
        self.get_extra_info = transport.get_extra_info

    def write(self, data: bytes) -> None:
        if self.is_closing():
            return  # the client has gone, and uvloop would complain
        if self._head is not None:
            data, self._head = self._head + data, None
        elif data.startswith(START) and data.endswith(END):
            self._head = data
            self._loop.call_soon(self._flush)
            return
        self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head is not None and not self.is_closing():
            head, self._head = self._head, None
            self._transport.write(head)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
