"""Finds out, from all its values, what kind of column a column is."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from ninefold import dates
from ninefold.columns import Column
from ninefold.datasets import ColumnSpec
from ninefold.datasets.tables.evidence import EXACT, TextEvidence, TypedEvidence
from ninefold.datasets.tables.mixed import Mixed, MixedTypesError
from ninefold.datasets.tables.parsing import BOOLEAN
from ninefold.errors import InputError
from ninefold.numerals import DECIMAL_COMMA

log = logging.getLogger("ninefold")
EITHER_ORDER = (
    "column `%s`: every date fits both month/day and day/month; read as month/day. Say "
    "otherwise with `ingest: {columns: {%s: {kind: datetime, format: '%s'}}}`"
)


@dataclass(frozen=True)
class Inferred:
    """A column's kind and format; `is_integer` if every number in it is whole."""

    column: Column
    is_integer: bool = False


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
    mistakes: dict[str, Mixed] = {}
    for name, found in evidence.items():
        override = given.get(name, ColumnSpec())
        if isinstance(found, TypedEvidence):
            inferred.append(_infer_typed(name, found, override))
            continue
        if override.kind is None and (mixed := _unless_numbers(found, has_decimal_comma)):
            mistakes[name] = Mixed.of(found, *mixed)
        inferred.append(_infer_text(name, found, override, has_decimal_comma, day_first))
    if mistakes:
        raise MixedTypesError(mistakes)
    return inferred


def _infer_text(
    name: str, found: TextEvidence, override: ColumnSpec, comma: bool, day_first: bool | None
) -> Inferred:
    if override.kind == "number":
        is_comma = comma and found.commas > 0
        format = _number_format(found, comma) or (DECIMAL_COMMA if is_comma else None)
        return Inferred(
            Column(name, "number", format=override.format or format),
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
    if found.compact == found.given:
        return Inferred(Column(name, "datetime", format=dates.COMPACT))
    if found.numbers == found.given:
        is_code = found.is_integer and (found.has_leading_zero or found.largest > EXACT)
        if is_code:
            return Inferred(Column(name, "category"))
        return Inferred(Column(name, "number"), found.is_integer)
    if format := _number_format(found, comma):
        return Inferred(Column(name, "number", format=format))
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
        log.warning(EITHER_ORDER, name, name, next(f for f in formats if dates.is_day_first(f)))
    wanted = bool(day_first)
    return next(format for format in formats if dates.is_day_first(format) is wanted)


def _unless_numbers(found: TextEvidence, comma: bool) -> tuple[str, int] | None:
    return None if _number_format(found, comma) else found.mixed(comma)


def _number_format(found: TextEvidence, comma: bool) -> str | None:
    """Return the format by which every cell is a number, if they are not plain numbers."""
    if found.numbers == found.given:
        return None
    counts = found.by_format(comma).items()
    return next((format for format, count in counts if count == found.given), None)
