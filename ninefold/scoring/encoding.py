"""A record batch as a file has it -> the tensors a model takes, read exactly as ingest read it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ninefold.columns import TENSORS, Array, Column, to_array
from ninefold.datasets.tables.parsing import is_text, parse, unreadable
from ninefold.dates import doubt
from ninefold.errors import InputError
from ninefold.scoring.pictures import read_cells
from ninefold.scoring.sequences import read_sequences
from ninefold.sequences import holds_words, lines_of_words
from ninefold.signature import Input, Signature

SAMPLE_ROWS = 1024
"""Rows that tell whether the texts of a column repeat."""
RULES: Mapping[str, str] = {
    "number": "a number",
    "bool": "true or false",
    "datetime": "a date",
    "category": "text",
    "text": "text",
}


class Encoder:
    """Encodes the columns a model takes."""

    def __init__(
        self,
        signature: Signature,
        names: Sequence[str],
        folder: Path = Path(),
        masked: Collection[str] = (),
    ) -> None:
        """`names` are the model's inputs, all of them in the signature; image files are looked for
        in `folder`; no error shows a value of the `masked` columns.
        """
        self._masked = masked
        self.folder = folder
        columns = {item.name: item for item in signature.inputs}
        self.inputs = [columns[name] for name in names]
        self.missing_tokens = signature.missing_tokens

    def encode(self, batch: pa.RecordBatch) -> tuple[dict[str, Array], dict[int, str]]:
        """Return the feeds `(N, 1)`, of pictures and sequences `(N,)`, and, for each row with an
        unreadable cell, what is wrong.
        """
        feeds: dict[str, Array] = {}
        errors: dict[int, str] = {}
        for item in self.inputs:
            values = batch.column(item.name)
            if item.kind in TENSORS:
                feeds[item.name], wrong = self._tensors(values, item)
                errors = {**wrong, **errors}
                continue
            array, bad = self._read(values, item)
            for row in np.flatnonzero(bad).tolist():
                found = values[row].as_py()
                errors.setdefault(row, _wrong(item, found, item.name in self._masked))
            feeds[item.name] = array.reshape(-1, 1)
        return feeds, errors

    def _tensors(self, values: pa.Array, item: Input) -> tuple[Array, dict[int, str]]:
        if item.kind == "sequence":
            return read_sequences(values, item)
        return read_cells(values, item, self.folder)

    def _read(self, values: pa.Array, item: Input) -> tuple[Array, Array]:
        """Return the array `(N,)` and the mask of bad cells; a repeated text is read once."""
        encoded = _repeated(values)
        if encoded is None:
            parsed, bad = self._parse(values, item)
            return _array(parsed, item), bad
        texts = encoded.dictionary.cast(pa.string())
        known = pa.concat_arrays([texts, pa.nulls(1, pa.string())])
        parsed, bad = self._parse(known, item)
        place = pc.fill_null(encoded.indices, len(texts)).to_numpy()
        return _array(parsed, item)[place], bad[place]

    def _parse(self, values: pa.Array, item: Input) -> tuple[pa.Array, Array]:
        """Return the cells, and which of them are wrong; ISO 8601 is read beside a format."""
        column = Column(item.name, item.kind, format=item.format)
        try:
            parsed = parse(values, column, self.missing_tokens)
            bad = unreadable(values, parsed, self.missing_tokens)
            if item.kind == "datetime" and item.format is not None and bad.any():
                parsed = pc.coalesce(
                    parsed, parse(values, replace(column, format=None), self.missing_tokens)
                )
                bad = unreadable(values, parsed, self.missing_tokens)
        except pa.ArrowException as error:
            raise InputError(
                f"column `{item.name}` must hold {item.kind} values, however: {values.type}: "
                f"{' '.join(str(error).split())[:200]}"
            ) from None
        if item.kind == "bool":
            return parsed, np.asarray(parsed.is_null())
        return parsed, bad


def _repeated(values: pa.Array) -> pa.DictionaryArray | None:
    """Return a column of text as indices into its distinct texts, None if few of them repeat."""
    if not is_text(values.type):
        return None
    if pa.types.is_dictionary(values.type):
        if len(values.dictionary) <= len(values):
            return values
        values = values.dictionary_decode()
    start = values.slice(0, SAMPLE_ROWS)
    if pc.count_distinct(start).as_py() * 2 > len(start):
        return None
    return values.cast(pa.string()).dictionary_encode()


def _wrong(item: Input, value: object, is_masked: bool) -> str:
    rule = (
        f"a date like {item.format} or 2013-12-31T14:05:00"
        if item.kind == "datetime" and item.format
        else None
    )
    why = doubt(value) if item.kind == "datetime" else ""
    said = "a value that is masked" if is_masked else f"{str(value)[:60]!r}{why}"
    return f"column `{item.name}` must be {rule or RULES[item.kind]}, however: {said}"


def _array(parsed: pa.Array, item: Input) -> Array:
    """Return `(N,)`; equal texts share one Python string."""
    if item.kind not in ("category", "text"):
        return to_array(parsed, item.kind)
    encoded = parsed.dictionary_encode()
    texts = np.empty(len(encoded.dictionary) + 1, dtype=object)
    known = encoded.dictionary.to_pylist()
    if holds_words(item.format):
        known = [lines_of_words(text) for text in known]
    texts[:] = [*known, ""]
    return np.asarray(texts[pc.fill_null(encoded.indices, len(texts) - 1).to_numpy()])
