"""Prefect only: order, retries, states and artifacts; no data handling."""

from ninefold import telemetry

telemetry.switch_off()
