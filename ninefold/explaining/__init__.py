"""Why a model answers as it does: which columns matter, how, and for one row.

Measured on the valid rows, which no model was fitted on; the test part stays sealed.
"""

from pydantic import Field

from ninefold.config import Spec


class ExplanationSpec(Spec):
    """How the exported model is explained."""

    rows: int = Field(1000, ge=50, le=100_000)
    """Valid rows to explain by, evenly spread."""
    repeats: int = Field(3, ge=1, le=100)
    """How often each column is shuffled."""
    together: float = Field(0.8, gt=0, le=1)
    """Columns associated this strongly (Spearman, Cramér's V, correlation ratio) are shuffled as
    one: either could stand in for the other."""
    effects: int = Field(6, ge=0, le=50)
    """Of how many columns the effect is drawn, the most important first."""
    background: int = Field(20, ge=2, le=200)
    """Rows kept in the file, from which a server explains a single answer."""
    seed: int = Field(0, ge=0, lt=2**32)
    """Seed of the shuffles."""
