"""Fits preprocessing on the train rows and writes it as one graph."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import NAT, Array, Column, Frame
from ninefold.errors import InputError
from ninefold.preprocessing.blocks.bins import BinBlock, BinCell, fit_bins
from ninefold.preprocessing.blocks.block import SECOND_US, Block, Reader
from ninefold.preprocessing.blocks.booleans import BooleanBlock, BooleanCell
from ninefold.preprocessing.blocks.flags import FlagBlock, FlagCell
from ninefold.preprocessing.blocks.numbers import (
    NumberBlock,
    NumberCell,
    fit_number,
    number_blocks,
)
from ninefold.preprocessing.blocks.one_hot import LevelCell, OneHotBlock, level_cells
from ninefold.preprocessing.blocks.words import WordBlock, WordCell, fit_words
from ninefold.preprocessing.layout import Layout
from ninefold.preprocessing.levels import Levels, fit_levels
from ninefold.preprocessing.model import Preprocessing
from ninefold.preprocessing.spec import CategorySpec, NumberSpec, PreprocessSpec, WordsSpec
from ninefold.preprocessing.treatment import Treatment, decide
from ninefold.problem import ProblemSpec
from ninefold.target import Target

if TYPE_CHECKING:
    import onnx

SAMPLE_ROWS = 100_000
"""Rows that feature selection looks at, evenly spaced over the train part."""
QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


@dataclass
class _Plan:
    """What was fitted so far."""

    numbers: list[NumberCell] = field(default_factory=list)
    bins: list[BinCell] = field(default_factory=list)
    flags: list[FlagCell] = field(default_factory=list)
    booleans: list[BooleanCell] = field(default_factory=list)
    levels: list[LevelCell] = field(default_factory=list)
    words: list[tuple[WordCell, ...]] = field(default_factory=list)
    codes: list[Levels] = field(default_factory=list)
    known_levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    quantiles: dict[str, tuple[float, ...]] = field(default_factory=dict)
    notes: dict[str, tuple[str, str]] = field(default_factory=dict)

    def blocks(self) -> list[Block]:
        """Return the families that have any features; numbers first."""
        families: list[Block] = [*number_blocks(self.numbers)]
        families += [BinBlock(tuple(self.bins)), FlagBlock(tuple(self.flags))]
        families += [BooleanBlock(tuple(self.booleans)), OneHotBlock(tuple(self.levels))]
        families += [WordBlock(cells) for cells in self.words]
        return [block for block in families if block.cells]


def fit(
    train: Frame, y: Array, target: Target, problem: ProblemSpec, spec: PreprocessSpec
) -> Preprocessing:
    """Fit preprocessing on `train`, and on nothing else.

    Args:
        train: rows with raw and derived columns.
        y: class codes or values `(N,)`, for feature selection.
        target: the fitted target.
        problem: roles of the columns.
        spec: the preprocess section of params.yaml.

    Raises:
        ConfigError: an override that does not fit.
        InputError: no row, or no column that tells rows apart.
    """
    if len(train) == 0:
        raise InputError("the train part must have rows, however: it is empty. Check `split`")
    treatments = decide(train, problem, spec)
    plan = _Plan()
    for treatment in treatments:
        _fit_column(plan, treatment, train[treatment.column.name])
    columns = [treatment.column for treatment in treatments]
    blocks, codes, dropped = _select(plan, columns, train, y, target, spec)
    if not blocks and not codes:
        raise InputError(
            "there must be at least one usable feature, however: "
            + ("; ".join(_reasons(treatments, plan, dropped)) or "there is no input column")
        )
    model, layout = _assemble(blocks, codes, columns)
    table = _table(treatments, plan, dropped, layout)
    read = set(layout.inputs)
    details: dict[str, Any] = {
        "treatments": table,
        "edges": _edges(blocks),
        "quantiles": {name: q for name, q in plan.quantiles.items() if name in read},
        "levels": {name: known for name, known in plan.known_levels.items() if name in read},
    }
    return Preprocessing(model, Layout(**{**layout.__dict__, **details}))


def _fit_column(plan: _Plan, treatment: Treatment, values: Array) -> None:
    """Fit one column by its use and note what was decided."""
    name, settings = treatment.column.name, treatment.settings
    if treatment.use == "drop":
        plan.notes[name] = ("dropped", treatment.why)
    elif isinstance(settings, NumberSpec):
        _fit_number(plan, treatment, _doubles(treatment.column, values), settings)
    elif isinstance(settings, CategorySpec):
        _fit_category(plan, treatment, values, settings)
    elif isinstance(settings, WordsSpec):
        cells = fit_words(name, values, settings)
        plan.words.append(tuple(cells))
        what = f"{len(cells)} words" if cells else "dropped"
        why = treatment.why if cells else f"no word is in {settings.min_count} train rows"
        plan.notes[name] = (what, why)
    else:
        plan.booleans.append(BooleanCell(name))
        plan.notes[name] = ("1 for true, -1 for false", treatment.why)


def _doubles(column: Column, values: Array) -> Array:
    """Return a column as doubles `(N,)`; missing and infinite values NaN."""
    if column.kind == "datetime":
        return np.where(values == NAT, np.nan, values.astype(np.float64) / SECOND_US)
    doubles = values.astype(np.float64)
    return np.where(np.isfinite(doubles), doubles, np.nan)


def _fit_number(plan: _Plan, treatment: Treatment, values: Array, spec: NumberSpec) -> None:
    name = treatment.column.name
    missing = np.isnan(values)
    finite = values[~missing]
    if len(finite) == 0:
        plan.notes[name] = ("dropped", "every train row is missing")
        return
    plan.quantiles[name] = tuple(float(q) for q in np.quantile(finite, QUANTILES))
    parts = []
    if finite.min() < finite.max() and spec.bins:
        cells = fit_bins(name, finite, spec)
        plan.bins += cells
        parts.append(f"{len(cells)} one-hot bins")
    elif finite.min() < finite.max():
        cell = fit_number(name, finite, spec)
        plan.numbers.append(cell)
        clip = spec.clip.kind if spec.clip else "smooth" if cell.is_smooth else "none"
        parts.append(f"scale {spec.scale.kind}, clip {clip}")
    if missing.any() and parts:
        parts.append(f"{spec.impute.kind} for missing")
    if missing.any() and spec.missing_flag:
        plan.flags.append(FlagCell(name))
        parts.append("missing flag")
    why = treatment.why if parts else f"every train row has {finite[0]:g}"
    plan.notes[name] = (", ".join(parts) or "dropped", why)


def _fit_category(plan: _Plan, treatment: Treatment, values: Array, spec: CategorySpec) -> None:
    column = treatment.column
    if column.kind not in ("category", "text"):
        values = _doubles(column, values)
    levels = fit_levels(column.name, column.kind, values, spec)
    count = len(levels.levels)
    if count + levels.has_missing + levels.has_rare < 2 or count == 0:
        only = f"every train row has {levels.names[-1]!r}"
        rare = f"no level is in {spec.min_count} train rows"
        empty = "every train row is missing"
        plan.notes[column.name] = ("dropped", only if count else rare if levels.has_rare else empty)
        return
    plan.known_levels[column.name] = levels.names[2:]
    is_one_hot = spec.encode == "one_hot" or (
        spec.encode == "auto" and count <= spec.one_hot_levels
    )
    note = f"{count} levels" + (", rare ones merged" if levels.has_rare else "")
    if is_one_hot:
        plan.levels += level_cells(levels)
        plan.notes[column.name] = (f"one-hot, {note}", treatment.why)
    else:
        plan.codes.append(levels)
        plan.notes[column.name] = (f"codes for an embedding, {note}", treatment.why)


def _assemble(
    blocks: Sequence[Block], codes: Sequence[Levels], columns: Sequence[Column]
) -> tuple["onnx.ModelProto", Layout]:
    """Write the graph and describe its outputs."""
    from ninefold.graph import Graph

    graph = Graph("preprocess")
    reader = Reader(graph, columns)
    used = {cell.column for block in blocks for cell in block.cells} | {c.column for c in codes}
    read = tuple(column for column in columns if column.name in used)
    for column in read:
        reader.raw(column.name)
    parts = [block.emit(reader) for block in blocks]
    values = graph.Concat(*parts, axis=1) if parts else _nothing(graph, reader, read, np.float64)
    looked_up = [reader.codes(levels) for levels in codes]
    table = graph.Concat(*looked_up, axis=1) if codes else _nothing(graph, reader, read, np.int64)
    cells = [cell for block in blocks for cell in block.cells]
    names = [_free(name, used) for name in ("X", "codes")]
    graph.output(names[0], graph.cast(values, np.float32), np.float32, ("N", len(cells)))
    graph.output(names[1], table, np.int64, ("N", len(codes)))
    continuous = sum(len(block.cells) for block in blocks if isinstance(block, NumberBlock))
    layout = Layout(
        features=tuple(cell.name for cell in cells),
        sources=tuple(cell.column for cell in cells),
        continuous=tuple(range(continuous)),
        codes=tuple(levels.column for levels in codes),
        cardinalities=tuple(levels.cardinality for levels in codes),
        columns=read,
    )
    return graph.model(), layout


def _nothing(graph: Any, reader: Reader, read: Sequence[Column], dtype: Any) -> str:
    """Return an empty table `[N, 0]`."""
    rows = graph.Shape(reader.raw(read[0].name), end=1)
    return str(graph.cast(graph.ConstantOfShape(graph.Concat(rows, np.array([0]), axis=0)), dtype))


def _free(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _select(
    plan: _Plan,
    columns: Sequence[Column],
    train: Frame,
    y: Array,
    target: Target,
    spec: PreprocessSpec,
) -> tuple[list[Block], list[Levels], dict[str, str]]:
    """Drop constant and duplicate features, then apply the rules of `spec.select`.

    Returns:
        The blocks and codes that stay, and for each feature dropped the reason.
    """
    blocks, codes = plan.blocks(), plan.codes
    if not blocks and not codes:
        return [], [], {}
    full = Preprocessing(*_assemble(blocks, codes, columns))
    reasons, keep_codes = _constant_or_duplicate(full, train)
    mask = np.array([not reason for reason in reasons], dtype=bool)
    if spec.select and mask.any():
        index = np.unique(np.linspace(0, len(train) - 1, min(len(train), SAMPLE_ROWS)).astype(int))
        X = full.transform(train.take(index))[0]
        for selector in spec.select:
            stays = np.flatnonzero(mask)
            if len(stays) == 0:
                break
            kept = selector.keep(X[:, stays], y[index], target.task)
            for position in stays[~kept]:
                mask[position], reasons[position] = False, selector.reason
    dropped = {
        name: reason for name, reason in zip(full.layout.features, reasons, strict=True) if reason
    }
    chosen, start = [], 0
    for block in blocks:
        part = mask[start : start + len(block.cells)]
        start += len(block.cells)
        if part.any():
            chosen.append(block.keep(part))
    kept_codes = [levels for levels, reason in zip(codes, keep_codes, strict=True) if not reason]
    dropped |= {
        levels.column: reason for levels, reason in zip(codes, keep_codes, strict=True) if reason
    }
    return chosen, kept_codes, dropped


def _constant_or_duplicate(full: Preprocessing, train: Frame) -> tuple[list[str], list[str]]:
    """Return for each feature and each code column why it is to be dropped, or ""."""
    layout = full.layout
    features, codes = _Fingerprints(len(layout.features)), _Fingerprints(len(layout.codes))
    for _, X, coded in full.chunks(train):
        features.add(X)
        codes.add(coded)
    return features.reasons(layout.features), codes.reasons(layout.codes)


class _Fingerprints:
    """Range and hash of each column of a table that comes in chunks."""

    def __init__(self, count: int) -> None:
        self.hashes = [hashlib.blake2b(digest_size=16) for _ in range(count)]
        self.low = self.high = np.array([])

    def add(self, table: Array) -> None:
        """Take the next rows `(n, C)` in."""
        if not self.hashes:
            return
        low, high = table.min(axis=0), table.max(axis=0)
        is_first = len(self.low) == 0
        self.low = low if is_first else np.minimum(low, self.low)
        self.high = high if is_first else np.maximum(high, self.high)
        for column, digest in enumerate(self.hashes):
            digest.update(np.ascontiguousarray(table[:, column] + 0).tobytes())

    def reasons(self, names: Sequence[str]) -> list[str]:
        """Return why each column is to be dropped, or ""."""
        seen: dict[bytes, str] = {}
        found = []
        for name, digest, low, high in zip(names, self.hashes, self.low, self.high, strict=True):
            first = seen.setdefault(digest.digest(), name)
            if low == high:
                found.append("it is the same in every train row")
            else:
                found.append("" if first == name else f"it equals `{first}` in every train row")
        return found


def _edges(blocks: Sequence[Block]) -> dict[str, tuple[float, ...]]:
    """Return the numbers where a column's treatment changes."""
    edges: dict[str, set[float]] = {}
    for block in blocks:
        for cell in block.cells:
            found: list[Any] = []
            if isinstance(cell, (BinCell, NumberCell)):
                found += [cell.low, cell.high]
            if isinstance(cell, NumberCell) and len(cell.fitted) == 3:
                found += cell.fitted[0].tolist()
            inside = {float(edge) for edge in found if abs(edge) < 1e300}
            if inside:
                edges.setdefault(cell.column, set()).update(inside)
    return {column: tuple(sorted(found)) for column, found in edges.items()}


def _table(
    treatments: Sequence[Treatment], plan: _Plan, dropped: dict[str, str], layout: Layout
) -> tuple[dict[str, Any], ...]:
    """Return the decision table."""
    rows = []
    for treatment in treatments:
        name = treatment.column.name
        what, why = plan.notes[name]
        features = [f for f, s in zip(layout.features, layout.sources, strict=True) if s == name]
        rows.append(
            {
                "column": name,
                "kind": treatment.column.kind,
                "treatment": what if features or name in layout.codes else "dropped",
                "why": why if features or name in layout.codes else dropped.get(name, why),
                "features": features,
            }
        )
    return tuple(rows)


def _reasons(treatments: Sequence[Treatment], plan: _Plan, dropped: dict[str, str]) -> list[str]:
    names = [treatment.column.name for treatment in treatments]
    return [f"`{name}`: {dropped.get(name, plan.notes[name][1])}" for name in names[:10]]
