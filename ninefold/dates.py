"""Dates written as text: formats, and their exact reading as microseconds since 1970.

Needs nothing but numpy and the standard library, so that a server reads a date exactly as ingest
did. A format is strptime's (`%d.%m.%Y %H:%M`; without %d a month's first day is meant); None means
ISO 8601 (`2013-12-31`, `2013-12-31T14:05:09.25+01:00`). Offsets are brought to UTC; a date without
one is taken as it is.
"""

import datetime
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
NAT = np.iinfo(np.int64).min
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = "[A-Za-z]{3,9}"
DIRECTIVES: Mapping[str, str] = {
    "%Y": r"(?P<Y>[0-9]{4})",
    "%y": r"(?P<y>[0-9]{2})",
    "%m": r"(?P<m>[0-9]{1,2})",
    "%d": r"(?P<d>[0-9]{1,2})",
    "%H": r"(?P<H>[0-9]{1,2})",
    "%I": r"(?P<I>[0-9]{1,2})",
    "%M": r"(?P<M>[0-9]{2})",
    "%S": r"(?P<S>[0-9]{2})",
    "%f": r"(?P<f>[0-9]{1,9})",
    "%p": r"(?P<p>[AaPp][Mm])",
    "%b": f"(?P<b>{_MONTH})",
    "%B": f"(?P<b>{_MONTH})",
    "%z": r"(?P<z>Z|z|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})",
    "%%": "%",
}
ISO = (
    r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"
    r"(?:[T ](?P<H>[0-9]{2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?"
    r" ?(?P<z>Z|z|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})?)?"
)
PLAIN = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")
"""ISO 8601 as it is mostly written: without an offset or parts of seconds."""
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_DAYS = ("%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%m-%d-%Y", "%d-%m-%Y", "%Y.%m.%d")
_SHORT = ("%d.%m.%y", "%m/%d/%y", "%d/%m/%y")
_NAMED = ("%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%b %d %Y", "%d. %b %Y")
_MONTHS = ("%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%b-%Y")
COMPACT = "%Y%m%d"
COMMON: tuple[str | None, ...] = (
    None,
    *(day + clock for day in (*_DAYS, *_SHORT, *_NAMED) for clock in _CLOCKS),
    "%d %b %Y %H:%M:%S %z",
    *_MONTHS,
    COMPACT,
)
"""Formats that are tried when none is given, in order of preference."""
EPOCH = datetime.date(1970, 1, 1).toordinal()
IN_DIGITS = range(19_000_101, 21_000_000)
"""Whole numbers that are dates in digits, as in 20130105."""
DOUBTFUL = 4_200_000_000_000
"""Whole numbers of a smaller amount are microseconds of seven weeks around 1970: as milliseconds
they reach the year 2103, as seconds all years."""
LATEST = 253_402_300_799_999_999
"""The last microsecond of the year 9999."""
UNITS = (("seconds", 10**8, 10**11, 10**6), ("milliseconds", 10**11, DOUBTFUL, 1000))
"""Units that doubtful numbers seem to count: from which amount, below which, and their length."""


def is_day_first(format: str | None) -> bool | None:
    """Tell whether a numeric format has the day before the month; None if that is beyond doubt."""
    found = re.match(r"%([dm])[/-]%([dm])[/-]", format or "")
    return found[1] == "d" if found else None


@cache
def pattern(format: str | None) -> str:
    """Return the regular expression of a format, anchored, with one group per directive.

    Raises:
        ValueError: a directive that is not supported, twice the same, or no month or year.
    """
    if format is None:
        return f"^{ISO}$"
    parts = re.findall(r"%.|[^%]+|%$", format)
    unknown = [part for part in parts if part.startswith("%") and part not in DIRECTIVES]
    if unknown:
        raise ValueError(f"must use {' '.join(DIRECTIVES)}, however: {unknown[0]!r} in {format!r}")
    text = "".join(DIRECTIVES.get(part, re.escape(part)) for part in parts)
    groups = re.findall(r"\?P<(\w)>", text)
    if len(set(groups)) < len(groups):
        raise ValueError(f"must use each directive once, however: {format!r}")
    has_clock = bool({"H", "I", "M", "S", "f"} & set(groups))
    is_month = {"Y", "y"} & set(groups) and {"m", "b"} & set(groups)
    if groups != ["Y"] and (not is_month or (has_clock and "d" not in groups)):
        raise ValueError(
            "must hold year and month, beside a clock time the day as well (such as %Y-%m-%d), "
            f"however: {format!r}"
        )
    if "I" in groups and "p" not in groups:
        raise ValueError(f"must hold %p beside %I, however: {format!r}")
    return f"^{text}$"


WORDS = ("b", "p", "z")
"""Groups that stay text; the others are whole numbers, `f` microseconds."""


