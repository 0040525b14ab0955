"""What a split says of itself: sizes, balance, time ranges, hashes, proof of disjointness."""

import itertools
from typing import Any

import numpy as np

from ninefold.columns import NAT, Array, Frame, is_missing
from ninefold.problem import ProblemSpec
from ninefold.sequences import labels_of_steps
from ninefold.splitting.base import NAMES, TEST, TRAIN, VALID, SplitterSpec
from ninefold.splitting.folds import Folds
from ninefold.splitting.identity import class_codes, digest, hash_rows

PAIRS = ((TRAIN, VALID), (TRAIN, TEST), (VALID, TEST))
MAX_CLASSES = 50
"""Classes listed per part; the others are counted together."""


def describe(
    frame: Frame,
    code: Array,
    folds: Folds,
    problem: ProblemSpec,
    hashes: Array,
    entity: Array | None,
    spec: SplitterSpec,
) -> dict[str, Any]:
    """Return the manifest of a split of the usable rows.

    Shapes: `code`, `hashes` (of the features) and `entity` are `(N,)`; `folds` are of the train
    rows.
    """
    contents = hash_rows(frame, [column.name for column in frame.columns])
    parts = {
        name: _part(frame, np.flatnonzero(code == number), problem, contents, entity)
        for number, name in enumerate(NAMES)
    }
    used = sum(part["rows"] for part in parts.values())
    for part in parts.values():
        part["share"] = round(part["rows"] / used, 6)
    disjoint = _proof(frame, code, problem, spec, hashes, entity)
    return {
        "split": {"kind": spec.kind, "like": spec.like, "settings": spec.model_dump()},
        "rows": {"used": used},
        "parts": parts,
        "folds": _folds(folds),
        "identical_rows": {"across_parts": disjoint["identical_rows_across_parts"]},
        "disjoint": disjoint,
    }


def _folds(folds: Folds) -> dict[str, Any]:
    """Return sizes, train rows in no fold, and what each fold's models learn from."""
    numbers, sizes = np.unique(folds.fold[folds.fold >= 0], return_counts=True)
    return {
        "scheme": folds.scheme,
        "count": len(numbers),
        "rows": dict(zip(map(str, numbers.tolist()), sizes.tolist(), strict=True)),
        "unused": int((folds.fold < 0).sum()),
        "pairs": [{"fit": len(fit), "validate": len(new)} for fit, new in folds.pairs()],
    }


def _part(
    frame: Frame, index: Array, problem: ProblemSpec, contents: Array, entity: Array | None
) -> dict[str, Any]:
    content: dict[str, Any] = {
        "rows": len(index),
        "content_sha256": digest(contents[index]),
        "target": _target(frame, index, problem),
    }
    if problem.time is not None:
        content["time"] = _time_range(frame, index, problem.time)
    if entity is not None:
        content["entities"] = len(np.unique(entity[index]))
    return content


def _target(frame: Frame, index: Array, problem: ProblemSpec) -> dict[str, Any]:
    if not problem.target:
        return {}
    if problem.also:
        return {"each": {n: _target(frame, index, problem.alone(n)) for n in problem.targets}}
    values = frame[problem.target][index]
    if problem.task == "regression":
        y = values.astype(np.float64)
        if not len(y):
            return {}
        low, median, high = np.quantile(y, (0, 0.5, 1)).tolist()
        spread = {"mean": float(y.mean()), "std": float(y.std())}
        return {**spread, "min": low, "median": median, "max": high}
    kind = frame.column(problem.target).kind
    if problem.task == "tagging":
        flat = [label for cell in values for label in labels_of_steps(cell) or ()]
        values, kind = np.array(flat, dtype=object), "category"
        values = values[~is_missing(kind, values)]
    codes, names = class_codes(kind, values)
    counts = np.bincount(codes, minlength=len(names))
    order = np.argsort(-counts, kind="stable")
    listed = {names[i]: int(counts[i]) for i in order[:MAX_CLASSES].tolist()}
    rest = int(counts[order[MAX_CLASSES:]].sum())
    return {"classes": listed, "class_count": len(names), "other_classes_rows": rest}


def _time_range(frame: Frame, index: Array, name: str) -> dict[str, Any]:
    values, kind = frame[name][index], frame.column(name).kind
    known = values[values != NAT] if kind == "datetime" else values[np.isfinite(values)]
    if not len(known):
        return {"from": None, "to": None}
    bounds = (known.min(), known.max())
    if kind == "datetime":
        first, last = (str(np.datetime64(int(bound), "us")) for bound in bounds)
        return {"from": first, "to": last}
    return {"from": float(bounds[0]), "to": float(bounds[1])}


def _proof(
    frame: Frame,
    code: Array,
    problem: ProblemSpec,
    spec: SplitterSpec,
    hashes: Array,
    entity: Array | None,
) -> dict[str, Any]:
    """Count what stands in two parts at once: rows, contents, entities, moments out of order.

    `holds` tells whether what this kind of split promises is true.
    """
    proof: dict[str, Any] = {
        "rows_in_two_parts": _shared(frame.row, code),
        "identical_rows_across_parts": _shared(hashes, code),
    }
    if entity is not None:
        proof["entities_in_two_parts"] = _shared(entity, code)
    if problem.time is not None:
        proof["time_ordered"] = _is_ordered(frame, code, problem.time)
    promised = ["rows_in_two_parts"] + ["entities_in_two_parts"] * spec.keeps_entities_together
    proof["holds"] = not any(sum(proof.get(key, {}).values()) for key in promised) and (
        not spec.follows_time or proof["time_ordered"]
    )
    return proof


def _shared(keys: Array, code: Array) -> dict[str, int]:
    """Count the keys that two parts have in common, for each pair of parts."""
    sets = {number: np.unique(keys[code == number]) for number in (TRAIN, VALID, TEST)}
    return {
        f"{NAMES[a]}_{NAMES[b]}": len(np.intersect1d(sets[a], sets[b], assume_unique=True))
        for a, b in PAIRS
    }


def _is_ordered(frame: Frame, code: Array, name: str) -> bool:
    """Tell whether every train moment lies before every valid one, and those before test."""
    values = frame[name]
    known = values != NAT if frame.column(name).kind == "datetime" else np.isfinite(values)
    spans = [values[(code == number) & known] for number in (TRAIN, VALID, TEST)]
    filled = [span for span in spans if len(span)]
    return all(a.max() < b.min() for a, b in itertools.pairwise(filled))
