"""The first lines of a text file: what separates cells, and what the columns are called."""

import csv
import io
import re
from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ninefold.errors import InputError
from ninefold.texts import composed

DELIMITERS = ",;\t|"
SAMPLE_BYTES = 1 << 18
"""So much of a file is looked at."""
OTHER_FORMATS = {
    b"PK\x03\x04": "a zip archive such as an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an Excel workbook of the old kind",
    b"PAR1": "a Parquet file (name it .parquet)",
    b"ARROW1": "an Arrow or Feather file",
    b"FEA1": "a Feather file",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "an SQLite database",
    b"$FL2": "an SPSS file",
    b"%PDF": "a PDF document",
    b"<?xml": "an XML document",
    b"\x93NUMPY": "a NumPy array (an .npz of arrays can be read)",
    b"ORC": "an ORC file",
}
"""How files begin that people take for tables of text."""
PICKLE = re.compile(rb"\x80[\x02-\x05](\x95|[}\]c(])")
"""A protocol, and a frame or what mostly comes first (Python's pickletools)."""
JSON = re.compile(rb"\s*(\[\s*[\[{]|\{\s*\"[^\"\n]*\"\s*:)")
LINES = re.compile(rb"\s*\{[^\n]*\}\s*\n\s*\{")
"""An object in a line of its own, and another one in the next."""
WRITE_ANEW = '; in Python: `pandas.read_{}("{}"{}).to_parquet("data.parquet")`'
READERS = {
    b"PK\x03\x04": "excel",
    b"\xd0\xcf\x11\xe0": "excel",
    b"ARROW1": "feather",
    b"FEA1": "feather",
    b"$FL2": "spss",
    b"ORC": "orc",
}
"""How files begin -> the end of the name of what pandas reads them with."""


def refuse_other_formats(head: bytes, title: str) -> None:
    """Raise `InputError` for a file that begins like no table of text; says how to make one."""
    is_binary = b"\0" in head
    start = next((s for s in OTHER_FORMATS if head.startswith(s) and _is_sure(s, is_binary)), b"")
    found, reader, more = OTHER_FORMATS.get(start), READERS.get(start), ""
    if PICKLE.match(head):
        found = "a pickle, which may run any code when it is loaded and therefore never is"
        reader = "pickle"
    elif JSON.match(head):
        found, reader = "JSON", "json"
        more = ", lines=True" if LINES.match(head) else ""
    how = WRITE_ANEW.format(reader, title, more) if reader else ""
    if found is not None:
        raise InputError(
            f"{title} must be a text file such as CSV, however: it is {found}. Save the table as "
            f"CSV UTF-8 or Parquet{how}"
        )


def _is_sure(start: bytes, is_binary: bool) -> bool:
    """Tell whether no text begins so: the first column of one may be called ORC."""
    return is_binary or not start.isalnum()


def find_delimiter(sample: str, wanted: Collection[str] = ()) -> str:
    """Return the delimiter that shows most of the `wanted` names, and splits most lines into the
    same number of cells, the most cells.
    """
    lines = sample.splitlines(keepends=True)
    text = "".join(lines[:-1] if len(lines) > 1 and len(sample) >= SAMPLE_BYTES // 4 else lines)

    def fitness(delimiter: str) -> tuple[int, float, int]:
        try:
            rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
        except csv.Error:
            return 0, 0.0, 0
        names = rows[0] if rows else []
        shown = len(set(map(composed, names)).intersection(wanted))
        if len(names) < 2:
            return shown, 0.0, 0
        share = sum(len(row) == len(names) for row in rows) / len(rows)
        return shown, round(share, 1), len(names)

    return max(DELIMITERS, key=fitness)


def read_header(sample: str, delimiter: str, title: str) -> tuple[str, ...]:
    """Return the cells of the first line that has some. Raises `InputError`."""
    try:
        names = next(row for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row)
    except csv.Error as error:
        raise InputError(f"{title}: the header cannot be read: {error}") from None
    return tuple(names)


def named(header: tuple[str, ...]) -> tuple[str, ...]:
    """Name columns without a name by their position, where most have one: `column_1`.

    pandas and R write the index of a table so.
    """
    unnamed = [position for position, name in enumerate(header) if not name.strip()]
    if 2 * len(unnamed) > len(header):
        return header
    names = list(header)
    for position in unnamed:
        name = f"column_{position + 1}"
        while name in names:
            name += "_"
        names[position] = name
    return tuple(names)


def refuse_header(batch: pa.RecordBatch, names: tuple[str, ...], first: int, title: str) -> None:
    """Refuse a row that holds the names of the columns, as where files were joined."""
    if len(names) < 2:
        return
    alike = np.asarray(pc.equal(batch.column(0), names[0]))
    for position in np.flatnonzero(alike).tolist():
        if tuple(column[position].as_py() for column in batch.columns) == names:
            raise InputError(
                f"{title}: no row must repeat the header, however: row {first + position} (the "
                "header is row 1) does, as where files were joined. Remove such rows"
            )
