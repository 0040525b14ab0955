"""The way back: from features, as a model would have them, to values of the raw columns.

Says for every raw column that features came from how its value is read off them; in numpy and,
node for node, in ONNX. What preprocessing lost stays lost: rare levels, words, values beyond the
range of the train rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ninefold.columns import NAT, Array, Column, Frame, is_missing
from ninefold.preprocessing.blocks.bins import BinCell
from ninefold.preprocessing.blocks.block import SECOND_US, Block
from ninefold.preprocessing.blocks.booleans import BooleanCell
from ninefold.preprocessing.blocks.flags import FlagCell
from ninefold.preprocessing.blocks.numbers import NumberCell
from ninefold.preprocessing.blocks.one_hot import LevelCell
from ninefold.preprocessing.clipping.smooth import emit_straightened, straightened
from ninefold.preprocessing.layout import Layout
from ninefold.preprocessing.levels import MISSING, UNKNOWN, Levels
from ninefold.preprocessing.scaling.quantile import EDGE

NEAR_LIMIT = 2.9
"""A smoothly clipped value is at most 3; farther ones cannot be told apart."""
Decoder = Mapping[str, Any]
"""Column, kind and how to read it, as JSON holds it."""


@dataclass(frozen=True)
class Decoded:
    """Values `(N,)` of one raw column, and how far each is from a jump to another."""

    column: str
    kind: str
    values: Array
    margin: Array | None = None


def decoders(
    blocks: Sequence[Block], codes: Sequence[Levels], columns: Sequence[Column], train: Frame
) -> tuple[Decoder, ...]:
    """Return how each raw column is read off the features, by the train rows."""
    places: dict[str, list[tuple[int, Any]]] = {}
    cells = [cell for block in blocks for cell in block.cells]
    for position, cell in enumerate(cells):
        places.setdefault(cell.column, []).append((position, cell))
    coded = {levels.column: (i, levels) for i, levels in enumerate(codes)}
    found = []
    for column in columns:
        if "input" not in column.roles:
            continue
        if column.name in coded:
            number, levels = coded[column.name]
            found.append(_code(column, number, levels))
        elif column.name in places:
            decoder = _decoder(column, places[column.name], train[column.name])
            found += [decoder] if decoder else []
    return tuple(found)


def _decoder(column: Column, cells: list[tuple[int, Any]], values: Array) -> Decoder | None:
    kinds = {type(cell) for _, cell in cells}
    flag = next((at for at, cell in cells if isinstance(cell, FlagCell)), None)
    base: dict[str, Any] = {"column": column.name, "kind": column.kind}
    if LevelCell in kinds:
        known = [(at, cell) for at, cell in cells if cell.code != UNKNOWN]
        named = [_level(cell.levels, cell.code, column) for _, cell in known]
        return {**base, "way": "levels", "at": [at for at, _ in known], "values": named}
    if BooleanCell in kinds:
        return {**base, "way": "bool", "at": cells[0][0]}
    if not kinds & {NumberCell, BinCell}:
        return None
    doubles = _doubles(column, values)
    known_values = doubles[np.isfinite(doubles)]
    base |= {
        "low": float(known_values.min()),
        "high": float(known_values.max()),
        "whole": bool((known_values == np.round(known_values)).all()),
        "flag": flag,
    }
    if BinCell in kinds:
        inside = [(at, cell) for at, cell in cells if isinstance(cell, BinCell)]
        means = [_mean_in(known_values, cell) for _, cell in inside]
        return {**base, "way": "bins", "at": [at for at, _ in inside], "values": means}
    at, cell = next((at, cell) for at, cell in cells if isinstance(cell, NumberCell))
    return {**base, "way": "number", "at": at, "smooth": cell.is_smooth, "scale": _scale(cell)}


def _scale(cell: NumberCell) -> dict[str, Any]:
    if len(cell.fitted) == 2:
        way = "log" if cell.scale.group == "log" else "affine"
        offset, spread = (float(part) for part in cell.fitted)
        return {"kind": way, "offset": offset, "spread": spread}
    knots, below, above = cell.fitted
    places = (np.asarray(below) + np.asarray(above)) / 2
    places[0], places[-1] = 0.0, 1.0
    if getattr(cell.scale, "distribution", "uniform") == "normal":
        from scipy.special import ndtri

        places = ndtri(np.clip(places, EDGE, 1 - EDGE))
    return {"kind": "table", "knots": np.asarray(knots).tolist(), "places": places.tolist()}


def _mean_in(values: Array, cell: BinCell) -> float:
    inside = values[(values >= cell.low) & (values < cell.high)]
    return float(inside.mean()) if len(inside) else float(np.clip(0.0, cell.low, cell.high))


def _doubles(column: Column, values: Array) -> Array:
    if column.kind == "datetime":
        return np.where(is_missing("datetime", values), np.nan, values / SECOND_US)
    return np.asarray(values, dtype=np.float64)


def _level(levels: Levels, code: int, column: Column) -> Any:
    if code == MISSING:
        return "" if column.kind in ("category", "text") else None
    return levels.levels[code - 2]


def _code(column: Column, number: int, levels: Levels) -> Decoder:
    shown = range(MISSING if levels.has_missing else MISSING + 1, levels.cardinality)
    return {
        "column": column.name,
        "kind": column.kind,
        "way": "code",
        "code": number,
        "at": list(shown),
        "values": [_level(levels, code, column) for code in shown],
    }


def positions(decoder: Decoder, layout: Layout) -> list[int]:
    """Return the coordinates of the wide space `(D,)` that a column is read off."""
    at = decoder["at"] if isinstance(decoder["at"], list) else [decoder["at"]]
    if decoder["way"] != "code":
        return [int(place) for place in at]
    start = len(layout.features) + sum(layout.cardinalities[: decoder["code"]])
    return [start + int(place) for place in at]


def decode(wide: Array, layout: Layout) -> list[Decoded]:
    """Return the raw columns read off features and levels `wide (N, D)`, float64."""
    return [_read(wide, decoder, layout) for decoder in layout.decoders]


def _read(wide: Array, decoder: Decoder, layout: Layout) -> Decoded:
    name, kind, at = decoder["column"], decoder["kind"], positions(decoder, layout)
    if decoder["way"] == "bool":
        value = wide[:, at[0]]
        return Decoded(name, kind, value > 0, np.abs(value))
    if decoder["way"] in ("levels", "code"):
        scores = wide[:, at]
        ordered = np.sort(scores, axis=1)
        margin = ordered[:, -1] - ordered[:, -2] if len(at) > 1 else np.full(len(wide), np.inf)
        return Decoded(name, kind, _table(decoder)[scores.argmax(axis=1)], margin)
    margin = np.full(len(wide), np.inf)
    if decoder["way"] == "bins":
        values = _table(decoder)[wide[:, at].argmax(axis=1)]
        ordered = np.sort(wide[:, at], axis=1)
        margin = ordered[:, -1] - ordered[:, -2]
    else:
        values = _unscaled(wide[:, at[0]], decoder)
    values = np.clip(values, decoder["low"], decoder["high"])
    if decoder["whole"]:
        margin = np.minimum(margin, np.abs(values - np.floor(values) - 0.5))
        values = np.round(values)
    if decoder["flag"] is not None:
        margin = np.minimum(margin, np.abs(wide[:, decoder["flag"]] - 0.5))
        values = np.where(wide[:, decoder["flag"]] > 0.5, np.nan, values)
    if kind == "datetime":
        micros = np.nan_to_num(values) * SECOND_US
        values = np.where(np.isnan(values), NAT, np.round(micros)).astype(np.int64)
    return Decoded(name, kind, values, margin)


def _table(decoder: Decoder) -> Array:
    is_text = decoder["kind"] in ("category", "text")
    if is_text:
        return np.asarray(decoder["values"], dtype=object)
    return np.asarray([np.nan if v is None else v for v in decoder["values"]], dtype=np.float64)


def _unscaled(value: Array, decoder: Decoder) -> Array:
    if decoder["smooth"]:
        value = straightened(value, NEAR_LIMIT)
    scale = decoder["scale"]
    if scale["kind"] == "table":
        return _from_table(value, scale)
    value = value * scale["spread"] + scale["offset"]
    if scale["kind"] == "log":
        value = np.sign(value) * (np.exp(np.minimum(np.abs(value), 700.0)) - 1.0)
    return np.asarray(value)


def _from_table(value: Array, scale: Mapping[str, Any]) -> Array:
    start, width, rise = _ramps(scale)
    along = np.clip((value[:, None] - start) / width, 0.0, 1.0)
    return np.asarray(along @ rise + scale["knots"][0])


def _ramps(scale: Mapping[str, Any]) -> tuple[Array, Array, Array]:
    """Return where each piece between two knots begins, how wide it is and how far it rises."""
    knots, places = np.asarray(scale["knots"]), np.asarray(scale["places"])
    if len(knots) == 1:
        return np.zeros(1), np.ones(1), np.zeros(1)
    return places[:-1], np.maximum(np.diff(places), 1e-9), np.diff(knots)


def emit_decoded(graph: Any, wide: str, layout: Layout) -> list[tuple[str, Any, str]]:
    """Add the nodes that read raw columns off `wide` double `[N, D]`.

    Returns:
        Column, element type and value `[N]` of each.
    """
    return [_emit(graph, wide, decoder, layout) for decoder in layout.decoders]


def _emit(graph: Any, wide: str, decoder: Decoder, layout: Layout) -> tuple[str, Any, str]:
    name, at = decoder["column"], positions(decoder, layout)

    def column(place: int) -> str:
        return str(graph.Gather(wide, np.array(place), axis=1))

    if decoder["way"] == "bool":
        return name, np.bool_, graph.Greater(column(at[0]), 0.0)
    if decoder["way"] in ("levels", "code", "bins"):
        best = graph.ArgMax(graph.Gather(wide, np.array(at), axis=1), axis=1, keepdims=0)
        table = _table(decoder)
        values = graph.Gather(graph.constant(table.tolist() if table.dtype == object else table),
                              best)  # fmt: skip
        if decoder["way"] != "bins":
            return name, object if table.dtype == object else np.float64, values
    else:
        values = _emit_unscaled(graph, column(at[0]), decoder)
    values = graph.Clip(values, np.float64(decoder["low"]), np.float64(decoder["high"]))
    values = graph.Round(values) if decoder["whole"] else values
    if decoder["flag"] is not None:
        is_gone = graph.Greater(column(decoder["flag"]), 0.5)
        values = graph.Where(is_gone, np.float64(np.nan), values)
    if decoder["kind"] != "datetime":
        return name, np.float64, values
    gone = graph.IsNaN(values)
    micros = graph.Round(graph.Mul(graph.Where(gone, np.float64(0.0), values), SECOND_US))
    return name, np.int64, graph.Where(gone, np.int64(NAT), graph.cast(micros, np.int64))


def _emit_unscaled(graph: Any, value: str, decoder: Decoder) -> str:
    if decoder["smooth"]:
        value = emit_straightened(graph, value, NEAR_LIMIT)
    scale = decoder["scale"]
    if scale["kind"] == "table":
        return _emit_from_table(graph, value, scale)
    value = graph.Add(graph.Mul(value, scale["spread"]), scale["offset"])
    if scale["kind"] == "log":
        size = graph.elementwise("Exp", graph.Min(graph.Abs(value), np.float64(700.0)))
        value = graph.Mul(graph.Sign(value), graph.Sub(size, 1.0))
    return value


def _emit_from_table(graph: Any, value: str, scale: Mapping[str, Any]) -> str:
    start, width, rise = _ramps(scale)
    place = graph.Unsqueeze(value, np.array([1]))
    along = graph.Clip(graph.Div(graph.Sub(place, start), width), np.float64(0), np.float64(1))
    summed = graph.Squeeze(graph.MatMul(along, rise.reshape(-1, 1)), np.array([1]))
    return str(graph.Add(summed, float(scale["knots"][0])))
