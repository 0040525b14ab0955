"""Telemetry of the libraries we build on: off, before any of them is imported."""

import os
from collections.abc import Mapping

SWITCHES: Mapping[str, str] = {
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "true",
    "GX_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}
"""Environment variable -> the value that keeps a library from calling home."""


def switch_off() -> None:
    """Turn telemetry off in this process and its children; a value already set is kept."""
    for name, value in SWITCHES.items():
        os.environ.setdefault(name, value)
