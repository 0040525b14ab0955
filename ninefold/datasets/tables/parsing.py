"""Reads cells by what is known of their column: ingest and prediction call the same function."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ninefold import dates
from ninefold.columns import NAT, TENSORS, Array, Column
from ninefold.numerals import DECIMAL_COMMA, NUMBER, NUMBER_FORMATS, PLAIN
from ninefold.tensor_cells import arrow_type

BOOLEAN = "boolean"
"""Format of a category column that holds true, false and missing."""
STRINGS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)


def is_text(type_: pa.DataType) -> bool:
    """Tell whether an Arrow type holds text, dictionary-encoded or not."""
    if pa.types.is_dictionary(type_):
        return is_text(type_.value_type)
    return any(test(type_) for test in STRINGS)


def parse(values: pa.Array | pa.ChunkedArray, column: Column, missing: Collection[str]) -> pa.Array:
    """Return the cells of `column` as Arrow values of its kind; null where missing or unreadable.

    `values (N,)` may be text, as a CSV file has it, or typed, as a Parquet file has it. A cell of
    text is missing if, apart from white space around it, it is one of `missing`. Numbers come as
    double, or keep their integer type; datetimes as microseconds without a time zone, in UTC.
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), TYPES[column.kind])
    if is_text(values.type):
        return PARSERS[column.kind](_present(values.cast(pa.string()), missing), column)
    return _convert(values, column)


def unreadable(
    values: pa.Array | pa.ChunkedArray, parsed: pa.Array, missing: Collection[str]
) -> Array:
    """Return the mask `(N,)` of cells that are not missing and yet became null in `parsed`."""
    given = values.is_valid()
    if is_text(values.type):
        given = pc.and_(given, pc.invert(is_missing_text(values.cast(pa.string()), missing)))
    mask: Array = np.logical_and(np.asarray(given), np.asarray(parsed.is_null()))
    return mask


def is_missing_text(values: pa.Array | pa.ChunkedArray, missing: Collection[str]) -> pa.Array:
    """Return the mask of text cells that stand for a missing value."""
    trimmed = pc.utf8_trim_whitespace(pc.fill_null(values, ""))
    return pc.is_in(trimmed, value_set=pa.array(sorted({"", *missing}), pa.string()))


def _present(values: pa.Array, missing: Collection[str]) -> pa.Array:
    return pc.if_else(is_missing_text(values, missing), pa.scalar(None, pa.string()), values)


def parse_number(values: pa.Array, column: Column) -> pa.Array:
    """Read text as double, correctly rounded; what is no number becomes null."""
    values = pc.utf8_trim_whitespace(values)
    format = NUMBER_FORMATS.get(column.format or "")
    if format:
        fits = pc.match_substring_regex(values, f"{format.looks}|{PLAIN[format.plain]}")
        bare = pc.utf8_trim_whitespace(pc.replace_substring_regex(values, format.without, ""))
        values = pc.if_else(fits, bare, pa.scalar(None, pa.string()))
    if column.format == DECIMAL_COMMA or (format and format.decimal == ","):
        values = pc.replace_substring(values, ",", ".")
    try:
        return values.cast(pa.float64())
    except pa.ArrowInvalid:
        fits = pc.match_substring_regex(values, NUMBER)
        return pc.if_else(fits, values, pa.scalar(None, pa.string())).cast(pa.float64())


def parse_bool(values: pa.Array, column: Column) -> pa.Array:
    """Read true and false, in any case; anything else becomes null."""
    lower = pc.utf8_lower(pc.utf8_trim_whitespace(values))
    fits = pc.is_in(lower, value_set=pa.array(["true", "false"]))
    known = pc.if_else(fits, lower, pa.scalar(None, pa.string()))
    return pc.equal(known, "true")


def parse_datetime(values: pa.Array, column: Column) -> pa.Array:
    """Read dates by the column's format; what does not fit becomes null."""
    encoded = pc.utf8_trim_whitespace(values).dictionary_encode()
    groups = pc.extract_regex(encoded.dictionary, dates.pattern(column.format))
    if groups.null_count == len(groups):
        return pa.nulls(len(values), pa.timestamp("us"))
    fields = {
        field.name: _group(field.name, groups.field(position))
        for position, field in enumerate(groups.type)
    }
    micros = dates.assemble(fields, np.asarray(groups.is_valid()))
    parsed = pa.array(micros, pa.int64(), mask=micros == NAT).cast(pa.timestamp("us"))
    return parsed.take(encoded.indices)


