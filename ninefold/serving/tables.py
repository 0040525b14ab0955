"""Bodies that are tables: CSV, and Parquet where pyarrow is installed, as rows of named values."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ninefold.numerals import to_number
from ninefold.serving.limits import Limits, RequestError
from ninefold.signature import Input, Signature

CSV = "text/csv"
PARQUET = ("application/vnd.apache.parquet", "application/x-parquet", "application/parquet")
TYPES = (CSV, *PARQUET)
MAX_CELL = 2**20


def rows_of(body: bytes, type_: str, signature: Signature, limits: Limits) -> list[dict[str, Any]]:
    """Return the rows of a table as the rows endpoint takes them; types come from the signature.

    Raises:
        RequestError: 400 no table, 413 too many rows, 415 Parquet without pyarrow.
    """
    table = _csv(body, signature, limits) if type_ == CSV else _parquet(body, limits)
    if not table:
        raise RequestError("the table must have at least one row")
    return table


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


def _csv(body: bytes, signature: Signature, limits: Limits) -> list[dict[str, Any]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(f"the CSV must be UTF-8, however: {error}") from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    csv.field_size_limit(MAX_CELL)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(lines, [])
        cells = [line for line in lines if line]
    except csv.Error as error:
        raise RequestError(f"the body must be CSV, however: {error}") from None
    _check(header, cells, limits)
    missing = {"", *signature.missing_tokens}
    columns = {column.name: column for column in signature.inputs}
    readers = [_reader(columns.get(name), missing) for name in header]
    return [
        {name: read(cell) for name, read, cell in zip(header, readers, line, strict=True)}
        for line in cells
    ]


def _check(header: list[str], cells: list[list[str]], limits: Limits) -> None:
    repeated = [name for name in header if header.count(name) > 1]
    if not header or repeated:
        found = f"`{repeated[0]}` stands twice" if repeated else "there is none"
        raise RequestError(f"the CSV must begin with the columns' names, however: {found}")
    limits.check_rows(len(cells))
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


def _parquet(body: bytes, limits: Limits) -> list[dict[str, Any]]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise RequestError(
            "this server reads no Parquet: it needs `pip install pyarrow`; send CSV", 415
        ) from None
    try:
        file = pq.ParquetFile(pa.BufferReader(body))
        limits.check_rows(file.metadata.num_rows)
        rows = file.read().to_pylist()
    except (pa.ArrowException, OSError) as error:
        said = " ".join(str(error).split())[:200]
        raise RequestError(f"the body must be Parquet, however: {said}") from None
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
