"""Bodies that are tables: CSV, and Parquet where pyarrow is installed, as rows of named values."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ninefold.errors import nearest
from ninefold.numerals import to_number
from ninefold.serving import parquet
from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.long_tables import Long, LongTable, reader
from ninefold.signature import Input, Signature
from ninefold.texts import composed, decoded, encoding_of, said_delimiter

CSV = "text/csv"
TYPES = (CSV, *parquet.TYPES)
MAX_CELL = 2**20
ZIP = b"PK\x03\x04"
INDEX = ("", "Unnamed: 0", "__index_level_0__")
"""What pandas calls an index without a name: written, read and written again, in Parquet."""
Table = tuple[list[dict[str, Any]], LongTable | None]
"""Lines, and what reads them if they are steps."""


def rows_of(
    body: bytes, type_: str, signature: Signature, limits: Limits, charset: str | None = None
) -> Long:
    """Return the rows of a table as the rows endpoint takes them; types come from the signature.

    Text that is not UTF-8 is read by `charset`, default: as the file which the model learnt from.

    A table with one step a line gives a row for each entity, and says whose it is.

    Raises:
        RequestError: 400 no table, 413 too many rows, 415 Parquet without pyarrow.
    """
    if type_ == CSV:
        table, long = _csv(body, signature, limits, charset or signature.encoding)
    else:
        table, long = _parquet(body, signature, limits)
    if not table:
        raise RequestError("the table must have at least one row")
    _leave_out(table, signature, long is None)
    return long.read(table) if long else Long(table, [])


def _leave_out(table: list[dict[str, Any]], signature: Signature, is_of_rows: bool) -> None:
    """Take away the index that pandas writes beside the columns; and whatever else the model does
    not know, as `ninefold score` does, where none of its own columns is missing: then none of these
    can be one of them by another name.
    """
    inputs = [column.name for column in signature.inputs]
    lacking = [name for name in inputs if name not in table[0]]
    others = table[0].keys() - {*inputs} - {*signature.ignored, signature.target}
    if is_of_rows and lacking and (unknown := others - {*INDEX}):
        hints = {name: nearest(name, lacking) for name in table[0] if name in unknown}
        name = max(hints, key=lambda name: "did you mean" in hints[name])
        raise RequestError(
            f"unknown column `{name[:100]}`{hints[name]}: a table may have more columns than the "
            f"model where none of the model's is missing, however: `{lacking[0]}` is"
        )
    if not is_of_rows:
        others &= {*INDEX}
    for line in table:
        for name in others:
            del line[name]


def to_csv(answers: Sequence[Mapping[str, Any]]) -> bytes:
    """Return answers as CSV: one column a name, objects one column a key, lists as JSON."""
    flat = [dict(_flat(answer)) for answer in answers]
    names = list(dict.fromkeys(name for row in flat for name in row))
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return file.getvalue().encode()


def _flat(content: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    cells: list[tuple[str, Any]] = []
    for name, value in content.items():
        if isinstance(value, dict):
            cells += _flat(value, f"{before}{name}_")
        elif isinstance(value, list):
            cells.append((before + name, json.dumps(value, ensure_ascii=False)))
        else:
            cells.append((before + name, value))
    return cells


def _csv(body: bytes, signature: Signature, limits: Limits, usual: str) -> Table:
    text, delimiter = _text(body, usual)
    csv.field_size_limit(MAX_CELL)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = _header(lines, signature)
        long = LongTable.of(signature, header, limits)
        most = limits.max_steps if long else limits.max_rows
        cells = list(islice((line for line in lines if line), most + 1))
    except csv.Error as error:
        raise RequestError(f"the body must be CSV, however: {error}") from None
    _check_count(len(cells), long, limits)
    _check(header, cells)
    missing = {"", *signature.missing_tokens}
    columns = {column.name: column for column in signature.inputs}
    readers = [_reader(columns.get(name), missing) for name in header]
    if long:
        for place, name in enumerate(header):
            if name in long.channels:
                readers[place] = reader(long.format_of(name), missing)
    rows = [
        {name: read(cell) for name, read, cell in zip(header, readers, line, strict=True)}
        for line in cells
    ]
    return rows, long


def _text(body: bytes, usual: str) -> tuple[str, str]:
    """Return a CSV's text and delimiter, which Excel may say in a line of its own (`sep=;`)."""
    if body.startswith(ZIP):
        raise RequestError(
            "the body must be CSV, however: it is a zip archive such as an Excel workbook. Save "
            "the sheet as CSV UTF-8"
        )
    try:
        text = decoded(body, encoding_of(body, usual))
    except UnicodeDecodeError as error:
        raise RequestError(
            "the CSV must be UTF-8 (in Excel: CSV UTF-8), or the Content-Type say what it is (as "
            f'in "text/csv; charset=cp1252"), however: {error}'
        ) from None
    said, text = said_delimiter(text)
    return text, said or max(",;\t|", key=text.partition("\n")[0].count)


def _header(lines: Iterator[list[str]], signature: Signature) -> list[str]:
    header = next(lines, [])
    if not header:
        raise RequestError("the CSV must begin with the columns' names, however: there is none")
    return _names(header, signature)


def _names(header: list[str], signature: Signature) -> list[str]:
    """Return the columns' names as the model has them."""
    known = {item.name for item in signature.inputs}
    header = [name if name in known else composed(name) for name in header]
    repeated = [name for name, count in Counter(header).items() if count > 1]
    if repeated:
        found = f"`{repeated[0][:100]}` stands twice"
        raise RequestError(f"the columns' names must differ, however: {found}")
    return header


def _check_count(count: int, long: LongTable | None, limits: Limits) -> None:
    """Refuse too many lines; those that are steps may be more than rows may."""
    if long is None:
        limits.check_rows(count)
    else:
        long.check_steps(count)


def _check(header: list[str], cells: list[list[str]]) -> None:
    for number, line in enumerate(cells):
        if len(line) != len(header):
            raise RequestError(
                f"row {number} must have {len(header)} cells as the first line, however: "
                f"{len(line)}"
            )


def _reader(column: Input | None, missing: set[str]) -> Callable[[str], Any]:
    """Return what turns a cell of a column into a value as JSON has it."""
    kind = column.kind if column else "text"
    format = column.format if column else None

    def read(cell: str) -> Any:
        if cell.strip() in missing:
            return None
        if kind == "number":
            number = to_number(cell, format)
            return cell if number is None else number
        if kind == "bool":
            return {"true": True, "false": False}.get(cell.strip().lower(), cell)
        if kind in ("sequence", "image") and cell.lstrip()[:1] in ("[", "{"):
            return _parsed(cell)
        return cell

    return read


def _parsed(cell: str) -> Any:
    """Return what a cell of JSON holds; itself if it holds none."""
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell


def _parquet(body: bytes, signature: Signature, limits: Limits) -> Table:
    table = parquet.ParquetBody(body, limits)
    table.names = _names(table.names, signature)
    long = LongTable.of(signature, table.names, limits)
    _check_count(table.rows, long, limits)
    return table.read(), long
