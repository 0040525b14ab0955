"""Which columns are missing together."""

from collections import Counter
from typing import Any

import numpy as np

from ninefold.columns import Array, is_missing
from ninefold.exploration.view import View

MAX_PATTERNS, MAX_PAIRS, MAX_SHOWN = 12, 12, 30


def gaps(view: View) -> dict[str, Any]:
    """Return the columns with gaps, the patterns rows have, and the pairs that go together.

    `phi` is the correlation of two gaps: 1 where one never comes without the other. Derived columns
    that are missing where a raw one is have its gaps, not their own.
    """
    frame = view.frame
    masks: dict[str, Array] = {}
    raw: set[bytes] = set()
    for column in sorted(view.columns, key=lambda column: "derived" in column.roles):
        mask = is_missing(column.kind, frame[column.name])
        if "derived" not in column.roles:
            raw.add(mask.tobytes())
        elif mask.tobytes() in raw:
            continue
        masks[column.name] = mask
    shares = {name: float(mask.mean()) for name, mask in masks.items() if mask.any()}
    names = sorted(shares, key=lambda name: -shares[name])[:MAX_SHOWN]
    if not names:
        return {"columns": [], "patterns": [], "pairs": [], "complete": len(frame)}
    M = np.column_stack([masks[name] for name in names])
    counted = Counter(map(bytes, np.packbits(M, axis=1)))
    patterns = []
    for key, count in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        bits = np.unpackbits(np.frombuffer(key, np.uint8))[: len(names)]
        if bits.any():
            patterns.append({"missing": np.flatnonzero(bits).tolist(), "rows": count})
    return {
        "columns": [{"name": name, "share": shares[name]} for name in names],
        "patterns": patterns[:MAX_PATTERNS],
        "other_patterns": max(len(patterns) - MAX_PATTERNS, 0),
        "complete": int((~M.any(axis=1)).sum()),
        "pairs": _pairs(names, M),
    }


def _pairs(names: list[str], M: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    varying = [i for i in range(len(names)) if 0 < M[:, i].sum() < len(M)]
    if len(varying) < 2:
        return []
    phi = np.corrcoef(M[:, varying].T.astype(float))
    found: list[dict[str, Any]] = [
        {"a": names[varying[i]], "b": names[varying[j]], "phi": float(phi[i, j])}
        for i in range(len(varying))
        for j in range(i)
        if abs(phi[i, j]) >= 0.3
    ]
    return sorted(found, key=lambda pair: -abs(pair["phi"]))[:MAX_PAIRS]
