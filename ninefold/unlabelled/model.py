"""A fitted model that learns no target, in memory and on disk (no pickle)."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.errors import InputError
from ninefold.files import numbers_csv, read_json, replacing, write_json
from ninefold.preprocessing import Preprocessing
from ninefold.signature import Result
from ninefold.training.model import DESCRIPTION, HISTORY, WEIGHTS


@dataclass(frozen=True)
class Answer:
    """What a model says, worked out by the library it was fitted with.

    values: the output `(N,)` or `(N, K)`.
    unit: what a difference of numbers is divided by before it is held against the tolerance.
    margin: how far each row `(N,)` is from another answer, for outputs that are no numbers.
    """

    values: Array
    unit: float = 1.0
    margin: Array | None = None


@dataclass
class Model(ABC):
    """What the exported file says, worked out by the library it was fitted with.

    `facts` is what fitting has to report, `history` one mapping per epoch.
    """

    preprocessing: Preprocessing
    facts: dict[str, Any] = field(default_factory=dict)
    history: Sequence[Mapping[str, float]] = ()

    @property
    @abstractmethod
    def results(self) -> tuple[Result, ...]:
        """What the outputs say, in order."""

    @abstractmethod
    def predict(self, frame: Frame) -> list[Answer]:
        """Return the outputs for what `raw` gives of rows."""

    @abstractmethod
    def composed(self, featurize: Any, columns: Sequence[str]) -> Any:
        """Return the file for raw columns, in the order of `columns`."""

    @abstractmethod
    def arrays(self) -> dict[str, Array]:
        """Return all that was fitted, as arrays that `safetensors` holds."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""
        return tuple(result.name for result in self.results)

    @property
    def arbitrary(self) -> frozenset[str]:
        """Inputs of which any value will do: train rows say nothing of them."""
        return frozenset()

    @property
    def title(self) -> str:
        """What messages call the model."""
        return str(self.facts.get("title", "the model"))

    def raw(self, frame: Frame, part: str = "") -> Frame:
        """Return what the exported file takes for the rows of a part (train, valid, test)."""
        return frame

    def save(self, folder: Path) -> None:
        """Write preprocessing, arrays, description and history; the same model, the same bytes."""
        from safetensors.numpy import save_file

        arrays = {name: np.ascontiguousarray(array) for name, array in self.arrays().items()}
        with replacing(folder) as temporary:
            temporary.mkdir(parents=True)
            self.preprocessing.save(temporary)
            save_file(arrays, temporary / WEIGHTS)
            (temporary / HISTORY).write_text(history_csv(self.history), encoding="utf-8")
            write_json(temporary / DESCRIPTION, {"facts": self.facts})


@dataclass
class RowModel(Model):
    """Prepared rows -> scores -> answers; what is exported gives the same."""

    @abstractmethod
    def scores(self, X: Array, codes: Array) -> Array:
        """Return what `net` gives: `(N, S)` float32."""

    @abstractmethod
    def answers(self, scores: Array) -> list[Answer]:
        """Return the outputs in order, worked out in numpy."""

    @abstractmethod
    def net(self) -> Any:
        """Return the graph `X` float32 `[N, F]`, `codes` int64 `[N, C]` -> `scores` `[N, S]`."""

    @abstractmethod
    def emit(self, graph: Any, scores: str, names: Sequence[str] | None = None) -> None:
        """Add the outputs to `graph`, under `names` (default: those of the results)."""

    def composed(self, featurize: Any, columns: Sequence[str]) -> Any:
        from ninefold.compose import compose

        return compose(featurize, self.preprocessing.model, self.net(), self, None, columns)

    def scores_of(self, frame: Frame) -> Array:
        """Return the scores `(N, S)` of raw and derived columns."""
        X, codes, *_ = self.preprocessing.transform(frame)
        return self.scores(X, codes)

    def predict(self, frame: Frame) -> list[Answer]:
        return self.answers(self.scores_of(frame))


def load_parts(folder: Path) -> tuple[Preprocessing, dict[str, Array], dict[str, Any]]:
    """Read what `Model.save` wrote: preprocessing, arrays and facts.

    Raises:
        InputError: a file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    facts = read_json(folder / DESCRIPTION)["facts"]
    try:
        arrays = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise InputError(
            f"{folder / WEIGHTS} must hold what was fitted, however: {error}. Run the train stage "
            "again"
        ) from None
    return Preprocessing.load(folder), arrays, facts


def history_csv(history: Iterable[Mapping[str, float]]) -> str:
    """Return a history as CSV, one line per epoch, for `dvc plots`."""
    rows = list(history)
    return numbers_csv(list(rows[0]) if rows else ["epoch", "train_loss", "valid_loss"], rows)


def nothing_to_read(title: str) -> InputError:
    """Return the error for a model that no column would reach."""
    return InputError(
        f"{title} must read at least one column, however: no column tells rows apart. Check "
        "problem.available_at and preprocess in params.yaml"
    )
