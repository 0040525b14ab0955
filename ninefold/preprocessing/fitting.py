"""Fits preprocessing on the train rows and writes it as one graph."""

from collections.abc import Sequence
from typing import Any

from ninefold.columns import Array, Frame
from ninefold.errors import InputError
from ninefold.preprocessing.assembling import assemble
from ninefold.preprocessing.blocks.bins import BinCell
from ninefold.preprocessing.blocks.block import Block
from ninefold.preprocessing.blocks.numbers import NumberCell
from ninefold.preprocessing.choosing import select
from ninefold.preprocessing.decoding import decoders
from ninefold.preprocessing.layout import Layout
from ninefold.preprocessing.model import Preprocessing
from ninefold.preprocessing.plan import Plan, fit_column
from ninefold.preprocessing.spec import PreprocessSpec
from ninefold.preprocessing.treatment import Treatment, decide
from ninefold.problem import ProblemSpec
from ninefold.target import Target


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
    plan = Plan()
    for treatment in treatments:
        fit_column(plan, treatment, train[treatment.column.name])
    columns = [treatment.column for treatment in treatments]
    blocks, codes, dropped = select(plan, columns, train, y, target, spec)
    if not blocks and not codes and not plan.tensors:
        raise InputError(
            "there must be at least one usable feature, however: "
            + ("; ".join(_reasons(treatments, plan, dropped)) or "there is no input column")
        )
    model, layout = assemble(blocks, codes, columns, plan.tensors)
    table = _table(treatments, plan, dropped, layout)
    read = set(layout.inputs)
    details: dict[str, Any] = {
        "treatments": table,
        "edges": _edges(blocks),
        "quantiles": {name: q for name, q in plan.quantiles.items() if name in read},
        "levels": {name: known for name, known in plan.known_levels.items() if name in read},
        "decoders": decoders(blocks, codes, columns, train),
    }
    return Preprocessing(model, Layout(**{**layout.__dict__, **details}))


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
    treatments: Sequence[Treatment], plan: Plan, dropped: dict[str, str], layout: Layout
) -> tuple[dict[str, Any], ...]:
    """Return the decision table."""
    rows = []
    tensors = {tensor.column for tensor in layout.tensors}
    for treatment in treatments:
        name = treatment.column.name
        what, why = plan.notes[name]
        features = [f for f, s in zip(layout.features, layout.sources, strict=True) if s == name]
        is_used = bool(features) or name in layout.codes or name in tensors
        rows.append(
            {
                "column": name,
                "kind": treatment.column.kind,
                "treatment": what if is_used else "dropped",
                "why": why if is_used else dropped.get(name, why),
                "features": features,
            }
        )
    return tuple(rows)


def _reasons(treatments: Sequence[Treatment], plan: Plan, dropped: dict[str, str]) -> list[str]:
    found = []
    for treatment in treatments[:10]:
        name = treatment.column.name
        reason = dropped.get(name, plan.notes[name][1])
        is_unread = treatment.column.kind == "category" and name not in dropped
        advice = f"; if it is text, set preprocess.columns.{name}.use: text" if is_unread else ""
        found.append(f"`{name}`: {reason}{advice}")
    return found
