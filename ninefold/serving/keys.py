"""API keys: who may ask."""

import hashlib
import hmac
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

from ninefold.errors import InputError

LEAST_LENGTH = 16
OPEN = frozenset({"/", "/v2/health/live", "/v2/health/ready"})
"""Paths that need no key: they say nothing about models or data."""


class Keys:
    """The keys a server accepts, kept as hashes and compared in constant time."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._hashes = [hashlib.sha256(key.encode()).digest() for key in keys]

    @staticmethod
    def read(path: Path) -> "Keys":
        """Read a file with one key a line; empty lines and those with a `#` in front do not count.

        Raises:
            InputError: missing, unreadable, without keys, or with one that is too short.
        """
        try:
            lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise InputError(f"--api-keys {path} must be readable, however: {reason}") from None
        keys = [line for line in lines if line and not line.startswith("#")]
        if not keys or min(map(len, keys)) < LEAST_LENGTH:
            found = "there is none" if not keys else f"one has {min(map(len, keys))}"
            raise InputError(
                f"--api-keys {path} must hold keys of at least {LEAST_LENGTH} characters, one a "
                f"line, however: {found}. `openssl rand -hex 24` makes one"
            )
        return Keys(keys)

    def admit(self, scope: MutableMapping[str, Any]) -> bool:
        """Tell whether a request shows a key, or asks for what is open to all."""
        if scope["path"] in OPEN:
            return True
        shown = b""
        for name, value in scope["headers"]:
            if name == b"x-api-key":
                shown = value
            elif name == b"authorization" and value[:7].lower() == b"bearer ":
                shown = value[7:].strip()
        digest = hashlib.sha256(shown).digest()
        matches = [hmac.compare_digest(digest, known) for known in self._hashes]
        return any(matches)