def assemble(fields: Mapping[str, Array], matched: Array) -> Array:
    """Turn the groups of `pattern`, each `(N,)`, into int64 microseconds since 1970.

    Groups are int64 (0 where absent), those in `WORDS` text. A row that is not `matched`, or
    names a day or hour that does not exist, becomes `NAT`.
    """
    zero = np.zeros(len(matched), dtype=np.int64)
    first = zero + 1
    year = fields["Y"] if "Y" in fields else _century(fields["y"])
    month = _month(fields["b"]) if "b" in fields else fields.get("m", first)
    day, hour = fields.get("d", first), _hour(fields, zero)
    minute, second = fields.get("M", zero), fields.get("S", zero)
    ok = matched & (month >= 1) & (month <= 12) & (year >= 1) & (hour >= 0) & (hour < 24)
    ok &= (minute < 60) & (second < 60) & (day >= 1)
    months = (np.where(ok, year, 1970) - 1970) * 12 + np.where(ok, month, 1) - 1
    starts = months.astype("M8[M]")
    lengths = ((starts + 1).astype("M8[D]") - starts.astype("M8[D]")).astype(np.int64)
    ok &= day <= lengths
    days = starts.astype("M8[D]").astype(np.int64) + day - 1
    seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
    if "z" in fields:
        seconds -= _offset_s(fields["z"])
    return np.where(ok, seconds * 1_000_000 + fields.get("f", zero), NAT)


def plain_micros(text: str) -> int | None:
    """Return microseconds since 1970 of a date as ISO 8601 mostly has it; None: look closely.

    >>> plain_micros("1970-01-02 00:00"), plain_micros("1970-01-02T00:00+01:00")
    (86400000000, None)
    """
    if PLAIN.fullmatch(text) is None:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    days = moment.toordinal() - EPOCH
    return (days * 86_400 + moment.hour * 3_600 + moment.minute * 60 + moment.second) * 1_000_000


def to_micros(texts: Sequence[str], format: str | None = None) -> Array:
    """Return int64 microseconds since 1970 `(N,)`; what does not match the format is `NAT`."""
    if format is not None:
        return _by_pattern(texts, format)
    found = [plain_micros(text) for text in texts]
    odd = [position for position, micros in enumerate(found) if micros is None]
    if odd:
        micros = _by_pattern([texts[position] for position in odd], None).tolist()
        for position, moment in zip(odd, micros, strict=True):
            found[position] = moment
    return np.array(found, dtype=np.int64)


def _by_pattern(texts: Sequence[str], format: str | None) -> Array:
    compiled = re.compile(pattern(format))
    matches = [compiled.fullmatch(text.strip()) for text in texts]
    fields = {}
    for key in compiled.groupindex:
        found = [(match[key] or "") if match else "" for match in matches]
        if key == "f":
            found = [text[:6].ljust(6, "0") if text else "" for text in found]
        is_word = key in WORDS
        fields[key] = np.asarray(found if is_word else [int(text or 0) for text in found])
    return assemble(fields, np.asarray([match is not None for match in matches], dtype=bool))


def years(micros: Array) -> Array:
    """Return the years of moments `(N,)` in microseconds since 1970; of `NAT` some year."""
    return (
        np.where(micros == NAT, 0, micros).astype("M8[us]").astype("M8[Y]").astype(np.int64) + 1970
    )


def shown(micros: float) -> str:
    """Return microseconds since 1970 as people and clients write them; whole days without a time.

    >>> shown(1388448000000000), shown(1388498700000000.0)
    ('2013-12-31', '2013-12-31T14:05:00')
    """
    moment = str(np.datetime64(int(micros), "us")).removesuffix(".000000")
    return moment.removesuffix("T00:00:00")


def doubt(value: object) -> str:
    """Say why a value is hardly a date in whole microseconds since 1970; "" where it may be one."""
    if type(value) is not int or value in (0, NAT) or DOUBTFUL <= abs(value) <= LATEST:
        return ""
    unit, micros = "nanoseconds", value // 1000
    for other, low, high, length in UNITS:
        if low <= abs(value) < high:
            unit, micros = other, value * length
    if abs(micros) < DOUBTFUL or abs(micros) > LATEST:
        return ", which is hardly a date"
    moment = str(np.datetime64(micros, "us")).removesuffix(".000000")
    return f", which counts {unit} if {moment} is meant"


def is_doubtful(values: Array) -> Array:
    """Return the mask `(N,)` of int64 values that are hardly dates in microseconds."""
    amounts = np.abs(values)
    inside = (amounts >= DOUBTFUL) & (amounts <= LATEST)
    return np.asarray(~inside & (values != 0) & (values != NAT))


def _century(two_digits: Array) -> Array:
    """Read two-digit years as POSIX does: 69 to 99 are the 1900s."""
    return np.where(two_digits >= 69, 1900, 2000) + two_digits


def _month(names: Array) -> Array:
    short = np.char.lower(names.astype("U3"))
    found = np.zeros(len(short), dtype=np.int64)
    for position, name in enumerate(MONTHS, start=1):
        found[short == name] = position
    return found


def _hour(fields: Mapping[str, Array], zero: Array) -> Array:
    if "I" not in fields:
        return fields.get("H", zero)
    twelve = fields["I"]
    is_pm = np.char.lower(fields["p"].astype("U2")) == "pm"
    is_valid = (twelve >= 1) & (twelve <= 12)
    return np.where(is_valid, twelve % 12 + np.where(is_pm, 12, 0), -1)


def _offset_s(offsets: Array) -> Array:
    unique, inverse = np.unique(offsets.astype("U6"), return_inverse=True)
    return np.asarray([_one_offset_s(str(text)) for text in unique], dtype=np.int64)[inverse]


def _one_offset_s(text: str) -> int:
    if text in ("", "Z", "z"):
        return 0
    digits = text[1:].replace(":", "")
    seconds = int(digits[:2]) * 3_600 + int(digits[2:] or 0) * 60
    return -seconds if text[0] == "-" else seconds
