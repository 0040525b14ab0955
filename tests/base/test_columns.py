import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninefold.columns import NAT, Column, Frame, read_frame, to_array, to_arrow, write_frame
from ninefold.errors import InputError

VALUES = {
    "number": st.floats(allow_nan=False).map(float) | st.just(float("nan")),
    "category": st.text(st.characters(exclude_categories=["Cs"])),
    "bool": st.booleans(),
    "datetime": st.integers(-(2**62), 2**62) | st.just(NAT),
}
DTYPES = {"number": float, "category": object, "bool": bool, "datetime": np.int64}


@pytest.mark.parametrize("kind", VALUES)
@given(data=st.data())
def test_arrow_and_back_changes_nothing(kind, data):
    values = np.array(data.draw(st.lists(VALUES[kind])), dtype=DTYPES[kind])
    back = to_array(to_arrow(values, kind), kind)
    np.testing.assert_array_equal(back, values)
    assert back.dtype == values.dtype


def test_a_frame_survives_the_disk(tmp_path):
    column = Column("a b.ü\"'", "number", frozenset({"input", "time"}), "%d.%m.%Y")
    frame = Frame((column,), {column.name: np.array([1.0, np.nan])}, np.array([4, 7]))
    write_frame(tmp_path / "x.parquet", frame)
    back = read_frame(tmp_path / "x.parquet")
    assert back.columns == frame.columns
    assert back.row.tolist() == [4, 7]
    np.testing.assert_array_equal(back[column.name], frame[column.name])


def test_the_same_frame_gives_the_same_bytes(tmp_path):
    frame = Frame((Column("a", "category"),), {"a": np.array(["x", ""], object)}, np.arange(2))
    write_frame(tmp_path / "1", frame)
    write_frame(tmp_path / "2", frame)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_a_foreign_file_is_refused(tmp_path):
    (tmp_path / "x.parquet").write_text("no parquet")
    with pytest.raises(InputError, match="must be a table Ninefold wrote"):
        read_frame(tmp_path / "x.parquet")
