"""One line of JSON a request: who asked what, and how it went; never what was in it."""

import errno
import logging
import os
import sys
import threading
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import orjson

from ninefold.errors import InputError
from ninefold.serving.model import Model

log = logging.getLogger("ninefold.serving")


class AccessLog:
    """Appends to a file, or to standard error for `-`. Raises `InputError` if it cannot."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = sys.stderr.buffer if str(path) == "-" else path.open("ab", buffering=0)
        except OSError as error:
            raise InputError(
                f"--access-log {path} must be writable, however: {error.strerror}"
            ) from None
        self._lock = threading.Lock()
        self._missing, self._is_torn = 0, False

    def write(
        self,
        scope: MutableMapping[str, Any],
        status: int,
        elapsed_s: float,
        model: Model | None = None,
        rows: int = 0,
    ) -> None:
        """Write one line; where it cannot be written the answer stands all the same."""
        client = scope.get("client")
        content: dict[str, Any] = {
            "time": round(time.time(), 3),
            "client": client[0] if client else None,
            "method": scope["method"],
            "path": scope["path"][:200],
            "status": status,
            "ms": round(elapsed_s * 1000, 3),
        }
        if model is not None:
            content |= {"model": model.name, "version": model.version, "rows": rows}
        line = orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)
        with self._lock:
            try:
                self._append(line)
            except OSError as error:
                self._missing += 1
                if self._missing == 1:
                    log.warning("--access-log misses lines: %s", error.strerror)
            else:
                if self._missing:
                    log.warning("--access-log goes on; it misses %d lines", self._missing)
                self._missing = 0

    def close(self) -> None:
        """Close the file; nothing is written after."""
        if self._file is not sys.stderr.buffer:
            self._file.close()

    def _append(self, line: bytes) -> None:
        """Write a line whole, on a line of its own: a disk that fills up takes a part of it."""
        line = b"\n" + line if self._is_torn else line
        written = self._file.write(line)
        if written < len(line):
            self._is_torn = True
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._is_torn = False
        if self._file is sys.stderr.buffer:
            self._file.flush()
