"""Words answered requests as lines of JSON: one a row, what was sent and what was put out.

Nothing here needs a loaded model, so that a process beside the server can do it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ninefold.serving import protocol
from ninefold.serving.model import Array, Form
from ninefold.serving.reading import Job, header_length, sent_rows
from ninefold.serving.rows import Rows
from ninefold.signature import NAT

CELL_DIMS = 2
"""Dims of an input of one cell a row."""


class Answered(NamedTuple):
    """When a request was answered, by which version, with what; `masked` columns are left out."""

    at: float
    version: str
    masked: frozenset[str]
    outputs: Mapping[str, Array]


def lines_of_body(answered: Answered, job: Job, rows: Rows | None = None) -> bytes:
    """Return the lines of a body; `rows` saves making the reader of a model's rows anew.

    Raises:
        RequestError: it cannot be read.
    """
    if job.endpoint == "infer":
        decoded = protocol.decode(job.body, header_length(job.headers), job.form, job.limits)
        return lines_of_tensors(answered, job.form, decoded.feeds, decoded.rows)
    rows = rows or Rows(job.form)
    sent = sent_rows(job.body, job.headers, rows.signature, job.limits).rows
    return _lines(answered, [sent[place] for place in rows.read(sent, is_sent=True).good])


def lines_of_tensors(
    answered: Answered, form: Form, feeds: Mapping[str, Array], count: int
) -> bytes:
    """Return the lines of tensors `(N, 1)`, missing values as null; none of other shapes."""
    if any(len(item.shape) != CELL_DIMS for item in form.inputs):
        return b""
    columns = {name: _cells(array.ravel()) for name, array in feeds.items()}
    rows = [{name: cells[row] for name, cells in columns.items()} for row in range(count)]
    return _lines(answered, rows)


def _lines(answered: Answered, rows: Sequence[Mapping[str, Any]]) -> bytes:
    masked = answered.masked
    outputs = {name: array.tolist() for name, array in answered.outputs.items()}
    said = []
    for place, row in enumerate(rows):
        content = {
            "at": round(answered.at, 3),
            "version": answered.version,
            "row": {name: value for name, value in row.items() if name not in masked},
            "outputs": {name: values[place] for name, values in outputs.items()},
        }
        said.append(json.dumps(content).encode() + b"\n")
    return b"".join(said)


def _cells(values: Array) -> list[Any]:
    found = values.tolist()
    if values.dtype == np.int64:
        return [None if value == NAT else value for value in found]
    return [None if value != value else value for value in found]
