"""The best baseline as a model to export: fitted again, and proved to be the one that was measured.

A baseline is kept as an ONNX file only. To compare that file with what it was made from, on rows it
was never tried on, the baseline is fitted once more; the same data, params and versions give the
same bytes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ninefold.baselines import BaselinesSpec
from ninefold.baselines.base import Fitted
from ninefold.baselines.comparing import compare
from ninefold.columns import Array, Frame
from ninefold.compose import compose
from ninefold.errors import GateError
from ninefold.head import Head
from ninefold.problem import ProblemSpec

if TYPE_CHECKING:
    import onnx

    from ninefold.preprocessing import Preprocessing, PreprocessSpec
    from ninefold.sampling import Sampling


@dataclass(frozen=True)
class ExportedBaseline:
    """A fitted baseline with what stands before and behind it."""

    preprocessing: "Preprocessing"
    fitted: Fitted
    head: Head

    def scores(self, frame: Frame) -> Array:
        """Return `(N, K)` float32: log-probabilities, or the standardised value."""
        return self.fitted.scores(*self.preprocessing.transform(frame))

    def to_onnx(self) -> "onnx.ModelProto":
        """Return `X` float32 `[N, F]`, `codes` int64 `[N, C]` -> `scores` float32 `[N, K]`."""
        return self.fitted.to_onnx()


def refit(
    name: str,
    measured: Path,
    featurize: "onnx.ModelProto",
    train: Frame,
    valid: Frame,
    problem: ProblemSpec,
    sampling: "Sampling",
    preprocess: "PreprocessSpec",
    spec: BaselinesSpec,
) -> ExportedBaseline:
    """Fit the baseline called `name` as the baselines stage did.

    Args:
        name: the baseline's kind.
        measured: the file that stage wrote, which was measured on the test part.

    Raises:
        GateError: this fit gives another file.
    """
    alone = spec.model_copy(update={"models": tuple(m for m in spec.models if m.kind == name)})
    found = compare(train, valid, problem, sampling, preprocess, alone)
    model = ExportedBaseline(found.prepared.preprocessing, found.fitted[name], found.heads[name])
    again = compose(featurize, model.preprocessing.model, model.to_onnx(), model.head)
    if again.SerializeToString(deterministic=True) != measured.read_bytes():
        raise GateError(
            f"export: the baseline `{name}` fitted again must be the one that was measured, "
            f"however: {measured.name} differs. Run the stage baselines again, with these versions"
        )
    return model
