"""Why a row got its answer, from the file alone: what each group of columns adds to it, and each
word of a text, region of a picture or step of a sequence.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime as ort

from ninefold.contributions import contributions
from ninefold.occlusion import Occlusion
from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.model import Array, Model
from ninefold.serving.rows import Batch, Rows
from ninefold.serving.step_explanations import StepExplainer
from ninefold.serving.threads import threads

LEAST = 1e-7
"""Chances of labels are kept so far from 0 and 1, as when the model was explained at export."""
LEAST_OF_CLASSES = 1e-12
"""What a class and all others together have at least: small ones are exact, 1 less them is not."""
BEFORE_CLASS = "log-odds of "


class Explainer:
    """Compares a row with the background rows in the file: see `ninefold.contributions`."""

    def __init__(self, model: Model, rows: Rows) -> None:
        """Raises ValueError, KeyError or TypeError where the file holds no explanation."""
        content = json.loads(model.metadata["ninefold.explanation"])
        self.model, self.unit = model, str(content["unit"])
        self.groups = [list(group["columns"]) for group in content["importance"]]
        batch = rows.read(content["background"])
        if batch.errors or sorted(n for g in self.groups for n in g) != sorted(batch.feeds):
            raise ValueError("the explanation does not fit the model's columns")
        self.background = batch.feeds
        columns = {column.name: column for column in rows.signature.inputs}
        ordered = [columns[name] for group in self.groups for name in group]
        self.occlusion = Occlusion(ordered, self.background)
        results = rows.signature.results
        names = results[-1].names if results else rows.signature.classes
        self._code = names.index(self.unit.removeprefix(BEFORE_CLASS)) if names else None
        self.units = dict(zip(names, map(str, content.get("units", ())), strict=False))
        self._classes = list(names) if names and not self.units else []

    @property
    def what(self) -> Mapping[str, str]:
        """Columns whose parts are told -> what those are."""
        return self.occlusion.what

    @staticmethod
    def of(model: Model, rows: Rows) -> "Explainer | None":
        """Return the explainer of a model, or None where its file holds no explanation."""
        try:
            return Explainer(model, rows)
        except (ValueError, KeyError, TypeError):
            return None

    def explain(self, row: Mapping[str, Array], options: ort.RunOptions) -> dict[str, Any]:
        """Explain a row of feeds `(1, …)`; the largest contributions come first.

        `answer` is `expected` plus the sum of the contributions, all in `unit`; `parts` say what
        the answer loses without each part of a cell. Of more than two classes it is the one the row
        got. Where there are several targets it is that of the first, and `targets` holds that of
        each.
        """
        kept: list[Array] = []
        parts = self.occlusion.parts(row)
        without = self._run(self.occlusion.feeds(row, parts), options) if parts else None

        def of(code: int | None, unit: str) -> dict[str, Any]:
            def answer(columns: Mapping[str, Array]) -> Array:
                if not kept:  # every target is asked of the same rows
                    kept.append(self._run(columns, options))
                return self._answers(kept[0], code, unit)

            found = contributions(answer, row, self.background, self.groups)
            added = [
                {"columns": group, "value": value}
                for group, value in zip(self.groups, found["values"], strict=True)
            ]
            added.sort(key=lambda item: -abs(item["value"]))
            told = {"unit": unit, "expected": found["expected"], "answer": found["answer"]}
            told["contributions"] = added
            if without is not None:
                told["parts"] = self.occlusion.told(parts, self._answers(without, code, unit))
            return told

        if len(self._classes) > 2:
            code = int(self._run(row, options)[0].argmax())
            return of(code, BEFORE_CLASS + self._classes[code])
        told = of(self._code, self.unit)
        if self.units:
            each = enumerate(self.units.items())
            told["targets"] = {name: of(code, unit) for code, (name, unit) in each}
        return told

    def _run(self, columns: Mapping[str, Array], options: ort.RunOptions) -> Array:
        """Return what the model predicts for rows, its last output `(N, …)`."""
        return list(self.model.run(columns, options).values())[-1]

    def _answers(self, prediction: Array, code: int | None, unit: str) -> Array:
        """Return one number a row `(N,)`: log-odds of a class or label, or the value."""
        chosen = prediction if code is None else prediction[:, code]
        if not unit.startswith(BEFORE_CLASS):
            return np.asarray(chosen, dtype=np.float64)
        if self._classes and code is not None:
            others = np.delete(prediction, code, axis=1).astype(np.float64).sum(axis=1)
            least = LEAST_OF_CLASSES
        else:
            others, least = 1 - chosen.astype(np.float64), LEAST
        odds = np.maximum(chosen.astype(np.float64), least) / np.maximum(others, least)
        return np.asarray(np.log(odds))


class Explanations:
    """Explains rows on request, one request at a time: each row costs hundreds of runs."""

    def __init__(self, model: Model, rows: Rows, limits: Limits) -> None:
        self.explainer = StepExplainer.of(model, rows) or Explainer.of(model, rows)
        self.limits = limits
        self._turn, self._waiting = asyncio.Semaphore(1), 0

    async def of(self, batch: Batch) -> list[dict[str, Any]]:
        """Return the explanation of each good row.

        Raises:
            RequestError: 400 the file holds none, 413 too many rows, 503 too many wait, 504 too
                slow.
        """
        if self.explainer is None:
            raise RequestError("explain must be false here: this model's file explains nothing")
        if len(batch.good) > self.limits.max_explained_rows:
            most = self.limits.max_explained_rows
            raise RequestError(f"explain goes with at most {most} rows, not {len(batch.good)}", 413)
        if self._waiting >= self.limits.max_explanations:
            raise RequestError("too many rows wait to be explained; try again later", 503)
        self._waiting += 1
        try:
            async with self._turn:
                return await self._in_thread(batch)
        finally:
            self._waiting -= 1

    async def _in_thread(self, batch: Batch) -> list[dict[str, Any]]:
        assert self.explainer is not None
        options, explain = ort.RunOptions(), self.explainer.explain

        def work() -> list[dict[str, Any]]:
            rows = [
                {name: values[place : place + 1] for name, values in batch.feeds.items()}
                for place in range(len(batch.good))
            ]
            return [explain(row, options) for row in rows]

        under_way = asyncio.get_running_loop().run_in_executor(threads(), work)
        try:
            return await asyncio.wait_for(asyncio.shield(under_way), self.limits.run_timeout_s)
        except TimeoutError:
            options.terminate = True
            under_way.cancel()
            raise RequestError(
                f"explaining took longer than {self.limits.run_timeout_s:g} s; send fewer rows", 504
            ) from None
