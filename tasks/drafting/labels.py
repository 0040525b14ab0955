"""Targets whose cells hold several labels, joined by a sign."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ninefold.columns import Column

SIGNS = (";", "|", ",")
MOST_LABELS, SHOWN = 100, 4
JOINED = 0.1
"""Share of the cells that must hold several labels."""


@dataclass(frozen=True)
class Joined:
    """A column of cells such as `red;large`: the sign between labels, and all labels, sorted."""

    column: str
    sign: str
    labels: tuple[str, ...]
    classes: int

    def sentence(self) -> str:
        """Say what the column is taken for, and how its labels are predicted together."""
        targets = " ".join(f"--target {name!r}" for name in self.labels[:SHOWN])
        more = " …" if len(self.labels) > SHOWN else ""
        return (
            f"`{self.column}` holds several of {len(self.labels)} labels a cell, joined by "
            f"{self.sign!r}; as it is, each of the {self.classes} combinations is a class. To "
            "predict the labels together, give each a column of 0 and 1 (pandas: "
            f"t.join(t.pop({self.column!r}).str.get_dummies({self.sign!r}))) and name them: "
            f"{targets}{more}"
        )


def joined_labels(table: pa.Table, columns: Sequence[Column], target: str) -> Joined | None:
    """Return how the cells of a target join labels; None if each holds one.

    Labels stand in many combinations: there are fewer of them than of different cells, and nearly
    all come again. `Paris, France` is one name.
    """
    kind = next((column.kind for column in columns if column.name == target), "number")
    if kind not in ("category", "text"):
        return None
    counted = pc.value_counts(pc.cast(table[target], pa.string()).drop_null())
    cells = {str(item["values"]): int(item["counts"]) for item in counted.to_pylist()}
    for sign in SIGNS:
        split = {cell: [part.strip() for part in cell.split(sign)] for cell in cells}
        several = sum(cells[cell] for cell, parts in split.items() if len(parts) > 1)
        stands_in = Counter(part for parts in split.values() for part in set(parts) if part)
        again = sum(count > 1 for count in stands_in.values())
        is_joined = several >= JOINED * sum(cells.values()) and len(cells) > 2
        if (
            is_joined
            and 2 <= len(stands_in) <= min(MOST_LABELS, len(cells) - 1)
            and again >= 0.8 * len(stands_in)
            and all(len(set(parts)) == len(parts) for parts in split.values())
        ):
            return Joined(target, sign, tuple(sorted(stands_in)), len(cells))
    return None
