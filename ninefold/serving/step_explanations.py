"""Why each step of a row got its label: what the label's odds lose without each other step.

Each step is left out once, as `serving.occlusion` does with parts of other cells, and each column
beside the steps; all in one run of the model. Needs nothing but the file.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime as ort

from ninefold.occlusion import PARTS, spans
from ninefold.pixels import objects
from ninefold.sequences import holds_words, text_of_words, words_of
from ninefold.serving.model import Array, Model
from ninefold.serving.rows import Rows
from ninefold.serving.tags import labels_of
from ninefold.signature import Input

UNHEARD = "ɵ"
"""Stands for a word that is left out: no text has it, and nothing in how it is written tells."""
LEAST = 1e-7
REASONS = 8
"""Reasons of each step that are told, the weightiest first."""
UNIT = "log-odds of each step's label"


class StepExplainer:
    """Explains labels of steps; the columns of a row that hold steps are `what`."""

    def __init__(self, model: Model, rows: Rows) -> None:
        self.model, self.names = model, rows.signature.results[-1].names
        inputs = rows.signature.inputs
        self._steps = [item for item in inputs if _has_steps(item)]
        self._beside = {
            item.name: rows.cells[item.name].placeholder
            for item in inputs
            if item not in self._steps and item.kind != "image"
        }

    @staticmethod
    def of(model: Model, rows: Rows) -> "StepExplainer | None":
        """Return the explainer of a model that labels steps, or None of any other."""
        return StepExplainer(model, rows) if rows.signature.task == "tagging" else None

    @property
    def what(self) -> dict[str, str]:
        """Columns whose parts are told -> what those are."""
        return {item.name: "steps" for item in self._steps}

    def explain(self, row: Mapping[str, Array], options: ort.RunOptions) -> dict[str, Any]:
        """Explain a row of feeds `(1, …)`.

        Of each step `steps` holds its label `tag`, the `answer` in `unit`, and `because`: what the
        answer loses without other steps (`first` to `last`, with `text` where they are words) or
        without a column.
        """
        cells = {item.name: row[item.name].ravel()[0] for item in self._steps}
        parts = self._parts(cells)
        feeds = {name: np.repeat(values, 1 + len(parts), axis=0) for name, values in row.items()}
        for place, part in enumerate(parts, start=1):
            for name, cell in part["without"].items():
                one = objects([cell]) if feeds[name].dtype == object else np.array([cell])
                feeds[name][place] = one.reshape(feeds[name][place : place + 1].shape)[0]
        tags, chances = self.model.run(feeds, options).values()
        said = labels_of(tags[:1])[0]
        return {
            "unit": UNIT,
            "steps": [self._step(step, tag, chances, parts) for step, tag in enumerate(said)],
        }

    def _step(
        self, step: int, tag: str, chances: Array, parts: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Say what speaks for the label of one step; `chances` `(1 + P, T, K)`."""
        own = chances[:, step].astype(np.float64)
        code = self.names.index(tag)
        others = np.delete(own, code, axis=1).sum(axis=1)
        odds = np.log(np.maximum(own[:, code], LEAST) / np.maximum(others, LEAST))
        lost = odds[0] - odds[1:]
        order = np.argsort(-np.abs(lost), kind="stable")[:REASONS]
        reasons = [{**parts[i]["told"], "value": float(lost[i])} for i in order]
        return {"step": step, "tag": tag, "answer": float(odds[0]), "because": reasons}

    def _parts(self, cells: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return what is left out, one by one: the cells `without` it, and what is `told`."""
        words = {item.name: words_of(cells[item.name]) for item in self._steps if _is_text(item)}
        series = {name: cell for name, cell in cells.items() if name not in words}
        count = max(map(len, (*words.values(), *series.values())))
        found: list[dict[str, Any]] = []
        for first, end in spans(count, PARTS):
            told: dict[str, Any] = {"first": first, "last": end - 1}
            without: dict[str, Any] = {}
            for name, own in words.items():
                kept = [UNHEARD if first <= i < end else word for i, word in enumerate(own)]
                without[name] = text_of_words(kept)
                told.setdefault("text", " ".join(own[first:end]))
            without |= {name: _levelled(cell, first, end) for name, cell in series.items()}
            found.append({"told": told, "without": without})
        return found + [
            {"told": {"column": name}, "without": {name: value}}
            for name, value in self._beside.items()
        ]


def _has_steps(item: Input) -> bool:
    return item.kind == "sequence" or _is_text(item)


def _is_text(item: Input) -> bool:
    return holds_words(item.format)


def _levelled(sequence: Array, first: int, end: int) -> Array:
    """Return a sequence `(T, C)` with the means of its other steps at these: a step that was not
    there at all would move what comes after it.
    """
    others = np.delete(sequence, slice(first, end), axis=0)
    known = np.isfinite(others)
    count = known.sum(axis=0)
    mean = np.where(known, others, 0.0).sum(axis=0) / np.maximum(count, 1)
    found = sequence.copy()
    found[first:end] = np.where(count > 0, mean, found[first:end])
    return found
