"""What the cells of a column tell, gathered batch by batch."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ninefold import dates
from ninefold.columns import Array, Column
from ninefold.datasets.tables.parsing import is_missing_text, is_text, parse_datetime
from ninefold.numerals import CURRENCIES, NUMBER, NUMBER_FORMATS
from ninefold.texts import PER_WORD, UNSPACED

EXACT = 2**53
"""Integers up to here are exact as double."""
MOSTLY = 0.8
"""Share of numbers (or dates) from which other text among them is a mistake, not a category."""
PROBE = 200
MAX_OTHERS = 20
TEXT_WORDS, TEXT_DISTINCT, TEXT_LENGTH = 3.0, 0.2, 50.0
"""Free text: this many words on average and this share of distinct cells, or this long."""


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
    words: int = 0
    characters: int = 0
    distinct_share: float | None = None
    dates: dict[str | None, int] | None = None
    others: Counter[str] = field(default_factory=Counter)

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
        if not is_number.all():
            others = pa.array(~is_number)
            self._add_others(pc.filter(cells, others), counts[~is_number])

    def _add_numbers(self, cells: pa.Array, counts: Array) -> Array:
        try:
            cells.cast(pa.float64())
            fits = np.ones(len(cells), dtype=bool)
        except pa.ArrowInvalid:
            fits = np.asarray(pc.match_substring_regex(cells, NUMBER))
        self.numbers += int(counts[fits].sum())
        if not fits.all():
            others = pc.filter(cells, pa.array(~fits))
            for name, format in NUMBER_FORMATS.items():
                is_formatted = np.asarray(pc.match_substring_regex(others, format.looks))
                self.formatted[name] += int(counts[~fits][is_formatted].sum())
            self.currencies |= {
                sign for sign in CURRENCIES if pc.any(pc.match_substring(others, sign)).as_py()
            }
        if self.is_integer and fits.any():
            self._add_integers(pc.filter(cells, pa.array(fits)))
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

    def _add_others(self, cells: pa.Array, counts: Array) -> None:
        comma = np.asarray(
            pc.match_substring_regex(cells, "^[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?$")
        )
        self.commas += int(counts[comma].sum())
        lower = pc.utf8_lower(cells)
        boolean = np.asarray(pc.is_in(lower, value_set=pa.array(["true", "false"])))
        self.booleans += int(counts[boolean].sum())
        words = pc.add(pc.count_substring_regex(cells, r"\s+"), 1).to_numpy()
        words = words + pc.count_substring_regex(cells, f"[{UNSPACED}]").to_numpy() // PER_WORD
        self.words += int((words * counts).sum())
        self.characters += int((pc.utf8_length(cells).to_numpy() * counts).sum())
        for position in range(min(len(cells), MAX_OTHERS)):
            cell = cells[position].as_py()
            if cell in self.others or len(self.others) < MAX_OTHERS:
                self.others[cell] += int(counts[position])
        self._add_dates(cells, counts)

    def _add_dates(self, cells: pa.Array, counts: Array) -> None:
        if self.dates is None:
            probe = cells.slice(0, PROBE)
            fits = {f: _dates(probe, f).mean() for f in dates.COMMON}
            self.dates = {f: 0 for f, share in fits.items() if share >= MOSTLY}
        for format in self.dates:
            self.dates[format] += int(counts[_dates(cells, format)].sum())

    def date_formats(self) -> list[str | None]:
        """Return the formats that every cell fits."""
        return [f for f, count in (self.dates or {}).items() if count == self.given > 0]

    def is_free_text(self) -> bool:
        """Tell prose from names and codes."""
        others = max(1, self.given - self.numbers)
        is_wordy = self.words / others >= TEXT_WORDS
        is_varied = (self.distinct_share or 0) >= TEXT_DISTINCT
        return (is_wordy and is_varied) or self.characters / others >= TEXT_LENGTH

    def mixed(self) -> tuple[str, int] | None:
        """Return what most cells are and how many are not, if that looks like a mistake."""
        dated = max((self.dates or {}).values(), default=0)
        kind, count = ("numbers", self.numbers) if self.numbers >= dated else ("dates", dated)
        if MOSTLY * self.given <= count < self.given:
            return kind, self.given - count
        return None


def _dates(cells: pa.Array, format: str | None) -> Array:
    return np.asarray(parse_datetime(cells, Column("", "datetime", format=format)).is_valid())


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
