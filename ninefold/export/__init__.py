"""One ONNX file that takes raw rows, and the receipt that says it gives the model's numbers."""

from pydantic import Field

from ninefold.config import Spec
from ninefold.explaining import ExplanationSpec
from ninefold.export.choosing import Wanted


class ExportSpec(Spec):
    """What the file holds, how strictly it is compared with that model, and what it carries."""

    model: Wanted = "auto"
    """network, or baseline (the best one); auto takes the baseline if the verdict is that deep
    learning is not needed, or inconclusive and the network is no better so far."""
    tolerance: float = Field(default=1e-5, gt=0, le=1e-2)
    """Largest difference of a probability, or of a value in units of the target's spread."""
    held_out_rows: int = Field(default=2000, ge=1, le=1_000_000)
    """Rows of the valid part that are compared."""
    golden_rows: int = Field(default=5, ge=1, le=100)
    """Rows stored in the file with what they must give; a server replays them when it starts."""
    explanation: ExplanationSpec = ExplanationSpec()
    """How the model is explained, in the report and to those who ask a server."""
