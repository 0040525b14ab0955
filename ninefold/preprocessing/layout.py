"""What the features and codes are, where they come from and what they were fitted on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from ninefold.columns import Column


def tensor_name(position: int) -> str:
    """Return how the graph of a network calls its tensors."""
    return f"tensor_{position}"


@dataclass(frozen=True)
class TensorLayout:
    """One tensor of a preprocessing graph, which comes from one column."""

    column: str
    kind: Literal["image", "tokens", "sequence", "words"]
    shape: tuple[int, ...]
    """Of one row: pictures `(C, H, W)` float32, normalised; tokens `(T,)` int64, 0 after the last
    word, 1 for an unknown one; sequences and words of steps `(T, F)` float32 with T = -1, see
    `ninefold.preprocessing.sequences` and `step_words`."""
    flat: tuple[int, ...]
    """Height and width to which pictures shrink where they are laid flat; number of words; of
    sequences channels, last steps and equal parts that are told."""
    features: tuple[str, ...]
    """Names of the features that the tensor becomes where it is laid flat."""
    cardinality: int = 0
    """Number of ids of tokens, or of words of steps."""
    scales: tuple[float, ...] = ()
    """Of sequences: mean and spread of each channel's values and spread of their distances from the
    last one, one channel after another."""
    weights: tuple[float, ...] = ()
    """Inverse document frequencies of the words that are told where tokens are laid flat; what the
    number of steps is divided by."""

    def sizes(self, name: str) -> tuple[int | str, ...]:
        """Return the shape of one row as the output or input `name` of a graph has it."""
        return tuple(f"{name}#steps" if size < 0 else size for size in self.shape)

    @property
    def dtype(self) -> Any:
        """Element type."""
        return np.int64 if self.kind == "tokens" else np.float32


@dataclass(frozen=True)
class Layout:
    """Describes the outputs of a preprocessing graph.

    Shapes: X is `(N, F)` with F = len(features), codes is `(N, C)` with C = len(codes), each tensor
    `(N, *shape)`.
    """

    features: tuple[str, ...]
    """Names of X's columns."""
    sources: tuple[str, ...]
    """For each feature the column it comes from."""
    continuous: tuple[int, ...]
    """Positions in X of scaled numbers."""
    codes: tuple[str, ...]
    """Columns given as codes: 0 unknown or rare, 1 missing, 2 … the levels."""
    cardinalities: tuple[int, ...]
    """Number of codes of each."""
    columns: tuple[Column, ...]
    """Columns that are read, with kind and roles."""
    tensors: tuple[TensorLayout, ...] = ()
    """Tensors beside X and codes, in the order in which a network takes them."""
    smooth: tuple[int, ...] = ()
    """Positions in X of those that are softly clipped."""
    treatments: tuple[Mapping[str, Any], ...] = ()
    """The decision table: column, kind, treatment, why, features."""
    edges: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Column -> numbers where the treatment changes: bin edges, clip bounds, quantile knots."""
    quantiles: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Column -> the train rows' 0, 1, 5, 25, 50, 75, 95, 99 and 100 % quantiles."""
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Column -> known levels as text."""
    recent: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Column of sequences laid flat -> of its first channel the positions in X of the last value
    and of the step before, how far apart in X steps stand, the number of steps told, mean and
    spread of the values, spread of their distances from the last."""
    words: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Column of texts laid flat -> position in X of its first word, and how many there are."""
    decoders: tuple[Mapping[str, Any], ...] = ()
    """How raw columns are read off features; see `ninefold.preprocessing.decoding`."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the columns that are read."""
        return tuple(column.name for column in self.columns)

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {**asdict(self), "columns": [column.to_json() for column in self.columns]}

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "Layout":
        """Return what `to_json` was given."""
        kept: dict[str, Any] = {key: tuple(value) for key, value in _lists(content)}
        kept["columns"] = tuple(Column.from_json(item) for item in content["columns"])
        kept["tensors"] = tuple(
            TensorLayout(**{**item, **{key: tuple(value) for key, value in _lists(item)}})
            for item in content["tensors"]
        )
        for key in ("edges", "quantiles", "levels", "recent", "words"):
            kept[key] = {name: tuple(items) for name, items in content.get(key, {}).items()}
        return Layout(**kept)


def _lists(content: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in content.items() if isinstance(value, list)]
