"""What is unusual about rows, a column at once; `ninefold.serving.flags` says the same of a few."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ninefold.serving.flags import levels_of
from ninefold.serving.model import Array
from ninefold.signature import NAT, Input
from ninefold.vocabulary import Words

KINDS = ("unseen", "out_of_range", "missing")
SEPARATOR = "; "
Flagged = dict[str, dict[str, int]]
"""Kind -> column -> rows."""


class Marker:
    """Marks the rows whose cells training never saw, or that have none."""

    names = tuple(f"flag_{kind}" for kind in KINDS)

    def __init__(self, inputs: Sequence[Input], words: Mapping[str, Words]) -> None:
        self._inputs = [item for item in inputs if item.kind in FINDERS]
        self._known: dict[str, Any] = {
            item.name: pa.array(["", *item.levels], pa.string())
            for item in inputs
            if item.kind == "category" and item.levels
        }
        self._known |= {item.name: levels_of(item, words) for item in inputs if item.kind == "text"}

    def mark(self, feeds: Mapping[str, Array], without: Array) -> tuple[list[pa.Array], Flagged]:
        """Return, for each kind, the names of the columns it holds for, null for none; and counts.

        Rows under the mask `without` `(N,)` are not marked.
        """
        found: dict[str, dict[str, Array]] = {kind: {} for kind in KINDS}
        for item in self._inputs:
            values = feeds[item.name].ravel()
            for kind, mask in FINDERS[item.kind](item, values, self._known).items():
                mask = mask & ~without
                if mask.any():
                    found[kind][item.name] = mask
        counts = {
            kind: {name: int(mask.sum()) for name, mask in masks.items()}
            for kind, masks in found.items()
        }
        return [_named(masks, len(without)) for masks in found.values()], counts


def merged(first: Mapping[str, Mapping[str, int]], second: Mapping[str, Mapping[str, int]]) -> Any:
    """Return the counts of both."""
    return {
        kind: {
            name: first.get(kind, {}).get(name, 0) + second.get(kind, {}).get(name, 0)
            for name in dict.fromkeys([*first.get(kind, {}), *second.get(kind, {})])
        }
        for kind in KINDS
    }


def _named(masks: Mapping[str, Array], rows: int) -> pa.Array:
    """Return for each row the names of the masks it is under; equal rows share one text."""
    if not masks:
        return pa.nulls(rows, pa.string())
    names, stacked = list(masks), np.stack(list(masks.values()), axis=1)
    packed = np.packbits(stacked, axis=1)
    alike = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, firsts, place = np.unique(alike, return_index=True, return_inverse=True)
    texts = [
        SEPARATOR.join(names[i] for i in np.flatnonzero(stacked[first])) or None
        for first in firsts.tolist()
    ]
    return pa.array(texts, pa.string()).take(pa.array(place))


def _ranged(item: Input, values: Array, _: Mapping[str, Any]) -> dict[str, Array]:
    if item.range is None:
        return {}
    low, high = item.range
    missing = values == NAT if item.kind == "datetime" else np.isnan(values)
    beyond = ~((low <= values) & (values <= high)) & ~missing
    return {"missing": missing, "out_of_range": beyond}


def _named_levels(item: Input, values: Array, known: Mapping[str, Any]) -> dict[str, Array]:
    found = {"missing": np.asarray(values == "", dtype=bool)}
    if item.name in known:
        is_known = pc.is_in(pa.array(values, pa.string()), value_set=known[item.name])
        found["unseen"] = ~np.asarray(is_known)
    return found


def _worded(item: Input, values: Array, known: Mapping[str, Any]) -> dict[str, Array]:
    missing, levels = np.asarray(values == "", dtype=bool), known[item.name]
    seen = np.fromiter((text in levels for text in values.tolist()), bool, len(values))
    found = {"missing": missing, "unseen": ~seen & ~missing}
    if item.range is not None:
        low, high = item.range
        sizes = np.fromiter(map(len, values.tolist()), np.int64, len(values))
        found["out_of_range"] = ~((low <= sizes) & (sizes <= high)) & ~missing
    return found


FINDERS = {
    "number": _ranged,
    "datetime": _ranged,
    "category": _named_levels,
    "text": _worded,
}
"""Kind of column -> what finds its unusual cells."""
