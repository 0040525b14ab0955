"""Uvicorn's HTTP protocol, strict: what cannot be read is refused with the reason, as JSON.

Bounded are the head and all that a request sends beside its body (chunk extensions, trailers). An
offer to go on in another protocol (`Upgrade: h2c`, which Java's client makes with every request) is
not taken, and the request answered as it stands: RFC 9110, 7.8.
"""

import re
from typing import Any

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from ninefold.serving.limits import Limits, RequestError

MAX_HEAD = 64 * 2**10
"""Bytes of a head that comes in pieces; one that comes whole is bounded by the transport's read."""
OFFER = (b"upgrade", b"http2-settings")
HOST = re.compile(rb"(\[[0-9A-Za-z:.%_~-]+\]|[0-9A-Za-z._~%!$&'()*+,;=-]*)(:[0-9]*)?")
"""A host and perhaps a port, as RFC 3986 writes them."""


class StrictProtocol(HttpToolsProtocol):
    """One connection; `_is_own` tells whether `cycle` is the request whose body is being read."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._is_in_head = self._is_own = self._is_refused = self._has_offer = False
        self._taken = 0

    @property
    def limits(self) -> Limits:
        """What a request may cost."""
        raise NotImplementedError

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._is_refused:
            return
        self._taken += len(data)
        try:
            self._feed(data)
            if self._is_in_head and self._taken > MAX_HEAD:
                raise RequestError(f"the head must have at most {MAX_HEAD} bytes", 431)
            if self._taken > MAX_HEAD + 2 * self.limits.max_body_bytes:
                raise RequestError("the request has too many bytes beside its body", 413)
        except RequestError as error:
            self._refuse(error.reason, error.status)
        except httptools.HttpParserError as error:
            self._refuse_unread(error)

    def eof_received(self) -> None:
        """Tell a client that has more to send than it sent, or that it does not wait for an answer.

        Whoever closes a connection looks the same: what was not yet run is not.
        """
        if not self._is_refused and (self._is_in_head or self._is_own):
            self._refuse(f"the request must be whole, however: it ended after {self._taken} bytes")
        elif not self._is_begun():
            self._abandon("the connection must stay open until the answer, however: it was closed")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begin_message()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_in_head:
            return  # a trailer: nothing of it is used
        name = name.lower()
        if name == b"host" and HOST.fullmatch(value.strip()) is None:
            raise RequestError(
                f"Host must be a name and perhaps a port, however: {value[:40].decode('latin-1')}"
            )
        if name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        elif name == b"transfer-encoding" and value.strip().lower() != b"chunked":
            raise RequestError(
                f"Transfer-Encoding must be chunked, however: {value[:40].decode('latin-1')}"
            )
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._check_host()
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._has_offer = True
            return
        super().on_headers_complete()
        self._is_in_head, self._is_own = False, True

    def on_body(self, body: bytes) -> None:
        if not self._has_offer:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._has_offer:
            super().on_message_complete()
            self._end_message()

    def _begin_message(self) -> None:
        self._is_in_head, self._is_own = True, False

    def _check_host(self) -> None:
        """Refuse a request that says no host, or two of them: RFC 9112, 3.2."""
        hosts = [name for name, _ in self.headers].count(b"host")
        if hosts != 1 and (hosts or self.parser.get_http_version() == "1.1"):
            raise RequestError(f"the head must have one Host, however: {hosts}")

    def _end_message(self) -> None:
        self._is_own, self._taken = False, 0

    def _feed(self, data: bytes) -> None:
        """Parse what came; offers of another protocol are left out, their requests read anew."""
        while True:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as reached:
                if not self._has_offer:
                    return
                data = self._without_offer() + data[reached.args[0] :]

    def _without_offer(self) -> bytes:
        """Return the head that was read, less its offer, for a parser that begins anew."""
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % item for item in self.headers if item[0] not in OFFER]
        self._has_offer = False
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return b"\r\n".join([*lines, b"", b""])

    def _refuse_unread(self, error: httptools.HttpParserError) -> None:
        """Say why a request cannot be read."""
        cause = error.__context__
        if isinstance(cause, RequestError):
            self._refuse(cause.reason, cause.status)
        elif isinstance(cause, (UnicodeDecodeError, httptools.HttpParserInvalidURLError)):
            self._refuse("the path must be ASCII of at most 65535 bytes, other bytes as %XX")
        else:
            said = " ".join(str(cause or error).split())[:200] or type(error).__name__
            self._refuse(f"the request must be HTTP/1.1, however: {said}")

    def _refuse(self, reason: str, status: int = 400) -> None:
        """Answer that the request is refused, and end: what follows cannot be told apart.

        A request before it that is not yet answered is answered, and ends the connection.
        """
        self._is_refused = True
        cycle = self.cycle
        if self.transport.is_closing():
            return
        if cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False
            if not self._is_own:
                return
            if not cycle.response_started:
                self._abandon(reason, status)
            else:
                self.transport.close()
        elif self._is_own or self.pipeline:
            self.transport.close()  # it has its answer, or its place is behind others
        else:
            self._write_refusal(reason, status)

    def _is_begun(self) -> bool:
        """Tell whether no answer is due, or one on its way."""
        cycle = self.cycle
        return cycle is None or cycle.response_started or cycle.response_complete

    def _abandon(self, reason: str, status: int = 400) -> None:
        """Give up the request that is not yet answered, say why, and end."""
        self._is_refused = True
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        self._write_refusal(reason, status)

    def _write_refusal(self, reason: str, status: int) -> None:
        content = orjson.dumps({"error": reason})
        head = [STATUS_LINE[status]]
        head += [b"%s: %s\r\n" % item for item in self.server_state.default_headers]
        head += [b"content-type: application/json\r\ncontent-length: %d\r\n" % len(content)]
        head += [b"retry-after: 1\r\n"] if status == 503 else []
        self.transport.write(b"".join([*head, b"connection: close\r\n\r\n", content]))
        self.transport.close()