def _group(name: str, texts: pa.Array) -> Array:
    """Return one group of a date's pattern as `dates.assemble` takes it."""
    texts = pc.fill_null(texts, "")
    if name in dates.WORDS:
        if not pc.any(pc.greater(pc.binary_length(texts), 0)).as_py():
            return np.zeros(len(texts), dtype="U1")
        return np.asarray(texts.to_numpy(zero_copy_only=False)).astype("U9")
    if name == "f":
        texts = pc.utf8_rpad(pc.utf8_slice_codeunits(texts, 0, 6), 6, "0")
    empty = pc.equal(pc.binary_length(texts), 0)
    return np.asarray(pc.if_else(empty, "0", texts).cast(pa.int64()).to_numpy())


def parse_category(values: pa.Array, column: Column) -> pa.Array:
    """Keep text as it is; lower case for true and false."""
    if column.format != BOOLEAN:
        return values
    lower = pc.utf8_lower(pc.utf8_trim_whitespace(values))
    fits = pc.is_in(lower, value_set=pa.array(["true", "false"]))
    return pc.if_else(fits, lower, values)


TYPES = {
    "number": pa.float64(),
    "category": pa.string(),
    "text": pa.string(),
    "bool": pa.bool_(),
    "datetime": pa.timestamp("us"),
    "image": arrow_type("image"),
    "sequence": arrow_type("sequence"),
}
PARSERS = {
    "number": parse_number,
    "category": parse_category,
    "text": parse_category,
    "bool": parse_bool,
    "datetime": parse_datetime,
}


def _convert(values: pa.Array, column: Column) -> pa.Array:
    """Bring typed values to the column's kind."""
    kind, type_ = column.kind, values.type
    if kind in TENSORS:
        return values
    if kind == "number":
        if pa.types.is_integer(type_):
            return values
        if pa.types.is_duration(type_):
            return pc.divide(values.cast(pa.duration("us")).cast(pa.int64()).cast("double"), 1e6)
        if pa.types.is_boolean(type_):
            return values.cast(pa.int8())
        numbers = values.cast(pa.float64(), safe=False)
        return pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)
    if kind == "datetime":
        if pa.types.is_integer(type_):
            return _counted(values, column)
        if pa.types.is_timestamp(type_) and type_.tz:
            values = values.cast(pa.timestamp(type_.unit, tz="UTC"))
        return values.cast(pa.timestamp("us"), safe=False)
    if kind == "bool":
        return values.cast(pa.bool_())
    if pa.types.is_floating(type_):
        return _as_text(values)
    return values.cast(pa.string())


def _counted(values: pa.Array, column: Column) -> pa.Array:
    """Read whole numbers as dates: by the column's format, in digits as 20130105, or microseconds
    since 1970; null where they are hardly that.
    """
    if column.format:
        return parse_datetime(values.cast(pa.string()), column)
    numbers = values.cast(pa.int64())
    low, high = dates.IN_DIGITS.start, dates.IN_DIGITS.stop
    is_digits = pc.and_(pc.greater_equal(numbers, low), pc.less(numbers, high))
    digits = pc.if_else(is_digits, numbers, pa.scalar(None, pa.int64())).cast(pa.string())
    doubtful = dates.is_doubtful(np.asarray(pc.fill_null(numbers, 0)))
    micros = pc.if_else(pa.array(doubtful), pa.scalar(None, pa.int64()), numbers)
    by_digits = parse_datetime(digits, replace(column, format=dates.COMPACT))
    return pc.coalesce(by_digits, micros.cast(pa.timestamp("us")))


def _as_text(values: pa.Array) -> pa.Array:
    """Write numbers as text, whole ones without a point, as a CSV file would have them."""
    values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    whole = pc.equal(values, pc.round(values))
    small = pc.less(pc.abs(values), 2.0**53)
    is_whole = pc.and_(whole, small)
    integers = pc.if_else(is_whole, values, pa.scalar(None, values.type)).cast(pa.int64())
    return pc.if_else(is_whole, integers.cast(pa.string()), values.cast(pa.string()))
