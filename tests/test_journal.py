"""A journal after whatever a killed process left in it."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ninefold import journal

LINES = st.dictionaries(st.text(), st.integers() | st.text() | st.none(), max_size=3)


@given(before=st.lists(LINES, max_size=3), torn=st.binary(max_size=30), after=LINES)
def test_what_is_appended_is_read_whatever_stood_before_it(before, torn, after):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deep" / "journal.jsonl"
        for line in before:
            journal.append(path, line)
        with path.open("ab") if before else tempfile.TemporaryFile() as file:
            file.write(torn)
        journal.append(path, after)
        found = journal.read(path)
        assert found[: len(before)] == before
        assert found[-1] == after


def test_there_are_no_lines_where_there_is_no_file(tmp_path):
    assert journal.read(tmp_path / "none.jsonl") == []
