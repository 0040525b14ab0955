"""Fits each column by its use, and keeps what was decided."""

from dataclasses import dataclass, field

import numpy as np

from ninefold.columns import NAT, Array, Column
from ninefold.preprocessing.blocks.bins import BinBlock, BinCell, fit_bins
from ninefold.preprocessing.blocks.block import SECOND_US, Block, FittedTensor
from ninefold.preprocessing.blocks.booleans import BooleanBlock, BooleanCell
from ninefold.preprocessing.blocks.flags import FlagBlock, FlagCell
from ninefold.preprocessing.blocks.numbers import NumberCell, fit_number, number_blocks
from ninefold.preprocessing.blocks.one_hot import LevelCell, OneHotBlock, level_cells
from ninefold.preprocessing.blocks.words import WordBlock, WordCell, fit_words
from ninefold.preprocessing.levels import Levels, fit_levels
from ninefold.preprocessing.sequences import fit_sequences
from ninefold.preprocessing.spec import (
    CategorySpec,
    ImageSpec,
    NumberSpec,
    SequenceSpec,
    StepWordsSpec,
    TokensSpec,
    WordsSpec,
)
from ninefold.preprocessing.step_words import StepWordsTensor, fit_step_words
from ninefold.preprocessing.tensors import fit_pictures
from ninefold.preprocessing.tokens import SAMPLE_LEVELS, TokenTensor, fit_tokens
from ninefold.preprocessing.treatment import Treatment

QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


@dataclass
class Plan:
    """What was fitted so far."""

    numbers: list[NumberCell] = field(default_factory=list)
    bins: list[BinCell] = field(default_factory=list)
    flags: list[FlagCell] = field(default_factory=list)
    booleans: list[BooleanCell] = field(default_factory=list)
    levels: list[LevelCell] = field(default_factory=list)
    words: list[tuple[WordCell, ...]] = field(default_factory=list)
    codes: list[Levels] = field(default_factory=list)
    tensors: list[FittedTensor] = field(default_factory=list)
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


def fit_column(plan: Plan, treatment: Treatment, values: Array) -> None:
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
    elif isinstance(settings, ImageSpec):
        tensor = fit_pictures(treatment.column, values, settings)
        plan.tensors.append(tensor)
        size = f"{tensor.height} x {tensor.width}"
        plan.notes[name] = (f"resized to {size}, scaled by channel", treatment.why)
    elif isinstance(settings, SequenceSpec):
        series = fit_sequences(treatment.column, values, settings)
        plan.tensors.append(series)
        plan.notes[name] = (f"{len(series.channels)} channels, each scaled", treatment.why)
    elif isinstance(settings, TokensSpec):
        _fit_tokens(plan, treatment, values, settings)
    elif isinstance(settings, StepWordsSpec):
        _fit_steps(plan, treatment, values, settings)
    else:
        plan.booleans.append(BooleanCell(name))
        plan.notes[name] = ("1 for true, -1 for false", treatment.why)


def _fit_tokens(plan: Plan, treatment: Treatment, values: Array, spec: TokensSpec) -> None:
    found = fit_tokens(treatment.column.name, values, spec)
    what = f"{found.length} ids of {len(found.words)} words" if found else ""
    _take(plan, treatment, found, what, f"no word is in {spec.min_count} train rows")


def _fit_steps(plan: Plan, treatment: Treatment, values: Array, spec: StepWordsSpec) -> None:
    found = fit_step_words(treatment.column.name, values, spec)
    what = f"{len(found.words)} words, {len(found.endings)} endings" if found else ""
    _take(plan, treatment, found, what, f"no word is at {spec.min_count} train steps")


def _take(
    plan: Plan,
    treatment: Treatment,
    found: TokenTensor | StepWordsTensor | None,
    what: str,
    none: str,
) -> None:
    """Add words that were looked up; or note that there are none, and why."""
    name = treatment.column.name
    if found is None:
        plan.notes[name] = ("dropped", none)
        return
    plan.tensors.append(found)
    plan.known_levels[name] = found.words[:SAMPLE_LEVELS]
    plan.notes[name] = (what, treatment.why)


def _doubles(column: Column, values: Array) -> Array:
    """Return a column as doubles `(N,)`; missing and infinite values NaN."""
    if column.kind == "datetime":
        return np.where(values == NAT, np.nan, values.astype(np.float64) / SECOND_US)
    doubles = values.astype(np.float64)
    return np.where(np.isfinite(doubles), doubles, np.nan)


def _fit_number(plan: Plan, treatment: Treatment, values: Array, spec: NumberSpec) -> None:
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


def _fit_category(plan: Plan, treatment: Treatment, values: Array, spec: CategorySpec) -> None:
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
