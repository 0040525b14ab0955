"""A component named in params.yaml in full, `{kind: quantile, …}`, or by its kind alone."""

from typing import Any

from pydantic import BeforeValidator


def _spelt_out(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


SHORT = BeforeValidator(_spelt_out)
"""Lets `scale: quantile` stand for `scale: {kind: quantile}`."""
