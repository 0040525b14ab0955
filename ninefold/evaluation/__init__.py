"""How good the network is, where, and how sure that is: `evaluate` opens the test part once."""

from pydantic import Field

from ninefold.config import ColumnName, Spec


class EvaluateSpec(Spec):
    """What evaluate reports."""

    slices: tuple[ColumnName, ...] | None = None
    """Columns whose levels are reported one by one; default: columns with few levels."""
    bootstrap: int = Field(default=1000, ge=100, le=20000)
    """Bootstrap replicates behind every interval."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Coverage of the intervals."""
    min_slice_rows: int = Field(default=50, ge=2)
    """Slices with fewer rows are marked as small."""
    seed: int = Field(default=0, ge=0)
    """Seed of the bootstrap."""
