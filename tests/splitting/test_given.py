"""A split that people made: what the file says is done; what is wrong with it is said."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.errors import ConfigError, InputError
from ninefold.splitting import split
from tests.splitting.test_split import problem, spec, table


def write(folder, rows, parts, header="row,part"):
    lines = [header, *(f"{row},{part}" for row, part in zip(rows, parts, strict=True))]
    (folder / "my split.csv").write_text("\n".join(lines) + "\n")


def run(folder, frame=None, **more):
    content = spec(kind="given", path="my split.csv", **more)
    return split(table() if frame is None else frame, problem(), content, folder)


def test_parts_are_those_of_the_file(tmp_path):
    frame = table()
    wanted = np.random.default_rng(0).choice(["train", "valid", "test"], 400)
    order = np.random.default_rng(1).permutation(400)
    write(tmp_path, frame.row[order], wanted[order])
    parts = run(tmp_path)
    assert (parts.part == wanted).all()
    assert set(parts.fold[wanted == "train"].tolist()) == set(range(5))


def test_valid_is_taken_from_train_and_test_stays(tmp_path):
    frame = table()
    wanted = np.where(np.arange(400) % 4 == 0, "test", "train")
    write(tmp_path, frame.row, wanted)
    parts = run(tmp_path, valid_size=0.2)
    assert ((parts.part == "test") == (wanted == "test")).all()
    assert len(parts.index("valid")) == 60
    assert parts.manifest["notes"]["valid_taken_from_train"] is True


def test_valid_is_taken_by_time_if_there_is_one(tmp_path):
    frame = table()
    recent = frame["when"] > np.quantile(frame["when"], 0.75)
    write(tmp_path, frame.row, np.where(recent, "test", "train"))
    content = spec(kind="given", path="my split.csv")
    parts = split(frame, problem(time="when"), content, tmp_path)
    times = [frame["when"][parts.index(name)] for name in ("train", "valid", "test")]
    assert times[0].max() < times[1].min() <= times[1].max() < times[2].min()
    assert parts.scheme == "expanding"


def test_rows_the_file_does_not_name_are_left_out_and_counted(tmp_path):
    frame = table()
    write(tmp_path, frame.row[:300], np.resize(["train", "train", "valid", "test"], 300))
    parts = run(tmp_path)
    assert (parts.part[300:] == "").all()
    assert parts.manifest["rows"]["dropped"]["not_in_split_file"] == 100


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "is missing"),
        ("", "must be a CSV file"),
        ("row,part\n", "no rows at all"),
        ("row;part\n5;train\n", "columns `row` and `part`"),
        ("row,part\n5,trian\n7,test\n", "did you mean `train`"),
        ("row,part\n5,train\n5,test\n", "row 5 stands there 2 times"),
        ("row,part\n-1,train\n7,test\n", ">= 0, however: -1"),
        ("row,part\nx,train\n", "whole numbers"),
        ("row,part\n,train\n", "whole numbers"),
        ("row,part\n100000,train\n100001,test\n", "none of its 2 rows"),
        ("row,part\n5,train\n7,train\n", "must name test rows"),
    ],
)
def test_a_wrong_file_is_named_with_rule_and_value(tmp_path, text, said):
    if text is not None:
        (tmp_path / "my split.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        run(tmp_path)


def with_column(wanted, role="id", kind="category"):
    frame = table()
    columns = (*frame.columns, Column("set", kind, frozenset({role})))
    return Frame(columns, {**frame.data, "set": np.asarray(wanted, dtype=object)}, frame.row)


def test_a_column_says_the_parts_in_whatever_words(tmp_path):
    wanted = np.resize(["Train", "train", "training", "", "val", "TEST"], 400)
    parts = split(with_column(wanted), problem(), spec(kind="given", column="set"))
    assert (parts.part == np.resize(["train", "train", "train", "", "valid", "test"], 400)).all()


@pytest.mark.parametrize(
    ("wanted", "role", "column", "said", "error"),
    [
        (["train", "tets"], "id", "set", "or nothing, however: 'tets'", InputError),
        (["train", "val"], "id", "set", "must name test rows", InputError),
        (["train", "test"], "input", "set", "that no model reads", ConfigError),
        (["train", "test"], "id", "sets", "did you mean `set`", ConfigError),
    ],
)
def test_what_is_wrong_with_a_column_of_parts_is_said(wanted, role, column, said, error):
    with pytest.raises(error, match=said):
        frame = with_column(np.resize(wanted, 400), role)
        split(frame, problem(), spec(kind="given", column=column))
