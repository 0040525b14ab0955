"""Finds the components of a package: one file, one component, nothing to register by hand."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Annotated, Any, TypeVar, Union

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

T = TypeVar("T")


def modules(package: str) -> Iterator[ModuleType]:
    """Yield the modules of `package`, sorted by name; names with a leading `_` are private."""
    parent = importlib.import_module(package)
    for name in sorted(info.name for info in pkgutil.iter_modules(parent.__path__)):
        if not name.startswith("_"):
            yield importlib.import_module(f"{package}.{name}")


@cache
def components(package: str, base: type[T]) -> tuple[type[T], ...]:
    """Return the concrete subclasses of `base` defined in the modules of `package`."""
    found = []
    for module in modules(package):
        for _, member in inspect.getmembers(module, inspect.isclass):
            is_own = member.__module__ == module.__name__ and member is not base
            if is_own and issubclass(member, base) and not member.__name__.startswith("_"):
                found.append(member)
    return tuple(found)


@dataclass(frozen=True)
class OneOf:
    """Annotate a pydantic field with the components of a package, told apart by `kind`.

    Example: `network: Annotated[NetworkSpec, OneOf("ninefold.networks")]`.
    """

    package: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        found = components(self.package, source)
        if len(found) == 1:
            return handler.generate_schema(found[0])
        return handler.generate_schema(
            Annotated[Union[found], Field(discriminator="kind")]  # noqa: UP007
        )
