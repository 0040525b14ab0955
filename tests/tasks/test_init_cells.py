"""`ninefold init` on tables as people bring them: mixed cells, doubtful dates, odd files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ninefold import cli
from ninefold.config import load_params, read_yaml
from ninefold.datasets import read

ROWS, HALF = 240, 120


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def table(**more):
    rng = np.random.default_rng(0)
    x = rng.normal(50, 10, ROWS).round(2)
    content = {"x": x, "y": np.where(x > 50, "yes", "no")} | more
    return pd.DataFrame(content, index=range(ROWS))


def init(data, *options, capsys=None):
    if isinstance(data, pd.DataFrame):
        data = data.to_csv(index=False)
    Path("d.csv").write_bytes(data.encode() if isinstance(data, str) else data)
    Path("ws/.dvc").mkdir(parents=True)  # a DVC repository already: saves a second
    assert cli.main(["init", "d.csv", "--target", "y", "--into", "ws", *options, "--yes"]) == 0
    return "".join(capsys.readouterr()) if capsys else ""


def columns(tmp_path):
    """Read the table as the new workspace's ingest does; return kind and format by name."""
    specs = load_params(tmp_path / "ws", ("ingest", "problem"))
    found = read(specs["ingest"], specs["problem"], tmp_path / "ws")[1]
    return {column.name: (column.kind, column.format) for column in found}


def mixed(values, others):
    cells = [str(value) for value in values]
    for position, other in enumerate(others):
        cells[position * 7 + 1] = other
    return cells


def test_few_words_among_numbers_count_as_missing(tmp_path, capsys):
    said = init(table(x=mixed(range(ROWS), ["unknown", "?", "unknown"])), capsys=capsys)
    assert columns(tmp_path)["x"] == ("number", None)
    text = (tmp_path / "ws" / "params.yaml").read_text()
    assert "# `x` holds 237 numbers and 3 other cells such as 'unknown', '?'" in text
    assert read_yaml(tmp_path / "ws" / "params.yaml")["ingest"]["missing"][-2:] == ["unknown", "?"]
    assert "'unknown', '?' count as missing (ingest in params.yaml)" in said


def test_many_words_among_numbers_make_it_a_category(tmp_path, capsys):
    said = init(table(x=mixed(range(ROWS), [f"w{n}" for n in range(30)])), capsys=capsys)
    assert columns(tmp_path)["x"] == ("category", None)
    assert "210 numbers and 30 other cells" in (tmp_path / "ws" / "params.yaml").read_text()
    assert "read as names, not as numbers" in said


def test_numbers_of_which_some_bear_a_letter_are_names(tmp_path, capsys):
    said = init(table(x=mixed(range(ROWS), ["136A", "12b", "B7"])), capsys=capsys)
    assert columns(tmp_path)["x"] == ("category", None)
    assert "`x` holds 237 numbers and 3 other cells" in said


def test_marks_are_told_once_for_the_columns_that_share_them(tmp_path, capsys):
    cells = mixed(range(ROWS), ["?"] * 30)
    said = init(table(a=cells, b=cells, c=mixed(range(ROWS), ["-"] * 30)), capsys=capsys)
    assert "2 columns of numbers hold '?': `a`, `b`; '?' counts as missing" in said
    assert "`c` holds 210 numbers and 30 other cells such as '-'; '-' counts as missing" in said
    assert {columns(tmp_path)[name][0] for name in "abc"} == {"number"}


def test_an_index_without_a_name_is_an_identifier(tmp_path, capsys):
    said = init(table().to_csv(), capsys=capsys)
    assert "one column has no name in the header and is called `column_1`" in said
    assert read_yaml(tmp_path / "ws" / "params.yaml")["problem"]["ids"] == ["column_1"]


def test_a_measure_with_a_unit_or_a_slip_among_numbers_is_a_missing_value(tmp_path):
    init(table(x=mixed(range(ROWS), ["3O"]), z=mixed([n / 4 for n in range(ROWS)], ["5m", "6m"])))
    assert {name: columns(tmp_path)[name][0] for name in "xz"} == {"x": "number", "z": "number"}


def test_a_word_among_the_classes_is_a_class_unless_numbers_are_wanted(tmp_path):
    classes = mixed([n % 4 for n in range(ROWS)], ["other"] * 20)
    init(table(y=classes))
    specs = load_params(tmp_path / "ws", ("ingest", "problem"))
    rows = read(specs["ingest"], specs["problem"], tmp_path / "ws")[0]
    assert set(rows["y"].to_pylist()) == {"0", "1", "2", "3", "other"}


def test_a_word_in_a_target_of_numbers_is_a_missing_target(tmp_path):
    init(table(y=mixed(range(ROWS), ["?"])), "--task", "regression")
    assert columns(tmp_path)["y"] == ("number", None)


def days(first, second):
    rng = np.random.default_rng(1)
    pairs = zip(rng.integers(1, first, ROWS), rng.integers(1, second, ROWS), strict=True)
    return [f"{a:02d}/{b:02d}/2021" for a, b in pairs]


@pytest.mark.parametrize(
    ("cells", "format", "is_said"),
    [
        (days(13, 29), "%m/%d/%Y", False),
        (days(29, 13), "%d/%m/%Y", False),
        (days(13, 13), "%m/%d/%Y", True),
    ],
)
def test_the_order_of_day_and_month_comes_from_the_dates_or_is_said(
    cells, format, is_said, tmp_path, capsys
):
    said = init(table(d=cells), capsys=capsys)
    assert columns(tmp_path)["d"] == ("datetime", format)
    text = (tmp_path / "ws" / "params.yaml").read_text()
    assert ('set format "%d/%m/%Y"' in text) == is_said
    assert said.count("fits month/day and day/month") == is_said
    assert "fits both" not in said


