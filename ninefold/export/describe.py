"""What the file says of itself: signature, golden rows, drift reference, hashes."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

import ninefold
from ninefold.columns import Array, Column, Frame, is_missing, spread
from ninefold.head import Head
from ninefold.problem import ProblemSpec
from ninefold.sequences import holds_words
from ninefold.signature import Input, Kind, Result, Signature
from ninefold.tensor_cells import TENSOR_KINDS
from ninefold.vocabulary import Words, known_share, vocabularies

if TYPE_CHECKING:
    import onnx

MAX_LEVELS = 1000
MAX_TEXTS = 10_000
USUAL, FAR_BELOW = 0.1, 0.5
"""Less than this part of the known words that all but such a share of the train rows have is
remarkable in a text."""
BARS = 10
TOP_LEVELS = 30


class Ingest(Protocol):
    """What a signature needs of `ingest`."""

    @property
    def missing(self) -> Sequence[str]:
        """Texts that mean "missing"."""


def signature(
    model: "onnx.ModelProto",
    train: Frame,
    head: Head,
    problem: ProblemSpec,
    ingest: Ingest | None = None,
    name: str = "network",
) -> Signature:
    """Describe the inputs of `model` by the train rows, and what it gives."""
    target = head.target
    found = signature_of(model, inputs_of(model, train), train, problem, ingest, name)
    return replace(
        found,
        task=target.task,
        target=target.name,
        classes=target.classes,
        positive=target.positive,
        threshold=head.threshold if target.is_binary else None,
        results=head.results,
    )


def signature_of(
    model: "onnx.ModelProto",
    inputs: tuple[Input, ...],
    train: Frame,
    problem: ProblemSpec,
    ingest: Ingest | None,
    name: str,
) -> Signature:
    """Return what every model says of itself, whatever it gives: how the source's cells are read,
    and which of its columns are left aside.
    """
    names = {item.name for item in inputs}
    raw = [c.name for c in train.columns if "derived" not in c.roles]
    ignored = dict.fromkeys([*raw, *problem.ids, *problem.available_at, *problem.targets])
    tokens = ingest.missing if ingest else ()
    return Signature(
        inputs=inputs,
        task=problem.task,
        target=problem.target,
        ignored=tuple(column for column in ignored if column not in names),
        missing_tokens=tuple(dict.fromkeys(["", *tokens])),
        encoding=getattr(ingest, "encoding", None) or "utf-8",
        outputs=tuple(info.name for info in model.graph.output),
        model=name,
    )


def inputs_of(model: "onnx.ModelProto", train: Frame) -> tuple[Input, ...]:
    """Describe the inputs of `model` by the train rows."""
    columns = [train.column(info.name) for info in model.graph.input]
    texts = {column.name for column in columns if column.kind == "text"}
    words = vocabularies(model.SerializeToString()) if texts else {}
    told = {name: known for name, known in words.items() if name in texts}
    return tuple(described(c, train[c.name], told.get(c.name)) for c in columns)


def described(column: Column, values: Array, words: Words | None = None) -> Input:
    """Return what the train rows' values `(N,)` say of an input, of whose texts the model knows
    the `words`.
    """
    missing = is_missing(column.kind, values)
    known = values[~missing]
    low: float | None = None
    high: float | None = None
    levels: tuple[str, ...] = ()
    if column.kind in ("number", "datetime"):
        finite = known[np.isfinite(known)] if column.kind == "number" else known
        if len(finite):
            low, high = finite.min().item(), finite.max().item()
    elif column.kind == "text" and len(known) and not holds_words(column.format):
        characters = [len(text) for text in known.tolist()]
        low, high = min(characters), max(characters)
    elif column.kind == "category":
        found = np.unique(known)
        levels = tuple(found.tolist()) if len(found) <= MAX_LEVELS else ()
    if column.kind == "image":
        return Input(column.name, column.kind, format=column.format)
    example = to_cell(column, known[:1])
    return Input(
        column.name,
        column.kind,
        low,
        high,
        levels,
        bool(missing.any()),
        column.format,
        example[0] if example else None,
        None if words is None else _least_known(known, words),
    )


def _least_known(texts: Array, words: Words) -> float:
    some = texts[spread(len(texts), MAX_TEXTS)].tolist()
    shares = [known_share(text, words) for text in some] or [0.0]
    return FAR_BELOW * float(np.quantile(shares, USUAL))


def to_cell(column: Column, values: Array) -> list[Any]:
    """Return values as the rows endpoint takes them; missing and infinite ones are None."""
    if column.is_tensor:
        return [TENSOR_KINDS[column.kind].to_cell(cell) for cell in values]
    missing = is_missing(column.kind, values)
    if column.kind == "number":
        missing = missing | ~np.isfinite(values)
    return [None if gone else value for value, gone in zip(values.tolist(), missing, strict=True)]


def golden(raw: Frame, outputs: Mapping[str, Array], tolerance: float) -> dict[str, Any]:
    """Return the rows of `raw` with what the file gives for them."""
    cells = {column.name: to_cell(column, raw[column.name]) for column in raw.columns}
    rows = [{name: values[i] for name, values in cells.items()} for i in range(len(raw))]
    return {
        "rows": rows,
        "outputs": {name: values.tolist() for name, values in outputs.items()},
        "tolerance": tolerance,
    }


def golden_positions(raw: Frame, count: int) -> Array:
    """Choose rows without infinite numbers, evenly spread; the one with most gaps comes first."""
    gaps = np.zeros(len(raw))
    usable = np.ones(len(raw), dtype=bool)
    for column in raw.columns:
        gaps += is_missing(column.kind, raw[column.name])
        if column.kind == "number":
            usable &= ~np.isinf(raw[column.name])
    found = np.flatnonzero(usable)
    if len(found) == 0:
        return found
    chosen = found[spread(len(found), count)]
    first = found[np.argmax(gaps[found])]
    return np.asarray(list(dict.fromkeys([int(first), *chosen.tolist()]))[:count])


def drift_reference(raw: Frame, prediction: Array, head: Head) -> dict[str, Any]:
    """Return how the train rows' inputs and predictions are distributed, for later comparison.

    Numbers and times: shares between the train rows' deciles (`edges` are the inner ones; a value
    that is several of them has a range of its own, as zero often has); categories: shares of the 30
    most frequent levels, the rest under `other`.
    """
    found: dict[str, Any]
    if head.each:
        columns = zip(head.target.names, prediction.T, strict=True)
        found = {name: _ranges(values) for name, values in columns}
    elif head.target.task == "regression":
        found = {"value": _ranges(prediction)}
    else:
        codes = np.bincount(head.labels(prediction), minlength=len(head.target.classes))
        found = {
            "label": dict(zip(head.target.classes, _rounded(codes / len(prediction)), strict=True)),
            "probability": _ranges(
                prediction[:, 1] if head.target.is_binary else prediction.max(axis=1)
            ),
        }
    return {"rows": len(raw), "inputs": _inputs(raw), "outputs": found}


def drift_of_results(
    raw: Frame, outputs: Mapping[str, Array], results: Sequence[Result]
) -> dict[str, Any]:
    """Return the same for a model without a target, whose `outputs` say `results`, in order: texts
    and truths as categories are, numbers as numbers are, by the name of the output.
    """
    found = {}
    for (name, values), result in zip(outputs.items(), results, strict=True):
        if result.kind in ("text", "bool", "number"):
            kind: Kind = "category" if result.kind == "text" else result.kind
            flat = values.ravel().astype(np.float64) if kind == "number" else values.ravel()
            found[name] = _shares(Column(name, kind), flat)
    return {"rows": len(raw), "inputs": _inputs(raw), "outputs": found}


def _inputs(raw: Frame) -> dict[str, Any]:
    return {column.name: _shares(column, raw[column.name]) for column in raw.columns}


def _shares(column: Column, values: Array) -> dict[str, Any]:
    if column.is_tensor:
        kind = TENSOR_KINDS[column.kind]
        of_each = kind.summaries(values, column.format).T
        pairs = zip(kind.summary_names(column.format), of_each, strict=True)
        told = {name: _ranges(part[np.isfinite(part)]) for name, part in pairs}
        return {"missing": 0.0, "told": told}
    missing = is_missing(column.kind, values)
    known = values[~missing]
    gone = round(float(missing.mean()), 6)
    if column.kind in ("number", "datetime"):
        return {"missing": gone, **_ranges(known[np.isfinite(known)])}
    names = known.astype(str) if column.kind == "bool" else known.astype(object)
    levels, counts = np.unique(names, return_counts=True)
    top = np.argsort(-counts, kind="stable")[:TOP_LEVELS]
    share = _rounded(counts[top] / max(len(known), 1))
    rest = round(float(1 - sum(share)), 6) if len(levels) > TOP_LEVELS else 0.0
    return {
        "missing": gone,
        "levels": dict(zip(levels[top].tolist(), share, strict=True)),
        "other": rest,
    }


def _ranges(values: Array) -> dict[str, Any]:
    if len(values) == 0:
        return {"edges": [], "shares": []}
    shares = np.linspace(0, 1, BARS + 1)[1:-1]
    edges, times = np.unique(np.quantile(values, shares, method="nearest"), return_counts=True)
    edges = np.union1d(edges, next_after(edges[times > 1]))
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    return {"edges": edges.tolist(), "shares": _rounded(counts / len(values))}


def next_after(values: Array) -> Array:
    """Return the least values above `values` `(N,)` that their type holds."""
    return np.nextafter(values, np.inf) if values.dtype.kind == "f" else values + 1


def _rounded(values: Array) -> list[float]:
    return [round(float(value), 6) for value in values]


def hash_files(paths: Iterable[Path]) -> dict[str, str]:
    """Return file name -> sha256 of the content."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def code_hash() -> str:
    """Return the sha256 of the library's source files."""
    root = Path(ninefold.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py"), key=lambda found: found.relative_to(root).as_posix()):
        digest.update(
            path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
        )
    return digest.hexdigest()
