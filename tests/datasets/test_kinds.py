"""Which kind a column is: from all its values, unless the user says."""

import pandas as pd
import pyarrow as pa
import pytest

from ninefold.config import validate
from ninefold.datasets import read
from ninefold.datasets.tables.mixed import MixedTypesError
from ninefold.errors import ConfigError, InputError
from ninefold.problem import ProblemSpec
from tests.datasets.files import GOOD, ingest, kinds, text


def test_kinds_are_found_from_all_values(tmp_path):
    rows = 60
    table = pd.DataFrame(
        {
            "zip": [f"0{n:04d}" for n in range(rows)],
            "big": [str(2**60 + n) for n in range(rows)],
            "whole": range(rows),
            "late": [*range(rows - 1), 0.5],
            "flag": [n % 2 == 0 for n in range(rows)],
            "holes": [["True", "False", ""][n % 3] for n in range(rows)],
            "iso": [f"2020-01-{n % 28 + 1:02d} 10:00" for n in range(rows)],
            "german": [f"{n % 28 + 1:02d}.01.2020 14:05" for n in range(rows)],
            "us": [f"{n % 12 + 1}/{n % 28 + 1}/2020" for n in range(rows)],
            "prose": [f"it came {n} days late, and nobody called" for n in range(rows)],
            "none": [""] * rows,
            "mixed dates": [["2020-01-01", "2020-01-01T05:00:00Z"][n % 2] for n in range(rows)],
            "y": ["p", "q"] * (rows // 2),
        }
    )
    path = tmp_path / "t.csv"
    table.to_csv(path, index=False)
    raw, columns = ingest(path)
    assert kinds(columns) == {
        "zip": "category", "big": "category", "whole": "number", "late": "number",
        "flag": "bool", "holes": "category", "iso": "datetime", "german": "datetime",
        "us": "datetime", "prose": "text", "none": "number", "mixed dates": "datetime",
        "y": "category",
    }  # fmt: skip
    assert raw.schema.field("whole").type == pa.int64()
    assert set(raw["holes"].to_pylist()) == {"true", "false", None}
    assert raw["german"][0].as_py().isoformat() == "2020-01-01T14:05:00"
    assert raw["big"][3].as_py() == str(2**60 + 3)
    assert raw["zip"][0].as_py() == "00000"


def test_ambiguous_dates_follow_the_others_or_are_told(tmp_path, caplog):
    rows = [
        f"{n % 12 + 1:02d}/{n % 11 + 1:02d}/2020,{n % 28 + 1}/1/2020,{n % 2}" for n in range(60)
    ]
    _, columns = ingest(text(tmp_path, "d,e,y\n" + "\n".join(rows)))
    assert [c.format for c in columns][:2] == ["%d/%m/%Y", "%d/%m/%Y"]
    assert not caplog.records
    alone = "d,y\n" + "".join(
        f"{n % 12 + 1:02d}/{n % 11 + 1:02d}/2020,{n % 2}\n" for n in range(60)
    )
    _, columns = ingest(text(tmp_path, alone))
    assert columns[0].format == "%m/%d/%Y"
    assert "fits both" in caplog.text


def test_what_the_user_says_wins(tmp_path):
    content = "code,day,y\n" + "".join(
        f"{n % 4},2020{n % 12 + 1:02d}01,{n % 2}\n" for n in range(40)
    )
    _, columns = ingest(
        text(tmp_path, content),
        columns={"code": {"kind": "category"}, "day": {"kind": "datetime", "format": "%Y%m%d"}},
    )
    assert kinds(columns) == {"code": "category", "day": "datetime", "y": "number"}
    with pytest.raises(InputError, match=r"`code` must be datetime .*row 0 .*'0'"):
        ingest(
            text(tmp_path, content), columns={"code": {"kind": "datetime", "format": "%d.%m.%Y"}}
        )
    with pytest.raises(ConfigError, match=r"ingest\.columns.*did you mean `code`"):
        ingest(text(tmp_path, content), columns={"cod": {"kind": "category"}})
    with pytest.raises(ConfigError, match="format"):
        validate("ingest", {"kind": "file", "path": "x", "columns": {"a": {"format": "%d"}}})


def test_a_mixed_column_says_what_would_let_it_pass(tmp_path):
    path = text(tmp_path, GOOD.replace("\n7,0,", "\n?,0,", 1))
    with pytest.raises(MixedTypesError) as error:
        ingest(path)
    assert error.value.patch == {"missing": ["?"]}
    table, _ = ingest(path, missing=["", "?"])
    assert table["a"].null_count == 1


def test_months_and_days_without_separators_are_dates_and_seasons_are_not(tmp_path):
    rows = range(60)
    table = pd.DataFrame(
        {
            "month": [f"{1990 + n // 12}-{n % 12 + 1:02d}" for n in rows],
            "season": [f"{1999 + n % 10}-{n % 10:02d}" for n in rows],
            "day": [f"20{n % 20:02d}01{n % 28 + 1:02d}" for n in rows],
            "number": [20130000 + n for n in rows],
            "y": [n % 2 for n in rows],
        }
    )
    table.to_csv(tmp_path / "t.csv", index=False)
    raw, columns = ingest(tmp_path / "t.csv")
    assert {c.name: (c.kind, c.format) for c in columns} == {
        "month": ("datetime", "%Y-%m"), "season": ("category", None),
        "day": ("datetime", "%Y%m%d"), "number": ("number", None), "y": ("number", None),
    }  # fmt: skip
    assert raw["month"][13].as_py().isoformat() == "1991-02-01T00:00:00"
    table.astype({"day": "int64"}).to_parquet(tmp_path / "t.parquet", index=False)
    day = {"day": {"kind": "datetime", "format": "%Y%m%d"}}
    typed, _ = ingest(tmp_path / "t.parquet", columns=day)
    assert typed["day"].to_pylist() == raw["day"].to_pylist()


AMONG = {
    "a third question marks": (["7.25", "?", "8"] * 20, ["?"]),
    "half dashes among amounts": (["$1,200", "-"] * 30, ["-"]),
    "few words among percentages": (["12%", "5.5%", "7 %"] * 20 + ["unclear"], ["unclear"]),
    "marks among dates": ([f"2020-01-{n % 28 + 1:02d}" for n in range(60)] + ["-"], ["-"]),
    "a word among classes of numbers": (["1", "2", "other"] * 20, None),
    "numbers among dates": ([f"2020-01-{n % 28 + 1:02d}" for n in range(60)] + ["43831"], []),
}


@pytest.mark.parametrize("name", AMONG)
def test_marks_of_missing_values_do_not_make_numbers_a_category(name, tmp_path):
    cells, missing = AMONG[name]
    table = pd.DataFrame({"a": cells, "y": [n % 2 for n in range(len(cells))]})
    table.to_csv(tmp_path / "t.csv", index=False)
    if missing is None:
        assert kinds(ingest(tmp_path / "t.csv")[1])["a"] == "category"
        return
    with pytest.raises(MixedTypesError) as error:
        ingest(tmp_path / "t.csv")
    assert error.value.patch.get("missing", []) == missing


def test_a_mark_beside_decimal_commas_is_told(tmp_path):
    cells = [f"{n},5" if n % 3 else "k.A." for n in range(60)]
    table = pd.DataFrame({"a": cells, "y": [n % 2 for n in range(60)]})
    table.to_csv(tmp_path / "t.csv", index=False, sep=";")
    with pytest.raises(MixedTypesError) as error:
        ingest(tmp_path / "t.csv")
    assert error.value.patch == {"missing": ["k.A."]}
    _, columns = ingest(tmp_path / "t.csv", missing=["k.A."])
    assert (columns[0].kind, columns[0].format) == ("number", ",")


def test_roles_come_from_the_problem(tmp_path):
    problem = ProblemSpec(
        target="y", task="classification", time="t", group=("g",), ids=("i",),
        available_at={"late": "after"},
    )  # fmt: skip
    content = "i,g,t,late,y\n" + "".join(f"{n},{n % 5},{n},{n},{n % 2}\n" for n in range(30))
    _, columns = ingest(text(tmp_path, content), problem)
    assert {c.name: set(c.roles) for c in columns} == {
        "i": {"id"}, "g": {"group"}, "t": {"time", "input"}, "late": {"after"}, "y": {"target"},
    }  # fmt: skip
    with pytest.raises(ConfigError, match=r"problem\.ids.*`nope`"):
        ingest(text(tmp_path, content), problem.model_copy(update={"ids": ("nope",)}))
    derived = problem.model_copy(update={"target": "made"})
    with pytest.raises(ConfigError, match="made"):
        ingest(text(tmp_path, content), derived)
    spec = validate("ingest", {"kind": "file", "path": "t.csv"})
    assert read(spec, derived, tmp_path, derived=["made"])[0].num_rows == 30
    with pytest.raises(ConfigError, match=r"validate\.mask: t\.csv has no column `lat`.*`late`"):
        read(spec, problem, tmp_path, masked=["i", "lat"])
