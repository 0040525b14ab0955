"""A trained network with its preprocessing and head, in memory and on disk (no pickle)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.errors import InputError
from ninefold.files import numbers_csv, read_json, replacing, write_json
from ninefold.head import Head

if TYPE_CHECKING:
    from ninefold.preprocessing import Preprocessing
    from ninefold.training import TrainSpec
    from ninefold.training.run import Epoch
    from ninefold.training.scoring_module import ScoringModule

WEIGHTS, DESCRIPTION, HISTORY = "weights.safetensors", "network.json", "history.csv"


@dataclass
class TrainedModel:
    """Raw rows -> preprocessing -> module -> scores; `head` turns scores into predictions.

    `facts` is what training has to report: best epoch, rows, metrics on valid and the like;
    `probes`, which are not saved, what `training.probing` saw inside the network.
    """

    preprocessing: "Preprocessing"
    module: "ScoringModule"
    head: Head
    history: "tuple[Epoch, ...]"
    spec: "TrainSpec"
    facts: dict[str, Any] = field(default_factory=dict)
    probes: tuple[dict[str, Any], ...] = ()

    def scores(self, frame: Frame) -> Array:
        """Return `(N, K)` float32: log-probabilities, or the standardised value."""
        return self.scores_of(*self.preprocessing.transform(frame))

    def scores_of(self, X: Array, codes: Array, *tensors: Array) -> Array:
        """Return the scores `(N, K)` of preprocessed rows `X (N, F)`, `codes (N, C)`, and their
        tensors.
        """
        import torch

        x, c = np.ascontiguousarray(X, np.float32), np.ascontiguousarray(codes, np.int64)
        parts = (x, c, *(np.ascontiguousarray(tensor) for tensor in tensors))
        return self.module.scores(*map(torch.from_numpy, parts))

    def predict(self, frame: Frame) -> Array:
        """Return probabilities `(N, K)`, or values `(N,)` in original units."""
        return self.head.predict(self.scores(frame))

    def save(self, folder: Path) -> None:
        """Write preprocessing, weights, description and history; the same model, the same bytes."""
        from safetensors.numpy import save_file

        state = self.module.network.state_dict()
        weights = {name: np.ascontiguousarray(t.cpu().numpy()) for name, t in state.items()}
        with replacing(folder) as temporary:
            temporary.mkdir(parents=True)
            self.preprocessing.save(temporary)
            save_file(weights, temporary / WEIGHTS)
            (temporary / HISTORY).write_text(history_csv(self.history), encoding="utf-8")
            write_json(
                temporary / DESCRIPTION,
                {
                    "head": self.head.to_json(),
                    "facts": self.facts,
                    "train": self.spec.model_dump(mode="json"),
                },
            )

    @staticmethod
    def load(folder: Path) -> "TrainedModel":
        """Read what `save` wrote. Raises `InputError` when a file is missing or damaged."""
        import torch
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        from ninefold.preprocessing import Preprocessing
        from ninefold.training import TrainSpec
        from ninefold.training.scoring_module import ScoringModule

        content = read_json(folder / DESCRIPTION)
        spec = TrainSpec.model_validate(content["train"])
        head, preprocessing = Head.from_json(content["head"]), Preprocessing.load(folder)
        network = spec.network.build(preprocessing.layout, head.width, None, spec.seed)
        try:
            state = {n: torch.from_numpy(a) for n, a in load_file(folder / WEIGHTS).items()}
            network.load_state_dict(state)
        except (OSError, SafetensorError, RuntimeError) as error:
            raise InputError(
                f"{folder / WEIGHTS} must hold this network's weights, however: {error}. Run the "
                "train stage again"
            ) from None
        assert spec.objective is not None
        module = ScoringModule(network, spec.objective).eval()
        history = read_history(folder / HISTORY)
        return TrainedModel(preprocessing, module, head, history, spec, content["facts"])


def read_spec(folder: Path) -> "TrainSpec":
    """Return how the model that `save` wrote was trained, all that was open being settled."""
    from ninefold.training import TrainSpec

    return TrainSpec.model_validate(read_json(folder / DESCRIPTION)["train"])


def history_csv(history: "Sequence[Epoch]") -> str:
    """Return the history as CSV, one line per epoch, for `dvc plots`."""
    from ninefold.training.run import Epoch

    return numbers_csv([column.name for column in fields(Epoch)], map(asdict, history))


def read_history(path: Path) -> "tuple[Epoch, ...]":
    """Read what `history_csv` wrote."""
    from ninefold.training.run import Epoch

    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    values = [[float(cell) for cell in line.split(",")] for line in lines]
    return tuple(Epoch(int(row[0]), *row[1:]) for row in values)
