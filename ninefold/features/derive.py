"""What every kind of derived column has in common."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from pydantic import Field

from ninefold.config import ColumnName, Spec

if TYPE_CHECKING:
    from ninefold.features.scope import Scope
    from ninefold.features.values import Value


class DeriveSpec(Spec, ABC):
    """One entry of `featurize.derive`; gives one column or several."""

    kind: str
    """Which kind of derived column."""
    name: ColumnName | None = Field(default=None, min_length=1)
    """Name of the derived column, or first part of the names where there are several."""

    def names(self) -> tuple[str, ...]:
        """Return the names of the columns it gives."""
        return (self.name,) if self.name else ()

    @abstractmethod
    def emit(self, scope: "Scope") -> "dict[str, Value]":
        """Add the nodes to `scope.graph` and return name -> value.

        Raises:
            ConfigError: an unknown column, or one of a type that does not fit.
        """
