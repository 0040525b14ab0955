"""What a drafted suite says of pictures."""

import numpy as np
import pyarrow as pa
import pytest

from expectations.draft import draft
from expectations.gate import gate
from ninefold.columns import ROW, Column, to_arrow, write_table
from ninefold.pixels import objects
from ninefold.problem import ProblemSpec
from ninefold.quality import ValidateSpec
from tests.expectations.drafts import rules


def pictures(blank):
    """Return a table of 80 pictures, some of which are of one colour."""
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 255, (80, 6, 6, 1)).astype(np.uint8)
    cells[:blank] = 255
    columns = (
        Column("scan", "image", frozenset({"input"}), "grey 6"),
        Column("sold", "category", frozenset({"target"})),
    )
    sold = np.where(np.arange(80) % 2, "yes", "no").astype(object)
    values = {"scan": to_arrow(objects(cells), "image"), "sold": to_arrow(sold, "category")}
    return pa.table({ROW: np.arange(80), **values}), columns


@pytest.mark.parametrize("blank", [0, 3])
def test_pictures_of_one_colour_are_told_of_training_itself(blank, tmp_path):
    table, columns = pictures(blank)
    problem = ProblemSpec(target="sold", task="classification")
    (tmp_path / "s.yaml").write_text(draft(table, columns, problem), encoding="utf-8")
    write_table(tmp_path / "raw.parquet", table, columns)
    report = gate(tmp_path / "raw.parquet", tmp_path / "s.yaml", ValidateSpec(), tmp_path / "docs")
    rule = next(i for i in report["expectations"] if i["type"].endswith("to_be_at_least"))
    assert rule["success"] == (blank == 0)
    assert [row["row"] for row in rule["rows"]] == [*range(blank)]


def test_of_masked_pictures_no_number_stands_in_suite_or_report(tmp_path):
    table, columns = pictures(3)
    problem = ProblemSpec(target="sold", task="classification")
    text = draft(table, columns, problem, masked=["scan"])
    assert "scan brightness" in text
    assert not [i for i in rules(text) if "max_value" in i and "scan" in i.get("column", "")]
    (tmp_path / "s.yaml").write_text(draft(table, columns, problem), encoding="utf-8")
    write_table(tmp_path / "raw.parquet", table, columns)
    spec = ValidateSpec(mask=("scan",))
    report = gate(tmp_path / "raw.parquet", tmp_path / "s.yaml", spec, tmp_path / "docs")
    told = [i for i in report["expectations"] if i["columns"][:1] == ["scan brightness"]]
    assert told
    assert all(i["masked"] and i["kwargs"].get("max_value") in (None, "•••") for i in told)
