"""Findings about masked columns, without a value of theirs."""

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ninefold.columns import Frame

MASKED = "•••"
VALUES = re.compile(r"^(?:lowest|highest|median|last|first)_|value|atom|level$")
"""Keys of evidence that hold cells, or numbers in the units of the column."""


def masked(report: Mapping[str, Any], frame: Frame, mask: Collection[str]) -> dict[str, Any]:
    """Return an audit's report in which no value of the columns `mask` stands.

    Messages keep their words: a cell of a masked column in them, outside of the backticks that
    enclose names, gives way to dots.
    """
    found = []
    for item in report["findings"]:
        hidden = [name for name in item["columns"] if name in mask and name in frame.data]
        found.append(_without(item, frame, hidden) if hidden else item)
    return {**report, "findings": found}


def _without(item: Mapping[str, Any], frame: Frame, hidden: list[str]) -> dict[str, Any]:
    evidence = {
        key: MASKED if VALUES.search(key) else value for key, value in item["evidence"].items()
    }
    message = item["message"]
    for name in hidden:
        cells = (str(value) for value in np.unique(frame[name]))
        for cell in sorted((c for c in cells if c and c in message), key=len, reverse=True):
            # Cells between backticks are names of columns.
            message = "`".join(
                part if at % 2 else re.sub(rf"(?<!\w){re.escape(cell)}(?!\w)", MASKED, part)
                for at, part in enumerate(message.split("`"))
            )
    return {**item, "evidence": evidence, "message": message, "masked": True}
