"""What a table holds, column by column."""

import json
import math
from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ninefold.columns import ROW, Array, Column, to_array
from ninefold.tensor_cells import TENSOR_KINDS, from_arrow, kind_of

BINS = 20
MOST_BINS = 40
"""Whole numbers that span no more have a bin each."""
TOP = 20
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


COUNTS = ("name", "kind", "roles", "format", "rows", "missing", "missing_share", "distinct",
          "infinite")  # fmt: skip
"""What may be told of a column whose values are masked."""


def profile_table(
    table: pa.Table, columns: tuple[Column, ...], masked: Collection[str] = ()
) -> dict[str, Any]:
    """See `ninefold.datasets.profile`."""
    notes = json.loads((table.schema.metadata or {}).get(b"notes", b"{}"))
    described = [_describe(table[column.name], column) for column in columns]
    described = [
        {key: item[key] for key in COUNTS if key in item} if item["name"] in masked else item
        for item in described
    ]
    kinds: dict[str, int] = {}
    for column in columns:
        kinds[column.kind] = kinds.get(column.kind, 0) + 1
    return {
        "rows": table.num_rows,
        **notes,
        "columns": described,
        "kinds": dict(sorted(kinds.items())),
        "missing": sum(item["missing"] for item in described),
        "infinite": sum(item.get("infinite", 0) for item in described),
        "duplicates": duplicates(table),
        "bytes": table.nbytes,
    }


def duplicates(table: pa.Table) -> int:
    """Count the rows that repeat an earlier one, `ROW` aside, by a 64-bit hash of their cells."""
    table = table.drop_columns([ROW])
    if table.num_rows == 0 or table.num_columns == 0:
        return 0
    hashed = np.zeros(table.num_rows, dtype=np.uint64)
    for name in table.column_names:
        cells = table[name].combine_chunks()
        if kind := kind_of(cells.type):
            cells = pa.array(TENSOR_KINDS[kind].cell_hashes(from_arrow(cells, kind)), pa.uint64())
        codes = cells.dictionary_encode().indices
        values = np.asarray(pc.add(pc.fill_null(codes, -1).cast(pa.int64()), 1)).astype(np.uint64)
        hashed = _mix(hashed ^ _mix(values + np.uint64(0x9E3779B97F4A7C15)))
    return int(table.num_rows - len(np.unique(hashed)))


def _mix(values: Array) -> Array:
    """Scramble 64-bit integers (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))


def _describe(values: pa.ChunkedArray, column: Column) -> dict[str, Any]:
    """Describe one column."""
    missing = values.null_count
    content: dict[str, Any] = {
        **column.to_json(),
        "rows": len(values),
        "missing": missing,
        "missing_share": round(missing / len(values), 6) if len(values) else 0.0,
    }
    if column.is_tensor:
        return content | _tensors(to_array(values, column.kind), column)
    content["distinct"] = pc.count_distinct(values).as_py()
    present = values.drop_null()
    if column.kind == "number":
        return content | _numbers(np.asarray(present.cast(pa.float64(), safe=False)))
    if column.kind == "datetime":
        return content | _datetimes(np.asarray(present.cast(pa.int64())))
    if column.kind == "bool":
        return content | {"true": int(pc.sum(present).as_py() or 0)} | _levels(present)
    lengths = np.asarray(pc.utf8_length(present)) if len(present) else np.zeros(1)
    sizes = {"mean": float(lengths.mean()), "max": int(lengths.max())}
    return content | {"length": sizes} | _levels(present)


def _tensors(values: Array, column: Column) -> dict[str, Any]:
    """Describe a column of pictures or sequences by what a few numbers tell of each."""
    kind = TENSOR_KINDS[column.kind]
    names, told = kind.summary_names(column.format), kind.summaries(values, column.format).T
    return {
        "distinct": len(np.unique(kind.cell_hashes(values))),
        "channels": column.shape[-1],
        "told": {n: _numbers(v[~np.isnan(v)]) for n, v in zip(names, told, strict=True)},
    }


def _numbers(values: Array) -> dict[str, Any]:
    finite = values[np.isfinite(values)]
    content: dict[str, Any] = {"infinite": len(values) - len(finite)}
    if not len(finite):
        return content
    with np.errstate(over="ignore", invalid="ignore"):
        content |= {
            "min": finite.min(),
            "max": finite.max(),
            "mean": finite.mean(),
            "std": finite.std(),
            "zeros": int((finite == 0).sum()),
            "negative": int((finite < 0).sum()),
        }
    return content | _quantiles(finite) | {"histogram": _histogram(finite)}


def _quantiles(values: Array) -> dict[str, Any]:
    found = np.quantile(values, QUANTILES, method="inverted_cdf")
    return {"quantiles": {str(q): v for q, v in zip(QUANTILES, found.tolist(), strict=True)}}


def _histogram(values: Array, counts_up: bool = True) -> dict[str, Any]:
    """Count values in equal bins from quantile 0.5 % to 99.5 %, outliers in the end bins.

    Each bin of whole numbers that count something (no microseconds) holds as many of them as any
    other: months are twelve bars without gaps.
    """
    low, high = np.quantile(values, [0.005, 0.995], method="inverted_cdf").tolist()
    if not np.isfinite(high - low) or low == high:
        low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low) or not (high - low) / BINS > np.spacing(abs(high) + abs(low)):
        return {"edges": [low, high], "counts": [len(values)]}
    bins, ends = BINS, (low, high)
    if counts_up and high - low < 2**52 and not np.mod(values, 1).any():
        span = high - low + 1
        width = 1 if span <= MOST_BINS else math.ceil(span / BINS)
        bins = math.ceil(span / width)
        ends = (low - 0.5, low - 0.5 + bins * width)
    counts, edges = np.histogram(np.clip(values, low, high), bins=bins, range=ends)
    return {"edges": edges.tolist(), "counts": counts.tolist(), "ends": [low, high]}


def _datetimes(micros: Array) -> dict[str, Any]:
    if not len(micros):
        return {}
    histogram = _histogram(micros.astype(np.float64), counts_up=False)
    edges = [_iso(int(edge)) for edge in histogram["edges"]]
    quantiles = np.quantile(micros, QUANTILES, method="inverted_cdf")
    return {
        "min": _iso(int(micros.min())),
        "max": _iso(int(micros.max())),
        "quantiles": {
            str(q): _iso(int(v)) for q, v in zip(QUANTILES, quantiles.tolist(), strict=True)
        },
        "histogram": {"edges": edges, "counts": histogram["counts"]},
    }


def _iso(micros: int) -> str:
    return str(np.datetime64(micros, "us")).removesuffix(".000000")


def _levels(values: pa.ChunkedArray) -> dict[str, Any]:
    """Return the most frequent values, ties in alphabetical order."""
    counted = pc.value_counts(values)
    names, counts = counted.field("values").cast(pa.string()), counted.field("counts")
    order = pc.sort_indices(
        pa.table({"count": counts, "name": names}),
        sort_keys=[("count", "descending"), ("name", "ascending")],
    ).slice(0, TOP)
    top = zip(names.take(order).to_pylist(), counts.take(order).to_pylist(), strict=True)
    shown = [{"value": value[:200], "count": count} for value, count in top]
    other = len(values) - sum(item["count"] for item in shown)
    return {"top": shown, "other": other}
