"""One file per stage: read declared inputs, call ninefold, write declared outputs."""

from ninefold import telemetry

telemetry.switch_off()
