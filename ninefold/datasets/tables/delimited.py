"""Delimited text files: encoding, delimiter and header found out, every cell read as text."""

import codecs
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pcsv

from ninefold.datasets.tables.header import (
    SAMPLE_BYTES,
    find_delimiter,
    named,
    read_header,
    refuse_header,
    refuse_other_formats,
)
from ninefold.datasets.tables.source import Source
from ninefold.errors import InputError
from ninefold.texts import said_delimiter

BLOCK_BYTES = 1 << 24
MAX_CELL_BYTES = 1 << 30
COMPRESSED = (".gz", ".bz2", ".zst", ".lz4")


def open_delimited(
    path: Path, delimiter: str | None = None, encoding: str | None = None, title: str | None = None
) -> Source:
    """Open a delimited text file (compressed or not) of which every cell is read as text.

    The delimiter is found among comma, semicolon, tab and bar, the encoding among UTF-8 and what a
    byte order mark names, unless they are given.

    Raises:
        InputError: empty, not text, another encoding, or a header that cannot be used.
    """
    title = title or path.name
    opener = _opener(path, title)
    with opener() as file:
        head = _read_head(file, title)
    encoding = _check_encoding(encoding) or _marked_encoding(head)
    said, sample = said_delimiter(_decode(head, encoding, title))
    if not sample.strip():
        raise InputError(f"{title} must hold a header and rows, however: it is empty")
    if len(head) < SAMPLE_BYTES and len(sample.strip().splitlines()) < 2:
        raise InputError(f"{title} must have rows, however: no rows follow the header")
    if (delimiter := delimiter or said) is None:
        delimiter = "\t" if _suffixes(path)[:1] == [".tsv"] else find_delimiter(sample)
    header = read_header(sample, delimiter, title)
    names = named(header)
    unnamed = [new for old, new in zip(header, names, strict=True) if old != new]
    return Source(
        title,
        names,
        lambda: _batches(opener, header, delimiter, encoding, title, int(said is not None)),
        is_text=True,
        has_decimal_comma=delimiter != ",",
        notes={"unnamed": unnamed} if unnamed else {},
    )


def _opener(path: Path, title: str) -> Callable[[], Any]:
    """Return a function that opens the uncompressed bytes from the start."""
    if path.suffix.lower() != ".zip":
        return lambda: pa.input_stream(str(path), compression="detect")

    def unzip() -> Any:
        try:
            archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise InputError(f"{title} must be a zip file, however: {error}") from None
        members = [name for name in archive.namelist() if not name.endswith("/")]
        if len(members) != 1:
            raise InputError(f"{title} must hold exactly one file, however: {members[:5]}")
        return pa.PythonFile(archive.open(members[0]), mode="r")

    return unzip


def _read_head(file: Any, title: str) -> bytes:
    try:
        return bytes(file.read(SAMPLE_BYTES))
    except (OSError, pa.ArrowInvalid, zipfile.BadZipFile) as error:
        raise InputError(f"{title} cannot be decompressed: {_line(error)}") from None


def _suffixes(path: Path) -> list[str]:
    return [s for s in map(str.lower, path.suffixes[-2:]) if s not in (*COMPRESSED, ".zip")][-1:]


def _check_encoding(encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise InputError(
            "params.yaml: ingest.encoding must be a text encoding such as utf-8, cp1252 or "
            f"utf-16, however: {encoding!r}"
        ) from None


def _marked_encoding(head: bytes) -> str:
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if head.startswith(mark):
            return encoding
    return "utf-8"


def _decode(head: bytes, encoding: str, title: str) -> str:
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    refuse_other_formats(head, title)
    try:
        text = codecs.getincrementaldecoder(name)().decode(head)
    except UnicodeDecodeError as error:
        raise _wrong_encoding(title, encoding, head[: error.start].count(b"\n") + 1) from None
    if "\0" in text:
        raise InputError(
            f"{title} must be a text file such as CSV, however: line "
            f"{text[: text.index(chr(0))].count(chr(10)) + 1} holds binary data"
        )
    return text


def _wrong_encoding(title: str, encoding: str, line: int | None) -> InputError:
    place = f"line {line} is not" if line else "some line is not"
    return InputError(
        f"{title} must be {encoding.upper()} text, however: {place}. Save it as UTF-8, or name its "
        "encoding: --encoding cp1252 for `ninefold init`, `ingest: {encoding: cp1252}` in "
        "params.yaml"
    )


def _batches(
    opener: Callable[[], Any],
    names: tuple[str, ...],
    delimiter: str,
    encoding: str,
    title: str,
    before: int,
) -> Iterator[pa.RecordBatch]:
    """Yield record batches of text, columns in the order of the header, which so many lines are
    `before`.

    Raises:
        InputError: a row that cannot be read, or repeats the header.
    """
    numbered = [str(position) for position in range(len(names))]
    row = 2
    try:
        with opener() as file:
            for batch in _read(file, numbered, delimiter, encoding, before):
                refuse_header(batch, names, row, title)
                row += batch.num_rows
                yield batch
    except pa.ArrowInvalid as error:
        raise _readable(error, names, encoding, title) from None
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        raise InputError(f"{title} cannot be read to its end: {_line(error)}") from None


def _read(
    file: Any, numbered: list[str], delimiter: str, encoding: str, before: int
) -> Iterator[pa.RecordBatch]:
    block = BLOCK_BYTES
    reader = pcsv.open_csv(
        file,
        read_options=pcsv.ReadOptions(
            column_names=numbered,
            skip_rows=before,
            skip_rows_after_names=1,
            use_threads=False,
            block_size=block,
            encoding=encoding,
        ),
        parse_options=pcsv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pcsv.ConvertOptions(
            column_types=dict.fromkeys(numbered, pa.string()),
            strings_can_be_null=False,
            include_columns=numbered,
        ),
    )
    yield from reader


def _readable(error: Exception, names: tuple[str, ...], encoding: str, title: str) -> InputError:
    """Word what Arrow found wrong."""
    text = _line(error)
    row = text.partition("Row #")[2].partition(":")[0]
    if "UTF8" in text or "UTF-8" in text:
        return _wrong_encoding(title, encoding, int(row) if row.isdigit() else None)
    if "Expected" in text and "columns, got" in text:
        got = text.partition("columns, got ")[2].partition(":")[0]
        cells = text.partition(": ")[2].partition("columns, got")[2].partition(": ")[2]
        return InputError(
            f"{title}: every row must have {len(names)} cells as the header has, however: "
            f"row {row} (the header is row 1) has {got}: {cells[:80]!r}. Quote cells that hold the "
            "delimiter, set ingest.delimiter, or remove lines that are no rows (titles, totals, "
            "comments)"
        )
    if "straddl" in text:
        return InputError(
            f"{title}: one row is longer than {BLOCK_BYTES >> 20} MiB; most likely a quote is "
            "never closed"
        )
    return InputError(f"{title} cannot be read: {text}")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
