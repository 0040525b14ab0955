"""A model file in memory: its session, its tensors and its signature."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold import runtime
from ninefold.errors import InputError
from ninefold.serving.blocks import CellTensors
from ninefold.signature import METADATA_KEY, Signature
from ninefold.vocabulary import Words, vocabularies

if TYPE_CHECKING:
    import onnxruntime as ort

Array = np.ndarray[Any, Any]
MASKED = "ninefold.masked"
VERSION_DIGITS = 12
SHOWN = 10
DATATYPES: Mapping[str, tuple[str, Any]] = {
    "tensor(bool)": ("BOOL", np.bool_),
    "tensor(uint8)": ("UINT8", np.uint8),
    "tensor(uint16)": ("UINT16", np.uint16),
    "tensor(uint32)": ("UINT32", np.uint32),
    "tensor(uint64)": ("UINT64", np.uint64),
    "tensor(int8)": ("INT8", np.int8),
    "tensor(int16)": ("INT16", np.int16),
    "tensor(int32)": ("INT32", np.int32),
    "tensor(int64)": ("INT64", np.int64),
    "tensor(float16)": ("FP16", np.float16),
    "tensor(float)": ("FP32", np.float32),
    "tensor(double)": ("FP64", np.float64),
    "tensor(string)": ("BYTES", object),
}
"""ONNX Runtime's type -> the protocol's datatype and numpy's."""


@dataclass(frozen=True)
class Tensor:
    """An input or output of a model; -1 in `shape` stands for any size."""

    name: str
    datatype: str
    dtype: Any
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"`{self.name}` {self.datatype} {list(self.shape)}"

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "datatype": self.datatype, "shape": list(self.shape)}


class Form:
    """What a model takes and gives: enough to read requests to it, also in another process.

    `words` are those that a model knows, by input of texts; where it only reads, none are told.
    """

    words: Mapping[str, Words] = MappingProxyType({})

    def __init__(
        self,
        name: str,
        inputs: tuple[Tensor, ...],
        outputs: tuple[Tensor, ...],
        signature: Signature | None,
    ) -> None:
        self.name, self.inputs, self.outputs, self.signature = name, inputs, outputs, signature
        self.cell_tensors = CellTensors(inputs)

    def difference(self, other: "Form") -> str:
        """Say in words what this takes or gives otherwise than `other`; nothing if nothing."""
        said = []
        for what, ours, theirs in (
            ("takes", self.inputs, other.inputs),
            ("gives", self.outputs, other.outputs),
        ):
            more = [str(item) for item in ours if item not in theirs][:SHOWN]
            less = [str(item) for item in theirs if item not in ours][:SHOWN]
            said += [f"{what} {', '.join(more)} now"] if more else []
            said += [f"{what} {', '.join(less)} no more"] if less else []
        return f"; it {', '.join(said)}" if said else ""

    def cannot_follow(self, other: "Form") -> str | None:
        """Say why this cannot answer for `other`, which takes rows; None: it can."""
        if self.signature is not None or other.signature is None:
            return None
        return (
            f"a signature is needed to take rows, which `{other.name}` does, however: it has none. "
            "Take a file that `ninefold run` exported"
        )

    def __reduce__(self) -> Any:
        """Travel to another process as a form, a loaded model too."""
        return Form, (self.name, self.inputs, self.outputs, self.signature)


