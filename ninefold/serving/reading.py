"""Reads the bodies of requests: bytes in, checked tensors or rows out.

Nothing here needs a loaded model, so that a process beside the server can do it: see
`ninefold.serving.readers`.
"""

import codecs
import contextlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from ninefold.serving import protocol, tables
from ninefold.serving.cells import shown
from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.model import Form
from ninefold.serving.rows import Batch, Rows
from ninefold.signature import Signature

LENGTH = protocol.HEADER_LENGTH.lower().encode()
LENGTH_DIGITS, BEGINNING = 12, 64
CHARSET = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9_-]{1,40})", re.IGNORECASE)
CHARSETS = (
    "ascii", "utf-8", "utf-16", "iso8859", "cp", "koi8", "mac", "big5", "gb", "euc", "shift_jis",
)  # fmt: skip
"""How those begin that are tables of characters: others cost time, or mean more."""
OPENINGS = (b"{", b"[", b'"', b"n", b"")


class Sent(NamedTuple):
    """The rows of a body, whose each is if the body says so, and whether to explain them."""

    rows: list[Any]
    of: Sequence[Mapping[str, Any]] = ()
    explain: bool = False


class Told(NamedTuple):
    """Checked rows, whose each is if the body says so, and whether to explain them."""

    batch: Batch
    of: Sequence[Mapping[str, Any]] = ()
    explain: bool = False


Found = protocol.Request | Told


class Job(NamedTuple):
    """A body to be read for an endpoint of a model."""

    form: Form
    endpoint: str
    body: bytes
    headers: Mapping[bytes, bytes]
    limits: Limits


def read(job: Job, rows: Rows | None = None) -> Found:
    """Return what a body asks; `rows` saves making the reader of a model's rows anew.

    Raises:
        RequestError: it is wrong.
    """
    if job.endpoint == "infer":
        return protocol.decode(job.body, header_length(job.headers), job.form, job.limits)
    rows = rows or Rows(job.form)
    sent = sent_rows(job.body, job.headers, rows.signature, job.limits)
    return Told(rows.read(sent.rows, is_sent=True), sent.of, sent.explain)


def sent_rows(
    body: bytes, headers: Mapping[bytes, bytes], signature: Signature, limits: Limits
) -> Sent:
    """Return the rows of a body, whatever its type.

    Raises:
        RequestError: the body holds none.
    """
    type_ = media_type(headers)
    if type_ in tables.TYPES:
        return Sent(*tables.rows_of(body, type_, signature, limits, charset(headers)))
    return _rows(body, limits)


def media_type(headers: Mapping[bytes, bytes]) -> str:
    """Return what a body says it is, without parameters."""
    return _media_type(headers.get(b"content-type", b""))


@lru_cache(maxsize=64)
def _media_type(said: bytes) -> str:
    return said.split(b";")[0].strip().lower().decode("latin-1")


def charset(headers: Mapping[bytes, bytes]) -> str | None:
    """Return how a body says that its text is encoded, if it does.

    Raises:
        RequestError: in a way that is not known.
    """
    said = CHARSET.search(headers.get(b"content-type", b"").decode("latin-1"))
    if said is None:
        return None
    with contextlib.suppress(LookupError):
        if (name := codecs.lookup(said[1]).name).startswith(CHARSETS):
            return name
    raise RequestError(f"charset must be one such as utf-8 or cp1252, however: {said[1]}", 415)


def header_length(headers: Mapping[bytes, bytes]) -> int | None:
    """Return how long the JSON before binary tensors is, if a header says so.

    Raises:
        RequestError: it is no number.
    """
    value = headers.get(LENGTH)
    if value is None:
        return None
    if not value.isdigit() or len(value) > LENGTH_DIGITS:
        raise RequestError(f"{protocol.HEADER_LENGTH} must be a whole number")
    return int(value)


def _rows(body: bytes, limits: Limits) -> Sent:
    if body[:BEGINNING].lstrip()[:1] not in OPENINGS:
        raise RequestError(
            'the body must be JSON, or a table and the Content-Type say so (as in "text/csv"), '
            f"however: it begins with {body[:20]!r}"
        )
    content = protocol.parse(body)
    if not isinstance(content, dict) or not {"rows"} <= content.keys() <= {"rows", "explain"}:
        found = f"keys {sorted(content)[:5]}" if isinstance(content, dict) else shown(content)
        raise RequestError(f'the body must be {{"rows": [{{column: value}}]}}, however: {found}')
    rows = content["rows"]
    if not isinstance(rows, list) or not rows:
        raise RequestError("rows must be a list of at least one row")
    limits.check_rows(len(rows))
    explain = content.get("explain", False)
    if not isinstance(explain, bool):
        raise RequestError(f"explain must be true or false, however: {shown(explain)}")
    return Sent(rows, (), explain)
