import datetime as dt
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninefold.columns import Column, to_array
from ninefold.datasets import MISSING, ColumnSpec
from ninefold.datasets.tables.parsing import BOOLEAN, parse, unreadable


@given(st.lists(st.floats(), min_size=1))
def test_a_number_is_read_to_the_last_bit(values):
    read = to_array(parse(pa.array(map(repr, values)), Column("x", "number"), MISSING), "number")
    np.testing.assert_array_equal(read, values)


@given(st.lists(st.text() | st.floats().map(repr), min_size=1))
def test_what_is_no_number_is_told_apart_from_missing(cells):
    cells = [cell.encode("utf-8", "ignore").decode() for cell in cells]
    values, column = pa.array(cells), Column("x", "number")
    parsed = parse(values, column, MISSING)
    bad = unreadable(values, parsed, MISSING)
    for cell, value, is_bad in zip(cells, parsed.to_pylist(), bad, strict=True):
        if value is not None:
            assert value == float(cell) or math.isnan(value)
        assert (value is None and cell.strip() not in MISSING) >= is_bad


@pytest.mark.parametrize("cell", ["12abc", "0x10", "1_000", "1 2", "--1", "١"])
def test_half_numbers_are_unreadable(cell):
    values = pa.array([cell])
    parsed = parse(values, Column("x", "number"), MISSING)
    assert unreadable(values, parsed, MISSING).all()


def test_white_space_and_tokens():
    read = parse(pa.array([" 1.5 ", "  ", " NA", "2"]), Column("x", "number"), MISSING)
    assert read.to_pylist() == [1.5, None, None, 2.0]


def test_decimal_comma():
    read = parse(pa.array(["3,14", "-2", "1e3"]), Column("x", "number", format=","), MISSING)
    assert read.to_pylist() == [3.14, -2.0, 1000.0]


def test_true_and_false_in_any_case():
    cells = pa.array(["True", "FALSE", "", "yes"])
    assert parse(cells, Column("x", "bool"), MISSING).to_pylist() == [True, False, None, None]
    category = Column("x", "category", format=BOOLEAN)
    assert parse(cells, category, MISSING).to_pylist() == ["true", "false", None, "yes"]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (pa.array([1, None], pa.int8()), "number", [1, None]),
        (pa.array([1.0, float("nan")]), "number", [1.0, None]),
        (pa.array([1, 2]), "category", ["1", "2"]),
        (pa.array([1.0, 2.5, float("nan")]), "category", ["1", "2.5", None]),
        (pa.array([True, None]), "category", ["true", None]),
        (pa.array(["a", None]).dictionary_encode(), "category", ["a", None]),
        (pa.array(["1", "x"]), "number", [1.0, None]),
        (pa.nulls(2), "category", [None, None]),
        (pa.array([1_500_000], pa.duration("us")), "number", [1.5]),
        (
            pa.array([20131231, 1388448000000000, 0, None, 1388448000, 1388448000000]),
            "datetime",
            [*[dt.datetime(2013, 12, 31)] * 2, dt.datetime(1970, 1, 1), None, None, None],
        ),
    ],
)
def test_typed_values_come_to_their_kind(values, kind, expected):
    assert parse(values, Column("x", kind), MISSING).to_pylist() == expected
    assert parse(pa.chunked_array([values]), Column("x", kind), MISSING).to_pylist() == expected


@pytest.mark.parametrize(
    ("format", "cells", "wanted"),
    [
        ("1,234.5", ["1,234.5", "-12,345,678", "7", "1e3", "1,23", "x"],
         [1234.5, -12345678, 7, 1000, None, None]),
        ("1.234,5", ["1.234,5", "950", "-1.234.567", "1.5", "0,25"],
         [1234.5, 950, -1234567, None, 0.25]),
        ("$1,234.5", ["$1,234.50", "-$7", "£ 3.5", "12 €", "8.25", "5", "$", "$1,23,4"],
         [1234.5, -7, 3.5, 12, 8.25, 5, None, None]),
        ("1.234,5 €", ["1.234,50 €", "€ 7", "-12,5€", "8", "8.25"], [1234.5, 7, -12.5, 8, None]),
        ("1.234,5 €", ["1\u202f234,50\u00a0€", "12 000 €"], [1234.5, 12000]),
        ("1 234,5", ["1 234,5", "12\u00a0345", "-7,25", "950", "1.5", "01 234"],
         [1234.5, 12345, -7.25, 950, None, None]),
        ("1 234.5", ["1 234.5", "12\u202f345", "7.25", "030 123"], [1234.5, 12345, 7.25, None]),
        ("1'234.5", ["1'234.5", "12’345", "7.25", "1'23"], [1234.5, 12345, 7.25, None]),
        ("1,5 %", ["12,5 %", "-3%", "7\u00a0%", "7.5%"], [12.5, -3, 7, None]),
        ("%", ["12.5%", "-3 %", "7", "%"], [12.5, -3, None, None]),
    ],
)  # fmt: skip
def test_numbers_are_read_by_their_format(format, cells, wanted):
    column = ColumnSpec(kind="number", format=format)
    parsed = parse(pa.array(cells), Column("a", "number", format=column.format), ("",))
    assert parsed.to_pylist() == wanted
