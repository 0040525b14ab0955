"""Numbers as people write them: what they look like, and how one is read.

Ingest reads whole columns by these patterns, a server single cells. Needs only the standard
library.
"""

import re
from dataclasses import dataclass
from typing import Literal

DECIMAL_COMMA = ","
"""Format of a number column written as 3,14."""


@dataclass(frozen=True)
class NumberFormat:
    """One way to write numbers other than 1234.5.

    looks: what a cell looks like. without: the characters that are left out, as a class of a
    regular expression. plain: which plain numbers may stand among such cells.
    """

    looks: str
    without: str
    decimal: str = "."
    plain: Literal["any", "whole", "none"] = "none"


CURRENCIES = "$€£¥₹"
SIGN = f"[{CURRENCIES}]"
SPACES = " \u00a0\u202f"
"""A space, and the two that do not break: between thousands, before a sign."""
POINT = rf"[0-9]{{1,3}}([,{SPACES}]?[0-9]{{3}})*(\.[0-9]+)?"
COMMA = rf"[0-9]{{1,3}}([.{SPACES}]?[0-9]{{3}})*(,[0-9]+)?"
AMOUNT = f"^[+-]?({SIGN}[{SPACES}]?-?{{n}}|{{n}}[{SPACES}]?{SIGN})$"
NUMBER_FORMATS = {
    "1,234.5": NumberFormat(r"^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$", "[,]", plain="any"),
    "1.234,5": NumberFormat(
        r"^[+-]?([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]+)?$", "[.]", decimal=",", plain="whole"
    ),
    "1 234,5": NumberFormat(
        rf"^[+-]?([1-9][0-9]{{0,2}}([{SPACES}][0-9]{{3}})+|[0-9]+)(,[0-9]+)?$", f"[{SPACES}]",
        decimal=",", plain="whole",
    ),
    "1 234.5": NumberFormat(
        rf"^[+-]?[1-9][0-9]{{0,2}}([{SPACES}][0-9]{{3}})+(\.[0-9]+)?$", f"[{SPACES}]", plain="any"
    ),
    "1'234.5": NumberFormat(
        r"^[+-]?[0-9]{1,3}(['’][0-9]{3})+(\.[0-9]+)?$", "['’]", plain="any"
    ),
    "1,5 %": NumberFormat(
        rf"^[+-]?[0-9]+(,[0-9]+)?[{SPACES}]?%$", f"[%{SPACES}]", decimal=","
    ),
    "%": NumberFormat(rf"^[+-]?[0-9]+(\.[0-9]+)?[{SPACES}]?%$", f"[%{SPACES}]"),
    "$1,234.5": NumberFormat(
        AMOUNT.format(n=POINT), f"[,{SPACES}]|{SIGN}", plain="any"
    ),
    "1.234,5 €": NumberFormat(
        AMOUNT.format(n=COMMA), f"[.{SPACES}]|{SIGN}", decimal=",", plain="whole"
    ),
}  # fmt: skip
"""Other formats of a number column, the way `ingest.columns` names them."""
NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?(?i:inf|infinity)$"
"""No two parts of it can take the same character: Python searches a long text in one pass."""
PLAIN = {"any": NUMBER, "whole": "^[+-]?[0-9]+$", "none": "a^"}
"""What the plain numbers of `NumberFormat.plain` look like."""


def to_number(text: str, format: str | None) -> float | None:
    """Return the number a cell stands for, correctly rounded; None if it is no number.

    >>> to_number("1,234.5", "1,234.5"), to_number("3,5", ","), to_number("12.5 %", "%")
    (1234.5, 3.5, 12.5)
    """
    text = text.strip()
    found = NUMBER_FORMATS.get(format or "")
    if found:
        if not (re.search(found.looks, text) or re.search(PLAIN[found.plain], text)):
            return None
        text = re.sub(found.without, "", text).strip()
    if format == DECIMAL_COMMA or (found and found.decimal == ","):
        text = text.replace(",", ".")
    return float(text) if re.search(NUMBER, text) else None
