"""Rows and predictions, counted between the marks of the reference; they add up, chunk by chunk."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ninefold.columns import Array, is_missing
from ninefold.head import Head
from ninefold.monitoring.reference import Reference
from ninefold.signature import Input, Signature
from ninefold.tensor_cells import TENSOR_KINDS

Counts = dict[str, Any]


class Counter:
    """Counts chunks of rows; nothing it keeps tells one row from another."""

    def __init__(
        self, reference: Reference, signature: Signature, without: Collection[str] = ()
    ) -> None:
        """`without` are inputs whose values are not known here."""
        self._reference = reference
        self._inputs = [
            item
            for item in signature.inputs
            if item.name in reference.inputs and item.name not in without
        ]
        self._outputs = signature.outputs
        results = zip(signature.outputs, signature.results, strict=False)
        self._hidden = {name for name, result in results if result.name in without}

    def count(self, feeds: Mapping[str, Array], outputs: Mapping[str, Array]) -> Counts:
        """Return how often each input is missing and how its values and the predictions, as the
        model takes and gives them, fall between the marks.
        """
        inputs: dict[str, Any] = {}
        for item in self._inputs:
            marks = self._reference.inputs[item.name]
            values = feeds[item.name]
            if "told" in marks:
                inputs |= _summarised(item, marks["told"], values)
                continue
            values = values.ravel()
            missing = is_missing(item.kind, values)
            known = values[~missing]
            counts = _levels(marks, known) if "levels" in marks else _between(marks, known)
            inputs[item.name] = {"missing": int(missing.sum()), "counts": counts}
        if self._reference.head is None:
            found = self._told(outputs)
        else:
            given = [outputs[name] for name in self._outputs]
            found = self._predicted(self._reference.head, given)
        return {
            "rows": len(next(iter(outputs.values()))),
            "inputs": inputs,
            "outputs": found,
        }

    def _told(self, outputs: Mapping[str, Array]) -> dict[str, Any]:
        found = {}
        for name, marks in self._reference.outputs.items():
            if name in self._hidden:
                continue
            values = outputs[name].ravel()
            counts = _levels(marks, values) if "levels" in marks else _between(marks, values)
            found[name] = {"counts": counts}
        return found

    def _predicted(self, head: Head, values: list[Array]) -> dict[str, Any]:
        marks = self._reference.outputs
        if head.each:
            columns = zip(marks.items(), values[-1].T, strict=True)
            return {name: {"counts": _between(inner, part)} for (name, inner), part in columns}
        if "value" in marks:
            return {"value": {"counts": _between(marks["value"], values[-1].ravel())}}
        label, probabilities = values[0], values[-1]
        classes = head.target.classes
        codes, found = np.unique(label.ravel().astype(str), return_counts=True)
        seen = dict(zip(codes.tolist(), found.tolist(), strict=True))
        is_binary = probabilities.shape[1] == 2
        shown = probabilities[:, 1] if is_binary else probabilities.max(axis=1)
        return {
            "label": {"counts": [int(seen.get(name, 0)) for name in classes]},
            "probability": {"counts": _between(marks["probability"], shown)},
        }

    @staticmethod
    def add(first: Mapping[str, Any], second: Mapping[str, Any]) -> Counts:
        """Return the counts of both; either may be empty."""
        if not first or not second:
            return dict(first or second or {})
        return {
            "rows": first["rows"] + second["rows"],
            **{part: _added(first[part], second[part]) for part in ("inputs", "outputs")},
        }


def _added(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, one in first.items():
        other = second[name]
        counts = [a + b for a, b in zip(one["counts"], other["counts"], strict=True)]
        found[name] = {"counts": counts}
        if "missing" in one:
            found[name]["missing"] = one["missing"] + other["missing"]
    return found


def _summarised(item: Input, marks: Mapping[str, Any], values: Array) -> dict[str, Any]:
    """Return the counts of the numbers that tell of pictures or sequences `(N,)`: of those that
    the model was exported with, as later versions may tell of more.
    """
    kind = TENSOR_KINDS[item.kind]
    told = zip(kind.summary_names(item.format), kind.summaries(values, item.format).T, strict=True)
    return {
        f"{item.name}: {name}": {"missing": 0, "counts": _between(marks[name], part)}
        for name, part in told
        if name in marks
    }


def _between(marks: Mapping[str, Any], values: Array) -> list[int]:
    """Count finite values between the edges, as the reference was counted."""
    edges = np.array(marks["edges"])
    if not len(marks["shares"]):
        return []
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    places = np.searchsorted(edges, finite, side="right")
    found: list[int] = np.bincount(places, minlength=len(edges) + 1).tolist()
    return found


def _levels(marks: Mapping[str, Any], values: Array) -> list[int]:
    """Count the levels of the reference, and last all others."""
    names = values.astype(str) if values.dtype == np.bool_ else values.astype(object)
    levels, found = np.unique(names, return_counts=True)
    seen = dict(zip(levels.tolist(), found.tolist(), strict=True))
    counts = [int(seen.get(level, 0)) for level in marks["levels"]]
    return [*counts, int(len(values) - sum(counts))]
