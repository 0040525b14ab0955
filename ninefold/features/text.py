"""Size of a free text."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ninefold.config import ColumnName
from ninefold.features.derive import DeriveSpec

if TYPE_CHECKING:
    from ninefold.features.scope import Scope
    from ninefold.features.values import Value


class TextSpec(DeriveSpec):
    """Columns `<name>_characters` and `<name>_words`; missing where the text is.

    Characters are counted up to 1,023, words (what spaces, tabs and line ends separate) up to 511.
    """

    kind: Literal["text"] = "text"
    column: ColumnName
    """Text or category column."""
    parts: tuple[Literal["characters", "words"], ...] = Field(
        default=("characters", "words"), min_length=1
    )
    """Which sizes."""

    def names(self) -> tuple[str, ...]:
        """Return one name per size."""
        return tuple(f"{self.name or self.column}_{part}" for part in self.parts)

    def emit(self, scope: "Scope") -> "dict[str, Value]":
        """Add one column per size."""
        from ninefold.features import strings

        value = scope.column(self.column, "text")
        values = [strings.SIZES[part](scope.graph, value) for part in self.parts]
        return dict(zip(self.names(), values, strict=True))
