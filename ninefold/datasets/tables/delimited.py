"""Delimited text files: encoding, delimiter and header found out, every cell read as text."""

import codecs
import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
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
from ninefold.texts import decoded, encoding_of, said_delimiter

BLOCK_BYTES = 1 << 24
COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".lz4": "lz4"}
ZIP = ".zip"


@dataclass(frozen=True)
class TextFile:
    """A delimited text file as it is written; so many lines are `before` its header."""

    path: Path
    title: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    before: int
    has_rows: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns: one that has none is called by its position."""
        return named(self.header)

    def batches(
        self, places: Sequence[int], block_bytes: int = BLOCK_BYTES, use_threads: bool = False
    ) -> Iterator[tuple[pa.RecordBatch, float]]:
        """Yield the columns at `places` in batches of text, with the share of the file read so far.

        Raises:
            InputError: a row that cannot be read, or repeats the header.
        """
        if not self.has_rows:
            return  # Arrow calls a header that ends without a line break an empty file
        numbered = [str(position) for position in range(len(self.header))]
        wanted = [numbered[place] for place in places]
        names = tuple(self.header[place] for place in places)
        row, size = 2, max(1, self.path.stat().st_size)
        try:
            with pa.OSFile(str(self.path)) as raw, _unpacked(raw, self.path, self.title) as file:
                reader = pcsv.open_csv(
                    file,
                    pcsv.ReadOptions(
                        column_names=numbered,
                        skip_rows=self.before,
                        skip_rows_after_names=1,
                        use_threads=use_threads,
                        block_size=block_bytes,
                        encoding=self.encoding,
                    ),
                    pcsv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
                    pcsv.ConvertOptions(
                        column_types=dict.fromkeys(wanted, pa.string()),
                        strings_can_be_null=False,
                        include_columns=wanted,
                    ),
                )
                for batch in reader:
                    refuse_header(batch, names, row, self.title)
                    row += batch.num_rows
                    yield batch, min(1.0, raw.tell() / size)
        except pa.ArrowInvalid as error:
            raise _readable(error, self.header, self.encoding, self.title, block_bytes) from None
        except (OSError, zipfile.BadZipFile, EOFError) as error:
            raise InputError(f"{self.title} cannot be read to its end: {_line(error)}") from None


def open_text(
    path: Path,
    title: str,
    delimiter: str | None = None,
    encoding: str | None = None,
    usual: str = "utf-8",
    wanted: Collection[str] = (),
) -> TextFile:
    """Find out how a text file (compressed or not) is written.

    Args:
        title: what it is called in messages.
        delimiter: default: what Excel's first line says, or found among comma, semicolon, tab and
            bar.
        encoding: default: found among UTF-8, what a byte order mark names, and `usual`.
        wanted: names that the header shows if it is read rightly.

    Raises:
        InputError: empty, not text, another encoding, or a header that cannot be used.
    """
    with pa.OSFile(str(path)) as raw, _unpacked(raw, path, title) as file:
        head = _read_head(file, title)
    encoding = _check_encoding(encoding) or encoding_of(head, usual)
    said, sample = said_delimiter(_decode(head, encoding, title))
    if not sample.strip():
        raise InputError(f"{title} must hold a header and rows, however: it is empty")
    if (delimiter := delimiter or said) is None:
        is_tsv = not wanted and plain_suffix(path) == ".tsv"
        delimiter = "\t" if is_tsv else find_delimiter(sample, wanted)
    header = read_header(sample, delimiter, title)
    has_rows = len(head) >= SAMPLE_BYTES or len(sample.strip().splitlines()) > 1
    return TextFile(path, title, encoding, delimiter, header, int(said is not None), has_rows)


def open_delimited(
    path: Path, delimiter: str | None = None, encoding: str | None = None, title: str | None = None
) -> Source:
    """Open a delimited text file of which every cell is read as text; see `open_text`.

    Raises:
        InputError: it cannot be read, or has no rows.
    """
    file = open_text(path, title or path.name, delimiter, encoding)
    if not file.has_rows:
        raise InputError(f"{file.title} must have rows, however: no rows follow the header")
    unnamed = [new for old, new in zip(file.header, file.names, strict=True) if old != new]
    return Source(
        file.title,
        file.names,
        lambda: (batch for batch, _ in file.batches(range(len(file.header)))),
        is_text=True,
        has_decimal_comma=file.delimiter != ",",
        notes={"unnamed": unnamed} if unnamed else {},
    )


def plain_suffix(path: Path) -> str:
    """Return how a file's name ends, whether it is compressed or not: `.csv` of `a.csv.gz`."""
    suffixes = list(map(str.lower, path.suffixes[-2:]))
    if suffixes and suffixes[-1] in (*COMPRESSED, ZIP):
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _unpacked(raw: pa.NativeFile, path: Path, title: str) -> pa.NativeFile:
    """Return the bytes of a file as they were before it was compressed."""
    suffix = path.suffix.lower()
    if suffix != ZIP:
        return pa.CompressedInputStream(raw, COMPRESSED[suffix]) if suffix in COMPRESSED else raw
    try:
        archive = zipfile.ZipFile(raw)
    except (zipfile.BadZipFile, pa.ArrowInvalid) as error:
        raise InputError(f"{title} must be a zip file, however: {error}") from None
    members = [name for name in archive.namelist() if not name.endswith("/")]
    if len(members) != 1:
        raise InputError(f"{title} must hold exactly one file, however: {members[:5]}")
    return pa.PythonFile(archive.open(members[0]), mode="r")


def _read_head(file: Any, title: str) -> bytes:
    try:
        return bytes(file.read(SAMPLE_BYTES))
    except (OSError, pa.ArrowInvalid, zipfile.BadZipFile) as error:
        raise InputError(f"{title} cannot be decompressed: {_line(error)}") from None


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


def _decode(head: bytes, encoding: str, title: str) -> str:
    refuse_other_formats(head, title)
    try:
        text = decoded(head, encoding, is_whole=False)
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


def _readable(
    error: Exception, names: Sequence[str], encoding: str, title: str, block_bytes: int
) -> InputError:
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
            f"{title}: one row is longer than {block_bytes >> 20} MiB; most likely a quote is "
            "never closed"
        )
    return InputError(f"{title} cannot be read: {text}")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
