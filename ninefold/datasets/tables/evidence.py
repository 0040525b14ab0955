"""What the cells of a column tell, gathered batch by batch."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ninefold import dates
from ninefold.columns import Array, Column, spread
from ninefold.datasets.tables.parsing import is_missing_text, is_text, parse_datetime
from ninefold.numerals import CURRENCIES, DECIMAL_COMMA, NUMBER, NUMBER_FORMATS
from ninefold.spelling import MARKS
from ninefold.texts import PER_WORD, UNSPACED, split_text

EXACT = 2**53
"""Integers up to here are exact as double."""
MOSTLY = 0.8
"""Share of numbers (or dates) from which other text among them is a mistake, not a category."""
MARKED = 0.2
"""The same where all the others are `MARKS`."""
COMPACT = "^(19|20)[0-9]{6}$"
PROBE = 200
YEARS = 1700, 2200
"""A month of another year is rather a code with a dash in it."""
MAX_OTHERS = 20
TEXT_WORDS, TEXT_DISTINCT, TEXT_LENGTH = 3.0, 0.2, 50.0
"""Free text: this many words on average and this share of distinct cells, or this long."""
PHRASE_WORDS, PHRASE_SHARE, COMMON, PHRASES = 1.5, 0.5, 3, 5000
"""Phrases: this many words on average, where most cells are of a level seen less than `COMMON`
times, so that a category would tell nothing, and most have a word that so many others have, of
some that are looked at."""


@dataclass
class TextEvidence:
    """What the cells of one column of text tell, gathered batch by batch."""

    given: int = 0
    missing: int = 0
    numbers: int = 0
    commas: int = 0
    formatted: Counter[str] = field(default_factory=Counter)
    """Numbers with thousands separators, a percent or a currency sign, by their format."""
    currencies: set[str] = field(default_factory=set)
    booleans: int = 0
    is_integer: bool = True
    has_leading_zero: bool = False
    largest: int = 0
    compact: int = 0
    """Whole numbers that read as dates of the last or this century: 20130131."""
    words: int = 0
    characters: int = 0
    distinct_share: float | None = None
    is_phrased: bool | None = None
    """Whether the cells of the first batch are told by their words only."""
    dates: dict[str | None, int] | None = None
    others: Counter[str] = field(default_factory=Counter)
    """Cells that are neither numbers nor dates, the first `MAX_OTHERS` of them."""
    written: Counter[str] = field(default_factory=Counter)
    """The same of numbers that are written otherwise than plainly."""
    plain: Counter[str] = field(default_factory=Counter)
    """The same of plain numbers."""

    def add(self, values: pa.Array, missing: Collection[str], may_be_number: bool = True) -> None:
        """Take in one batch of cells."""
        absent = is_missing_text(values, missing)
        present = pc.filter(values, pc.invert(absent))
        self.missing += len(values) - len(present)
        if not len(present):
            return
        self.given += len(present)
        counted = pc.value_counts(present)
        cells = pc.utf8_trim_whitespace(counted.field("values"))
        counts = counted.field("counts").to_numpy()
        if self.distinct_share is None:
            self.distinct_share = len(cells) / len(present)
        is_number = (
            self._add_numbers(cells, counts) if may_be_number else np.zeros(len(cells), dtype=bool)
        )
        _list(self.plain, cells, counts, is_number)
        if not is_number.all():
            others = pa.array(~is_number)
            self._add_others(pc.filter(cells, others), counts[~is_number], may_be_number)

    def _add_numbers(self, cells: pa.Array, counts: Array) -> Array:
        try:
            cells.cast(pa.float64())
            fits = np.ones(len(cells), dtype=bool)
        except pa.ArrowInvalid:
            fits = np.asarray(pc.match_substring_regex(cells, NUMBER))
        self.numbers += int(counts[fits].sum())
        if fits.any():
            numbers = pc.filter(cells, pa.array(fits))
            if self.is_integer:
                self._add_integers(numbers)
            if pc.all(pc.match_substring_regex(numbers, COMPACT)).as_py():
                self.compact += int(counts[fits][_dates(numbers, dates.COMPACT)].sum())
        return fits

    def _add_integers(self, cells: pa.Array) -> None:
        """Look at the digits; numbers beyond int64 count as larger than any exact one."""
        digits = pc.match_substring_regex(cells, "^-?[0-9]+$")
        if not pc.all(digits).as_py():
            self.is_integer = False
            return
        zero = pc.match_substring_regex(cells, "^-?0[0-9]")
        self.has_leading_zero |= bool(pc.any(zero).as_py())
        try:
            bounds = pc.min_max(cells.cast(pa.int64())).as_py()
            self.largest = max(self.largest, abs(bounds["min"]), abs(bounds["max"]))
        except pa.ArrowInvalid:
            self.largest = EXACT + 1

    def _add_formatted(self, cells: pa.Array, counts: Array) -> Array:
        """Count numbers that are written otherwise than plainly; return the mask of them."""
        looks = np.asarray(
            pc.match_substring_regex(cells, "^[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?$")
        )
        self.commas += int(counts[looks].sum())
        for name, format in NUMBER_FORMATS.items():
            is_formatted = np.asarray(pc.match_substring_regex(cells, format.looks))
            self.formatted[name] += int(counts[is_formatted].sum())
            looks = looks | is_formatted
        self.currencies |= {
            sign for sign in CURRENCIES if pc.any(pc.match_substring(cells, sign)).as_py()
        }
        return looks

    def _add_others(self, cells: pa.Array, counts: Array, may_be_number: bool) -> None:
        looks = np.zeros(len(cells), dtype=bool)
        if may_be_number:
            looks = self._add_formatted(cells, counts)
        lower = pc.utf8_lower(cells)
        boolean = np.asarray(pc.is_in(lower, value_set=pa.array(["true", "false"])))
        self.booleans += int(counts[boolean].sum())
        words = pc.add(pc.count_substring_regex(cells, r"\s+"), 1).to_numpy()
        words = words + pc.count_substring_regex(cells, f"[{UNSPACED}]").to_numpy() // PER_WORD
        self.words += int((words * counts).sum())
        if self.is_phrased is None:
            several = float((words * counts).sum()) >= PHRASE_WORDS * counts.sum()
            self.is_phrased = several and _are_phrases(cells, counts)
        self.characters += int((pc.utf8_length(cells).to_numpy() * counts).sum())
        _list(self.written, cells, counts, looks)
        _list(self.others, cells, counts, ~(looks | self._add_dates(cells, counts)))

    def _add_dates(self, cells: pa.Array, counts: Array) -> Array:
        """Count dates by their format; return the mask of them."""
        if self.dates is None:
            probe = cells.slice(0, PROBE)
            shares = {f: _dates(probe, f).mean() for f in dates.COMMON}
            self.dates = {f: 0 for f, share in shares.items() if share >= MOSTLY}
            if _are_seasons(probe):
                self.dates = {}
        is_date = np.zeros(len(cells), dtype=bool)
        for format in self.dates:
            fits = _dates(cells, format)
            self.dates[format] += int(counts[fits].sum())
            is_date |= fits
        return is_date

    def date_formats(self) -> list[str | None]:
        """Return the formats that every cell fits."""
        return [f for f, count in (self.dates or {}).items() if count == self.given > 0]

    def is_free_text(self) -> bool:
        """Tell prose from names and codes."""
        others = max(1, self.given - self.numbers)
        is_wordy = self.words / others >= TEXT_WORDS
        is_varied = (self.distinct_share or 0) >= TEXT_DISTINCT
        is_long = self.characters / others >= TEXT_LENGTH
        return (is_wordy and is_varied) or is_long or bool(self.is_phrased)

    def by_format(self, has_decimal_comma: bool) -> dict[str | None, int]:
        """Return how many cells are numbers in each format, the preferred one first; None: plain.

        A decimal comma is one only in a file whose delimiter is another.
        """
        found: dict[str | None, int] = {None: self.numbers}
        if has_decimal_comma and self.commas:
            found[DECIMAL_COMMA] = self.numbers + self.commas
        if len(self.currencies) > 1:
            return found
        plain = {"any": self.numbers, "whole": self.numbers if self.is_integer else 0, "none": 0}
        for name, format in NUMBER_FORMATS.items():
            if self.formatted[name] and (has_decimal_comma or format.decimal != ","):
                found[name] = self.formatted[name] + plain[format.plain]
        return found

    def mixed(self, has_decimal_comma: bool) -> tuple[str, int] | None:
        """Return what most cells are and how many are not, if that looks like a mistake.

        Where all others are marks of missing values, fewer numbers or dates are enough.
        """
        dated = max((self.dates or {}).values(), default=0)
        numbers = max(self.by_format(has_decimal_comma).values())
        kind, count = ("numbers", numbers) if numbers >= dated else ("dates", dated)
        others = self.given - count
        is_marked = sum(self.marks().values()) == others
        if (MARKED if is_marked else MOSTLY) * self.given <= count < self.given:
            return kind, others
        return None

    def marks(self) -> dict[str, int]:
        """Return the cells that people write where a value is missing, with their numbers."""
        return {cell: n for cell, n in self.others.items() if cell.lower() in MARKS}


def _are_seasons(cells: pa.Array) -> bool:
    """Tell seasons such as 2009-10, a year and the next, from months."""
    found = pc.extract_regex(cells, r"^[0-9]{2}(?P<a>[0-9]{2})[-/](?P<b>[0-9]{2})$").drop_null()
    years, following = (pc.struct_field(found, name).cast(pa.int64()) for name in ("a", "b"))
    is_next = np.asarray(years) + 1 == np.asarray(following) + 100 * (np.asarray(following) == 0)
    return len(found) > 1 and bool(is_next.all())


def _list(listed: Counter[str], cells: pa.Array, counts: Array, mask: Array) -> None:
    """Count the cells that a mask names, as far as there is room for other ones."""
    for position in np.flatnonzero(mask)[: 2 * MAX_OTHERS].tolist():
        cell = cells[position].as_py()
        if cell in listed or len(listed) < MAX_OTHERS:
            listed[cell] += int(counts[position])


def _are_phrases(cells: pa.Array, counts: Array) -> bool:
    """Tell whether most of the cells `(n,)`, each found `counts (n,)` times, are of a rare level
    and have a word that others have too.
    """
    if counts[counts >= COMMON].sum() > (1 - PHRASE_SHARE) * counts.sum():
        return False
    some = spread(len(cells), PHRASES)
    parts = [set(split_text(text)) for text in pc.utf8_lower(cells.take(some)).to_pylist()]
    known = Counter(word for words in parts for word in words)
    telling = np.array([any(known[word] > COMMON for word in words) for words in parts])
    return bool(counts[some][telling].sum() >= PHRASE_SHARE * counts[some].sum())


def _dates(cells: pa.Array, format: str | None) -> Array:
    """Return the mask `(N,)` of cells that are dates; months only of years people write down."""
    found = parse_datetime(cells, Column("", "datetime", format=format))
    fits = np.asarray(found.is_valid())
    if format is not None and "%d" not in format:
        year = np.asarray(pc.fill_null(pc.year(found), 0))
        fits = fits & (year >= YEARS[0]) & (year <= YEARS[1])
    return fits


@dataclass
class TypedEvidence:
    """What the values of one column with a type of its own tell."""

    type: pa.DataType
    missing: int = 0
    largest: int = 0

    def add(self, values: pa.Array) -> None:
        """Take in one batch of values."""
        self.missing += values.null_count
        if pa.types.is_integer(values.type) and values.null_count < len(values):
            bounds = pc.min_max(values).as_py()
            self.largest = max(self.largest, abs(bounds["min"]), abs(bounds["max"]))


def gather(type_: pa.DataType) -> TextEvidence | TypedEvidence:
    """Return what gathers evidence on a column of this Arrow type."""
    return TextEvidence() if is_text(type_) else TypedEvidence(type_)
