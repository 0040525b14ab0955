"""Uvicorn's HTTP protocol, with a short way for requests to a model.

A request that is whole, small and alone on its connection is answered from the parser's callbacks:
no ASGI scope, no task, no events. Whatever is not plain goes the long way: bodies that come slowly
or are large, pipelined requests, other paths.

Clients send the same head again and again. What the parser made of one is kept by its bytes, while
the connection lasts, and a request that begins with them and comes whole is not parsed once more.

The head of an answer leaves together with its body: uvloop hands each write to the kernel at once,
and written apart, the head wakes the client, which takes the core while the body is to come.
"""

import asyncio
import time
from typing import Any

from ninefold.serving.endpoints import Endpoints
from ninefold.serving.heads import Asked, Beginning, Known, Together
from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.repository import Route
from ninefold.serving.served import Answer
from ninefold.serving.wire import StrictProtocol

WAIT_S = 0.2
"""A body that is not whole after so long goes the long way, which knows how long it may take."""
LINGER_S = 0.5
"""A connection without a request is kept so long when the server ends: one may be on its way."""
HEAD_S = 30.0
"""A connection without a whole head after so long is closed; one that began a head is told."""
FORWARDED = b"x-forwarded-for"


class _Short:
    """A request on the short way; to uvicorn it looks like the cycle of one on the long way."""

    __slots__ = (
        "asked", "disconnected", "is_begun", "is_whole", "keep_alive", "message_event", "parts",
        "response_complete", "response_started", "route", "size",
    )  # fmt: skip

    def __init__(self, route: Route, asked: Asked) -> None:
        self.route, self.asked = route, asked
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
        self._known, self._beginning = Known(), Beginning()
        self._rests_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._ends = False
        self._head_timer: asyncio.TimerHandle | None = None

    @property
    def limits(self) -> Limits:
        return self._door.repository.limits

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Together(transport, self.loop))  # type: ignore[arg-type]
        self._head_timer = self.loop.call_later(HEAD_S, self._end_head)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._stop_head_timer()
        if self._short is not None:
            self._short.disconnected = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        is_first = self._is_between()
        if is_first and self._is_known(data):
            return
        super().data_received(data)
        if self._is_in_head and self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_S, self._end_head)
        short = self._short
        if short is None or short.is_begun or self.transport.is_closing():
            return
        if short.size > min(self.limits.inline_bytes, self.limits.max_body_bytes):
            self._go_long()
        elif short.is_whole:
            if is_first and short.keep_alive:
                self._known.keep(data, short.asked, short.size)
            self._begin(short)
        elif self._timer is None:
            self._timer = self.loop.call_later(WAIT_S, self._go_long)

    def _is_between(self) -> bool:
        """Tell whether the last request is read and answered, and no byte of another came."""
        cycle = self.cycle
        return (
            (cycle is None or cycle.response_complete)
            and not (self._is_in_head or self._is_own or self._is_refused or self._ends)
            and not self.pipeline
        )

    def _is_known(self, data: bytes) -> bool:
        """Begin a request that came whole with a head that is known; tell whether it did."""
        if (found := self._known.read(data)) is None:
            return False
        asked, body = found
        route = self._door.repository.routes.get(asked.scope["path"])
        if (
            route is None
            or route.served is None
            or self.flow.write_paused
            or len(self.connections) > self.limits.max_connections
            or self.transport.is_closing()
        ):
            return False
        self._short = self.cycle = short = _Short(route, asked)  # type: ignore[assignment]
        short.parts, short.size, short.is_whole = [body], len(body), True
        self._begin(short)
        return True

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
            asked = Asked(self.url, self.headers, self.client)
            self._short = self.cycle = _Short(route, asked)  # type: ignore[assignment]

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
        asked, door, start = short.asked, self._door, time.perf_counter()

        def tell(answer: Answer) -> None:
            if not short.disconnected:
                self._answer(short, answer)
                door.account(asked.scope, short.route, answer, start)

        is_alone = len(self.connections) == 1
        if not door.begin(
            short.route, asked.scope, asked.fields, body, tell, short.is_over, is_alone
        ):
            self._go_long()

    def _answer(self, short: "_Short", answer: Answer) -> None:
        if short.response_complete:
            return
        version = (answer.model or short.route.model).version
        close = b"" if short.keep_alive else b"connection: close\r\n"
        defaults = self.server_state.default_headers
        head = self._beginning.of(answer.status, answer.headers, version, defaults)
        size = b"content-length: %d\r\n" % len(answer.body)
        self.transport.write(b"".join((head, size, close, b"\r\n", answer.body)))
        self._short, short.response_complete = None, True
        if not short.keep_alive:
            self.transport.close()
        if self.pipeline or self.flow.read_paused or not short.keep_alive:
            self.on_response_complete()
        else:
            self.server_state.total_requests += 1
            self._rests_since = self.loop.time()
            if self.timeout_keep_alive_task is None:
                self._rest(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that rested too long; its timer goes on for requests after the one
        that set it.
        """
        self.timeout_keep_alive_task = None
        if self.cycle is not None and not self.cycle.response_complete:
            return
        left = self._rests_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._rest(left)
        else:
            super().timeout_keep_alive_handler()

    def _rest(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def _go_long(self) -> None:
        """Let what came of a request go the long way, and what is to come after it."""
        self._stop_waiting()
        short, self._short = self._short, None
        if short is None or short.disconnected or self.transport.is_closing():
            return
        self.cycle = None  # type: ignore[assignment]
        self.url, self.headers = short.asked.url, short.asked.headers
        self.expect_100_continue = False
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
