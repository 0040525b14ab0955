"""How the data quality gate treats what it finds; the gate itself stands in `expectations/`."""

from pydantic import Field

from ninefold.config import ColumnName, Spec


class ValidateSpec(Spec):
    """The quality gate. What good data means stands in the suite under `expectations/`."""

    max_rows: int = Field(20, ge=0, le=10_000)
    """Failing rows listed per expectation; all are counted."""
    mask: tuple[ColumnName, ...] = ()
    """Columns whose values never appear in reports and Data Docs (personal data)."""
