"""Columns that name the row: moments and numbers of records, which a copy is given anew."""

from ninefold.leakage.case import Case
from ninefold.leakage.identifier import is_numbering

UNIQUE = 0.98
"""Share of distinct values from which a column names rows."""


def row_names(case: Case) -> tuple[str, ...]:
    """Return the raw features of which nearly every row has a value of its own, by their nature.

    Dates, codes without spaces and whole numbers in use alike; not measures, and not texts.
    """
    return tuple(
        name
        for name in case.inputs
        if int(case.codes[name].max()) + 1 >= UNIQUE * len(case) and _is_name(case, name)
    )


def _is_name(case: Case, name: str) -> bool:
    kind, values = case.frame.column(name).kind, case.frame[name]
    if kind == "number":
        return is_numbering(values)
    return kind == "datetime" or all(" " not in str(value).strip() for value in values[:200])
