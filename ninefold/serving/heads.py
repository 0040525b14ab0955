"""Heads that come and go again and again on a connection: read once, written once."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

START, END = b"HTTP/1.1 ", b"\r\n\r\n"
VERSION = b"x-model-version"
"""Header of each answer: the version that gave it."""
MAX_KNOWN = 8
"""Heads that a connection keeps: bodies of other lengths have heads of their own."""
MAX_KNOWN_BYTES = 2048
"""A head of more bytes is not kept."""

Fields = list[tuple[bytes, bytes]]


class Asked:
    """What the head of a POST request asks; `fields` are its headers by name."""

    __slots__ = ("body_bytes", "fields", "headers", "scope", "url")

    def __init__(self, url: bytes, headers: Fields, client: Any) -> None:
        self.url, self.headers, self.fields = url, headers, dict(headers)
        path = url.decode("latin-1")
        self.scope = {"method": "POST", "path": path, "client": client, "headers": headers}
        self.body_bytes = 0


class Known:
    """The heads of a connection that a parser has read, by their bytes."""

    def __init__(self) -> None:
        self._asked: dict[bytes, Asked] = {}

    def read(self, data: bytes) -> tuple[Asked, bytes] | None:
        """Return what `data` asks, and its body, if it is one whole request with a known head."""
        end = data.find(END)
        asked = self._asked.get(data[:end])
        if asked is None or len(data) != end + len(END) + asked.body_bytes:
            return None
        return asked, data[end + len(END) :]

    def keep(self, data: bytes, asked: Asked, body_bytes: int) -> None:
        """Keep the head of a request that came whole, if `data` is that request and nothing else,
        with its body as it stands.
        """
        end = data.find(END)
        if not 0 < end <= MAX_KNOWN_BYTES or len(data) != end + len(END) + body_bytes:
            return
        if len(self._asked) >= MAX_KNOWN:
            del self._asked[next(iter(self._asked))]
        asked.body_bytes = body_bytes
        self._asked[data[:end]] = asked


class _Said(NamedTuple):
    """The beginning of an answer and what it was made from."""

    status: int
    headers: Mapping[str, str]
    version: str
    defaults: Fields
    text: bytes


class Beginning:
    """What answers on a connection begin with; the next one mostly begins as the last."""

    def __init__(self) -> None:
        self._last: _Said | None = None

    def of(self, status: int, headers: Mapping[str, str], version: str, defaults: Fields) -> bytes:
        """Return the first lines of an answer."""
        last = self._last
        if (
            last is None
            or last.headers is not headers
            or last.defaults is not defaults
            or (last.status, last.version) != (status, version)
        ):
            fields = "".join([f"{key}: {value}\r\n" for key, value in headers.items()])
            said = [b"%s: %s\r\n" % item for item in defaults]
            said.append(f"{VERSION.decode()}: {version}\r\n{fields}".encode("latin-1"))
            text = STATUS_LINE[status] + b"".join(said)
            last = self._last = _Said(status, headers, version, defaults, text)
        return last.text


class Together:
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
