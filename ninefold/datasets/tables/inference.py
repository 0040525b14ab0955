"""Finds out, from all its values, what kind of column a column is."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ninefold import dates
from ninefold.columns import Array, Column
from ninefold.datasets import ColumnSpec
from ninefold.datasets.tables.parsing import (
    BOOLEAN,
    DECIMAL_COMMA,
    NUMBER,
    is_missing_text,
    is_text,
    parse_datetime,
)
from ninefold.errors import InputError

EXACT = 2**53
"""Integers up to here are exact as double."""
MOSTLY = 0.8
"""Share of numbers (or dates) from which other text among them is a mistake, not a category."""
PROBE = 200
MAX_OTHERS = 20
TEXT_WORDS, TEXT_DISTINCT, TEXT_LENGTH = 3.0, 0.2, 50.0
"""Free text: this many words on average and this share of distinct cells, or this long."""
log = logging.getLogger("ninefold")


@dataclass(frozen=True)
class Inferred:
    """A column's kind and format; `is_integer` if every number in it is whole."""

    column: Column
    is_integer: bool = False


class MixedTypesError(InputError):
    """Columns of numbers or dates with other text among them.

    `patch` is what to put under `ingest` in params.yaml: `{"missing": [...], "columns": {...}}`.
    """

    def __init__(self, lines: Iterable[str], patch: Mapping[str, Any]) -> None:
        super().__init__("\n".join(lines))
        self.patch = patch


@dataclass
class TextEvidence:
    """What the cells of one column of text tell, gathered batch by batch."""

    given: int = 0
    missing: int = 0
    numbers: int = 0
    commas: int = 0
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


def infer(
    evidence: Mapping[str, TextEvidence | TypedEvidence],
    given: Mapping[str, ColumnSpec],
    has_decimal_comma: bool,
) -> list[Inferred]:
    """Decide on every column, in order; what the user gave has the last word.

    Raises:
        MixedTypesError: numbers or dates with other text among them.
        InputError: a type that no kind can hold.
    """
    day_first = _day_first(evidence.values())
    inferred: list[Inferred] = []
    mistakes: list[str] = []
    patch: dict[str, Any] = {"missing": [], "columns": {}}
    for name, found in evidence.items():
        override = given.get(name, ColumnSpec())
        if isinstance(found, TypedEvidence):
            inferred.append(_infer_typed(name, found, override))
            continue
        if override.kind is None and (mixed := _unless_comma(found, has_decimal_comma)):
            mistakes.append(_mixed_sentence(name, found, *mixed))
            _suggest(patch, name, found)
        inferred.append(_infer_text(name, found, override, has_decimal_comma, day_first))
    if mistakes:
        raise MixedTypesError(mistakes, {key: value for key, value in patch.items() if value})
    return inferred


def _infer_text(
    name: str, found: TextEvidence, override: ColumnSpec, comma: bool, day_first: bool | None
) -> Inferred:
    if override.kind == "number":
        is_comma = override.format == "," or (comma and found.commas > 0)
        return Inferred(
            Column(name, "number", format=DECIMAL_COMMA if is_comma else None),
            found.is_integer and found.numbers == found.given and found.largest <= EXACT,
        )
    if override.kind == "datetime":
        formats = found.date_formats()
        chosen = override.format if override.format else _choose(name, formats or [None], day_first)
        return Inferred(Column(name, "datetime", format=chosen))
    if override.kind is not None:
        return Inferred(Column(name, override.kind))
    if found.given == 0:
        return Inferred(Column(name, "number"))
    if found.numbers == found.given:
        is_code = found.is_integer and (found.has_leading_zero or found.largest > EXACT)
        if is_code:
            return Inferred(Column(name, "category"))
        return Inferred(Column(name, "number"), found.is_integer)
    if comma and found.numbers + found.commas == found.given:
        return Inferred(Column(name, "number", format=DECIMAL_COMMA))
    if found.booleans == found.given:
        if found.missing == 0:
            return Inferred(Column(name, "bool"))
        return Inferred(Column(name, "category", format=BOOLEAN))
    if formats := found.date_formats():
        return Inferred(Column(name, "datetime", format=_choose(name, formats, day_first)))
    return Inferred(Column(name, "text" if found.is_free_text() else "category"))


def _infer_typed(name: str, found: TypedEvidence, override: ColumnSpec) -> Inferred:
    type_ = found.type.value_type if pa.types.is_dictionary(found.type) else found.type
    is_integer = pa.types.is_integer(type_)
    if override.kind is not None:
        return Inferred(Column(name, override.kind, format=override.format), is_integer)
    if is_integer:
        return Inferred(Column(name, "number" if found.largest <= EXACT else "category"), True)
    if pa.types.is_boolean(type_):
        if found.missing:
            return Inferred(Column(name, "category", format=BOOLEAN))
        return Inferred(Column(name, "bool"))
    if pa.types.is_timestamp(type_) or pa.types.is_date(type_):
        return Inferred(Column(name, "datetime"))
    if any(
        test(type_)
        for test in (
            pa.types.is_floating,
            pa.types.is_decimal,
            pa.types.is_duration,
            pa.types.is_null,
        )
    ):
        return Inferred(Column(name, "number"))
    if pa.types.is_time(type_):
        return Inferred(Column(name, "category"))
    raise InputError(
        f"column `{name}` must hold numbers, text, dates or true/false, however: {type_}. Flatten "
        f"it, or leave it out with `ingest: {{drop: [{name!r}]}}` in params.yaml"
    )


def _day_first(evidence: Iterable[TextEvidence | TypedEvidence]) -> bool | None:
    """Return how the dates beyond doubt write day and month, if they agree."""
    orders = set()
    for found in evidence:
        if isinstance(found, TextEvidence):
            possible = {dates.is_day_first(f) for f in found.date_formats()} - {None}
            if len(possible) == 1:
                orders |= possible
    return orders.pop() if len(orders) == 1 else None


def _choose(name: str, formats: list[str | None], day_first: bool | None) -> str | None:
    orders = {dates.is_day_first(format) for format in formats} - {None}
    if len(orders) < 2:
        return formats[0]
    if day_first is None:
        log.warning(
            "column `%s`: every date fits both month/day and day/month; read as month/day. Say "
            "otherwise with `ingest: {columns: {%s: {kind: datetime, format: '%s'}}}`",
            name, name, next(f for f in formats if dates.is_day_first(f)),
        )  # fmt: skip
    wanted = bool(day_first)
    return next(format for format in formats if dates.is_day_first(format) is wanted)


def _unless_comma(found: TextEvidence, comma: bool) -> tuple[str, int] | None:
    if comma and found.numbers + found.commas == found.given:
        return None
    return found.mixed()


def _mixed_sentence(name: str, found: TextEvidence, kind: str, count: int) -> str:
    examples = ", ".join(repr(cell[:40]) for cell, _ in found.others.most_common(5))
    token = found.others.most_common(1)[0][0][:40]
    return (
        f"column `{name}` must hold one type, however: {found.given - count} {kind} and {count} "
        f"other cells such as {examples}. In params.yaml, add {token!r} to ingest.missing if it "
        "stands for a missing value, or set "
        f"`ingest: {{columns: {{{name!r}: {{kind: category}}}}}}`"
    )


def _suggest(patch: dict[str, Any], name: str, found: TextEvidence) -> None:
    """Add the change to params.yaml that lets the column pass."""
    if len(found.others) < MAX_OTHERS and not found.commas:
        patch["missing"] += [cell for cell in found.others if cell not in patch["missing"]]
    else:
        patch["columns"][name] = {"kind": "category"}
