"""A record batch as a file has it -> the tensors a model takes, read exactly as ingest read it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ninefold.columns import Array, Column, to_array
from ninefold.datasets.tables.parsing import parse, unreadable
from ninefold.errors import InputError
from ninefold.signature import Input, Signature

RULES: Mapping[str, str] = {
    "number": "a number",
    "bool": "true or false",
    "datetime": "a date",
    "category": "text",
    "text": "text",
}


class Encoder:
    """Encodes the columns a model takes."""

    def __init__(self, signature: Signature, names: Sequence[str]) -> None:
        """`names` are the model's inputs, all of them in the signature."""
        columns = {item.name: item for item in signature.inputs}
        self.inputs = [columns[name] for name in names]
        self.missing_tokens = signature.missing_tokens

    def encode(self, batch: pa.RecordBatch) -> tuple[dict[str, Array], dict[int, str]]:
        """Return the feeds `(N, 1)` and, for each row with an unreadable cell, what is wrong."""
        feeds: dict[str, Array] = {}
        errors: dict[int, str] = {}
        for item in self.inputs:
            values = batch.column(item.name)
            parsed, bad = self._parse(values, item)
            for row in np.flatnonzero(bad).tolist():
                errors.setdefault(row, _wrong(item, values[row].as_py()))
            feeds[item.name] = _array(parsed, item).reshape(-1, 1)
        return feeds, errors

    def _parse(self, values: pa.Array, item: Input) -> tuple[pa.Array, Array]:
        column = Column(item.name, item.kind, format=item.format)
        try:
            parsed = parse(values, column, self.missing_tokens)
        except pa.ArrowException as error:
            raise InputError(
                f"column `{item.name}` must hold {item.kind} values, however: {values.type}: "
                f"{' '.join(str(error).split())[:200]}"
            ) from None
        if item.kind == "bool":
            return parsed, np.asarray(parsed.is_null())
        return parsed, unreadable(values, parsed, self.missing_tokens)


def _wrong(item: Input, value: object) -> str:
    rule = f"a date like {item.format}" if item.kind == "datetime" and item.format else None
    return f"column `{item.name}` must be {rule or RULES[item.kind]}, however: {str(value)[:60]!r}"


def _array(parsed: pa.Array, item: Input) -> Array:
    """Return `(N,)`; equal texts share one Python string."""
    if item.kind not in ("category", "text"):
        return to_array(parsed, item.kind)
    encoded = parsed.dictionary_encode()
    texts = np.empty(len(encoded.dictionary) + 1, dtype=object)
    texts[:] = [*encoded.dictionary.to_pylist(), ""]
    return np.asarray(texts[pc.fill_null(encoded.indices, len(texts) - 1).to_numpy()])
