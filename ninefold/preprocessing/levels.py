"""The levels of a category and their codes: 0 unknown or rare, 1 missing, 2 … the levels."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array, Kind, class_names
from ninefold.preprocessing.spec import CategorySpec

if TYPE_CHECKING:
    from ninefold.preprocessing.blocks.block import Reader

UNKNOWN, MISSING, FIRST = 0, 1, 2


@dataclass(frozen=True)
class Levels:
    """What the train rows say about a category.

    levels: known values, sorted: text, or numbers for a number column.
    has_missing, has_rare: whether train rows have the codes 1 and 0.
    """

    column: str
    levels: tuple[Any, ...]
    has_missing: bool
    has_rare: bool

    @property
    def cardinality(self) -> int:
        """Number of codes."""
        return len(self.levels) + FIRST

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all codes."""
        is_text = all(isinstance(level, str) for level in self.levels)
        texts = self.levels if is_text else class_names("number", np.array(self.levels)).tolist()
        return ("other", "missing", *texts)

    def emit(self, reader: "Reader") -> str:
        """Add the nodes that look codes up: `[N, 1]` int64."""
        from ninefold.graph import tensor

        is_text = all(isinstance(level, str) for level in self.levels)
        if is_text:
            keys: Array = np.array(["", *self.levels], dtype=object)
            value = reader.raw(self.column)
        else:
            keys = np.array([np.nan, *self.levels], dtype=np.float64)
            plain = reader.double(self.column)
            value = reader.graph.Where(reader.missing(plain), np.nan, plain)
        codes = np.array([MISSING, *range(FIRST, self.cardinality)], dtype=np.int64)
        return reader.graph.LabelEncoder(
            value,
            keys_tensor=tensor(keys),
            values_tensor=tensor(codes),
            default_tensor=tensor(np.array([UNKNOWN], dtype=np.int64)),
        )


def fit_levels(column: str, kind: Kind, values: Array, spec: CategorySpec) -> Levels:
    """Count the train values `(n,)` of a category, or of doubles with NaN for missing."""
    is_text = kind in ("category", "text")
    missing = values == "" if is_text else np.isnan(values)
    counts = Counter(values[~missing].tolist())
    least = max(spec.min_count, spec.min_frequency * len(values))
    frequent = sorted(
        (item for item in counts.items() if item[1] >= least), key=lambda item: (-item[1], item[0])
    )
    known = sorted(level for level, _ in frequent[: spec.max_levels])
    return Levels(column, tuple(known), bool(missing.any()), len(known) < len(counts))