class Model(Form):
    """A loaded model; its `version` is the first digits of its content's hash.

    `fault` says why it must not answer (None: it may); `is_batchable` tells that rows of several
    requests may share a run, since a row's outputs do not depend on its neighbours; `row_s` is the
    time one row takes and `more_s` that of each further one, as measured when the model was warmed
    up.
    """

    def __init__(self, name: str, content: bytes, arena: bool = False) -> None:
        """Raises `InputError` when `content` is no model ONNX Runtime can run."""
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.version = self.sha256[:VERSION_DIGITS]
        try:
            self.session = runtime.session(content, arena)
        except Exception as error:
            raise InputError(
                f"model `{name}` must be an ONNX file in one piece, however: {first_line(error)}. "
                "Export it again (`ninefold run`)"
            ) from None
        self._lean = runtime.Lean(self.session)
        self.metadata: dict[str, str] = self.session.get_modelmeta().custom_metadata_map
        super().__init__(
            name,
            tuple(_tensor(name, item) for item in self.session.get_inputs()),
            tuple(_tensor(name, item) for item in self.session.get_outputs()),
            _signature(name, self.metadata),
        )
        self._names = [tensor.name for tensor in self.outputs]
        if self.signature and any(i.known_words is not None for i in self.signature.inputs):
            self.words = vocabularies(content)
        self.fault: str | None = None
        self.is_batchable = False
        self.row_s = self.more_s = float("inf")

    @cached_property
    def masked(self) -> frozenset[str]:
        """The columns of which no value may be shown."""
        return frozenset(json.loads(self.metadata.get(MASKED, "[]")))

    @property
    def published(self) -> Signature | None:
        """The signature without what training saw of masked columns."""
        return self.signature and self.signature.without_values(self.masked)

    def expected_s(self, rows: int) -> float:
        """Return how long a run of so many rows should take."""
        return self.row_s + (rows - 1) * self.more_s if rows > 1 else self.row_s

    def run(
        self, feeds: Mapping[str, Array], options: "ort.RunOptions | None" = None
    ) -> dict[str, Array]:
        """Return output name -> array for inputs whose types and shapes were checked; see
        `ninefold.runtime.run`.

        Raises whatever ONNX Runtime raises.
        """
        values = runtime.run(self._lean, feeds, options)
        return dict(zip(self._names, values, strict=True))

    def to_json(self) -> dict[str, Any]:
        """Return the protocol's model metadata."""
        return {
            "name": self.name,
            "versions": [self.version],
            "platform": "onnxruntime_onnx",
            "inputs": [tensor.to_json() for tensor in self.inputs],
            "outputs": [tensor.to_json() for tensor in self.outputs],
        }


def read_model(
    path: Path, name: str | None = None, sha256: str | None = None, arena: bool = False
) -> Model:
    """Load the model in the file `path`; with `sha256`, only if its content has that hash.

    Loading from bytes keeps ONNX Runtime from following references to other files; for `arena` see
    `ninefold.runtime.session_options`.

    Raises:
        InputError: missing, unreadable, not the expected content, or no valid model.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(
            f"model {path} is missing: make it with `ninefold run`, or name another file"
        ) from None
    except OSError as error:
        raise InputError(f"model {path} cannot be read: {error.strerror}") from None
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and sha256.lower() != found:
        raise InputError(f"model {path} must have sha256 {sha256}, however: {found}")
    return Model(name or path.stem, content, arena)


def first_line(error: Exception) -> str:
    """Return what an ONNX Runtime exception says, in one bounded line."""
    return " ".join(str(error).split())[:300]


def _tensor(model: str, item: Any) -> Tensor:
    if item.type not in DATATYPES:
        raise InputError(
            f"model `{model}` must take and give plain tensors, however: `{item.name}` is "
            f"{item.type}"
        )
    datatype, dtype = DATATYPES[item.type]
    shape = tuple(size if isinstance(size, int) else -1 for size in item.shape)
    return Tensor(item.name, datatype, dtype, shape)


def _signature(model: str, metadata: Mapping[str, str]) -> Signature | None:
    if METADATA_KEY not in metadata:
        return None
    try:
        return Signature.from_json(metadata[METADATA_KEY])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(
            f"model `{model}` must hold a signature this version reads, however: "
            f"{first_line(error)}. Update Ninefold here, or export it again (`ninefold run`)"
        ) from None


def concatenated(parts: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Join the feeds of several requests along the batch dimension."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
