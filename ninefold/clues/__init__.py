"""What may have happened to values that are not as training had them: questions, never verdicts."""

from ninefold.clues.cells import of_cells
from ninefold.clues.levels import LOOKED_AT, of_levels
from ninefold.clues.numbers import CODES, NEGATIVE, has_points, of_outliers, of_shift, of_unit

__all__ = [
    "CODES",
    "LOOKED_AT",
    "NEGATIVE",
    "has_points",
    "of_cells",
    "of_levels",
    "of_outliers",
    "of_shift",
    "of_unit",
]
