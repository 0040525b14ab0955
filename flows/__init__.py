"""Prefect only: order, retries, states and artifacts; no data handling."""

import os

from ninefold import telemetry

telemetry.switch_off()
for _name, _value in {
    "PREFECT_LOGGING_EXTRA_LOGGERS": "ninefold",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
}.items():
    os.environ.setdefault(_name, _value)