def test_another_column_tells_the_order(tmp_path):
    init(table(d=days(13, 13), e=days(29, 13)))
    assert columns(tmp_path)["d"] == ("datetime", "%d/%m/%Y")
    assert "set format" not in (tmp_path / "ws" / "params.yaml").read_text()


def test_in_a_terminal_the_order_is_asked(tmp_path, monkeypatch):
    table(d=days(13, 13)).to_csv("d.csv", index=False)
    asked = []

    def answer(question):
        asked.append(question)
        return "day/month" if "month/day" in question else ""

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", answer)
    assert cli.main(["init", "d.csv", "--target", "y", "--into", "ws"]) == 0
    assert columns(tmp_path)["d"] == ("datetime", "%d/%m/%Y")
    assert sum("month/day" in question for question in asked) == 1


ODD = {
    "semicolon, decimal comma": (
        table().to_csv(index=False, sep=";", decimal=","), {"x": ("number", ",")},
    ),
    "byte order mark, CRLF, newlines in quotes": (
        b"\xef\xbb\xbf" + table(t=['one\nand "two", end', "b"] * HALF)
        .to_csv(index=False, lineterminator="\r\n").encode(),
        {"x": ("number", None), "t": ("category", None)},
    ),
    "codes and huge numbers": (
        table(zip=[f"{n:05d}" for n in range(ROWS)], huge=[10**18 + n for n in range(ROWS)]),
        {"zip": ("category", None), "huge": ("category", None)},
    ),
    "booleans": (
        table(a=["Y", "N"] * HALF, b=[0, 1] * HALF, c=["TRUE", "false"] * HALF),
        {"a": ("category", None), "b": ("number", None), "c": ("bool", None)},
    ),
    "thousands separators": (
        table(a=[f"{n * 37:,}" for n in range(ROWS)], b=[f"{n * 37:,}.5" for n in range(ROWS)]),
        {"a": ("number", "1,234.5"), "b": ("number", "1,234.5")},
    ),
    "thousands separators, decimal comma": (
        table(a=[f"{n * 37:,}".replace(",", ".") + ",50" for n in range(ROWS)])
        .to_csv(index=False, sep=";"),
        {"a": ("number", "1.234,5")},
    ),
    "thousands in groups": (
        table(a=[f"{n * 37:,}".replace(",", "'") for n in range(ROWS)],
              b=[f"{n * 37:,}".replace(",", "\u202f") for n in range(ROWS)]),
        {"a": ("number", "1'234.5"), "b": ("number", "1 234.5")},
    ),
    "a German export": (
        table(a=[f"{n / 8} %".replace(".", ",") for n in range(ROWS)],
              b=[f"{n * 37:,},5".replace(",", "\u00a0", n > 27) for n in range(ROWS)])
        .to_csv(index=False, sep=";"),
        {"a": ("number", "1,5 %"), "b": ("number", "1 234,5")},
    ),
    "percent signs": (table(a=[f"{n / 8}%" for n in range(ROWS)]), {"a": ("number", "%")}),
    "currency signs": (
        table(a=[f"${n * 37:,}.50" for n in range(ROWS)], b=["5 €", "$5"] * HALF),
        {"a": ("number", "$1,234.5"), "b": ("category", None)},
    ),
    "names of our outputs": (
        table(label=1.5, part="a", row=2, value=3, probabilities="p", fold=[*range(ROWS)]),
        {"label": ("number", None), "part": ("category", None)},
    ),
    "spaces, dots, dashes, unicode": (
        table(**{"a b.c-d": 1.0, " größe 東京": [*range(ROWS)]}), {" größe 東京": ("number", None)},
    ),
    "time zones": (
        table(t=["2021-03-05T10:00:00Z", "2021-03-06T10:00:00+02:00"] * HALF),
        {"t": ("datetime", None)},
    ),
    "forty classes": (table(y=[f"k{n % 40}" for n in range(ROWS)]), {"y": ("category", None)}),
    "a class of one row": (table(y=["rare", *["a", "b"] * HALF][:ROWS]), {}),
    "one column": (table(), {"x": ("number", None)}),
    "a hundred columns": (
        table(**{f"c{n}": np.arange(ROWS) % (n + 2) for n in range(100)}),
        {"c99": ("number", None)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
@pytest.mark.some(8)
def test_an_odd_file_becomes_a_workspace(name, tmp_path):
    data, wanted = ODD[name]
    init(data)
    found = columns(tmp_path)
    assert {key: found[key] for key in wanted} == wanted


def test_a_table_too_small_to_split_is_told_at_once(capsys):
    said = init(table().head(4), capsys=capsys)
    assert "`ninefold run` will stop at the split: " in said
    assert "`ninefold run` will stop" not in init_again(capsys)


def init_again(capsys):
    table().to_csv("e.csv", index=False)
    assert cli.main(["init", "e.csv", "--target", "y", "--into", "other", "--yes"]) == 0
    return "".join(capsys.readouterr())


def test_a_constant_target_is_one_clear_line(tmp_path, capsys):
    table(y=3.5).to_csv("d.csv", index=False)
    command = ["init", "d.csv", "--target", "y", "--into", "ws", "--task", "regression", "--yes"]
    assert cli.main(command) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "ws").exists()
