"""Columns of numbers or dates with other text among them: what is said, and what would help."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ninefold.datasets.tables.evidence import MAX_OTHERS, TextEvidence
from ninefold.errors import InputError

EXAMPLES = 5
MIN_CODES = 2
CODE = re.compile(r"\d+[A-Za-z]|[A-Za-z]\d+")
"""Digits with a letter before or after them, such as 136A: one more number of a list of names."""


@dataclass(frozen=True)
class Mixed:
    """One column of mixed cells."""

    about: str
    """Such as: 98 numbers and 2 other cells such as '?', 'unknown'."""
    kind: str
    """What most cells are: numbers or dates."""
    others: tuple[str, ...]
    """The other cells, the most frequent first."""
    missing: tuple[str, ...]
    """Cells that may stand for a missing value; none: better read as a category."""

    @staticmethod
    def of(found: TextEvidence, kind: str, count: int) -> "Mixed":
        """Describe a column of which `count` cells are no `kind`."""
        is_listed = sum(found.others.values()) == count and len(found.others) < MAX_OTHERS
        numbers = found.written + (found.plain if kind == "dates" else Counter())
        counted = found.others if is_listed else found.others + numbers
        others = tuple(cell for cell, _ in counted.most_common())
        examples = ", ".join(repr(cell[:40]) for cell in others[:EXAMPLES])
        return Mixed(
            f"{found.given - count} {kind} and {count} other cells such as {examples}",
            kind,
            others,
            tuple(found.others) if is_listed and not _are_codes(found, others) else (),
        )


def _are_codes(found: TextEvidence, others: tuple[str, ...]) -> bool:
    """Tell whether whole numbers are names, as some have a letter: houses, units, families."""
    return found.is_integer and len(others) >= MIN_CODES and all(CODE.fullmatch(o) for o in others)


class MixedTypesError(InputError):
    """Columns of numbers or dates with other text among them.

    `patch` is what to put under `ingest` in params.yaml: `{"missing": [...], "columns": {...}}`.
    """

    def __init__(self, columns: Mapping[str, Mixed]) -> None:
        super().__init__("\n".join(_sentence(name, mixed) for name, mixed in columns.items()))
        self.columns = columns

    @property
    def patch(self) -> dict[str, Any]:
        """The change to params.yaml that lets the columns pass."""
        cells = [cell for mixed in self.columns.values() for cell in mixed.missing]
        others = {n: {"kind": "category"} for n, m in self.columns.items() if not m.missing}
        content = {"missing": list(dict.fromkeys(cells)), "columns": others}
        return {key: value for key, value in content.items() if value}


def _sentence(name: str, mixed: Mixed) -> str:
    return (
        f"column `{name}` must hold one type, however: {mixed.about}. In params.yaml, add "
        f"{mixed.others[0][:40]!r} to ingest.missing if it stands for a missing value, or set "
        f"`ingest: {{columns: {{{name!r}: {{kind: category}}}}}}`"
    )
