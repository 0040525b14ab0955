"""Reads request bodies within bounds of size and time, gzip and deflate included."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.memory import Memory
from ninefold.serving.threads import threads

MAX_MEMBERS = 1024
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Room:
    """What a server has for large bodies: each may be allowed, and a hundred still too much."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.taken, self.memory = limits, 0, Memory()


class Held:
    """The part of a room that one body takes, until the block is left."""

    def __init__(self, room: Room) -> None:
        self._room, self._size = room, 0

    def __enter__(self) -> "Held":
        return self

    def __exit__(self, *_: object) -> None:
        if self._size:
            self._room.taken -= self._size
            self._room.memory.give_back_soon()

    def grow(self, size: int) -> None:
        """Take room for `size` bytes in all. Raises `RequestError`: 503 there is none."""
        limits = self._room.limits
        if size <= limits.inline_bytes:
            return
        if self._room.taken + size - self._size > limits.max_held_bytes:
            raise RequestError("too many large requests are held; try again later", 503)
        self._room.taken += size - self._size
        self._size = size


class Disconnected(Exception):  # noqa: N818 - a fact about the client, not our mistake
    """The client went away before its request was whole."""


async def read_body(
    headers: dict[bytes, bytes], receive: Receive, limits: Limits, held: Held
) -> bytes:
    """Return the whole body, decompressed.

    Raises:
        RequestError: 408 too slow, 413 too large, 415 unknown encoding, 400 damaged, 503 no room.
        Disconnected: the client went away.
    """
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > limits.max_body_bytes:
        raise _too_large(limits)
    message = await _next(receive, limits)
    body = message.get("body", b"")
    if message.get("more_body"):
        try:
            async with asyncio.timeout(limits.body_timeout_s):
                body = await _rest(body, receive, limits, held)
        except TimeoutError:
            raise _too_slow(limits) from None
    if len(body) > limits.max_body_bytes:
        raise _too_large(limits)
    held.grow(len(body))
    body = bytes(body)
    encoding = headers.get(b"content-encoding", b"identity").decode("latin-1").strip().lower()
    if encoding in ("", "identity"):
        return body
    body = await _decompressed(body, encoding, limits)
    held.grow(len(body))
    return body


async def _next(receive: Receive, limits: Limits) -> MutableMapping[str, Any]:
    try:
        async with asyncio.timeout(limits.body_timeout_s):
            message = await receive()
    except TimeoutError:
        raise _too_slow(limits) from None
    if message["type"] == "http.disconnect":
        raise Disconnected
    return message


async def _rest(first: bytes, receive: Receive, limits: Limits, held: Held) -> bytes:
    parts, size, more = [first], len(first), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limits.max_body_bytes:
            raise _too_large(limits)
        held.grow(size)
        more = message.get("more_body", False)
    return b"".join(parts)


async def _decompressed(body: bytes, encoding: str, limits: Limits) -> bytes:
    """Unpack a body; what may hold up the event loop is unpacked in a thread."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise RequestError(
            f"Content-Encoding must be gzip, deflate or absent, however: {encoding[:40]!r}", 415
        )
    least = min(limits.inline_bytes, limits.max_body_bytes)
    content = _unpacked(body, encoding, least) if len(body) <= least else None
    if content is None:
        found = asyncio.get_running_loop().run_in_executor(
            threads(), _unpacked, body, encoding, limits.max_body_bytes
        )
        content = await found
    if content is None:
        raise _too_large(limits)
    return content


def _unpacked(body: bytes, encoding: str, most: int) -> bytes | None:
    """Return what a body holds, of gzip all its members (RFC 1952); None for more than `most`."""
    parts: list[bytes] = []
    rest, size = body, 0
    while rest or not parts:
        if len(parts) == MAX_MEMBERS:
            raise RequestError(f"the body must have at most {MAX_MEMBERS} members of {encoding}")
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            parts.append(inflater.decompress(rest, most + 1 - size))
        except zlib.error as error:
            raise RequestError(f"the body must be {encoding}, however: {error}") from None
        size += len(parts[-1])
        if size > most:
            return None
        if not inflater.eof:
            raise RequestError(f"the body must be {encoding}, however: it ends too early")
        rest = inflater.unused_data
    return b"".join(parts)


def _too_slow(limits: Limits) -> RequestError:
    return RequestError(f"the body must arrive within {limits.body_timeout_s:g} s", 408)


def _too_large(limits: Limits) -> RequestError:
    return RequestError(f"the body must have at most {limits.max_body_bytes} bytes", 413)
