"""The best baseline as a model to export: fitted again, and proved to be the one measured."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ninefold.errors import GateError
from ninefold.unlabelled.model import Model
from ninefold.unlabelled.preparing import Prepared
from ninefold.unlabelled.publishing import composed

if TYPE_CHECKING:
    import onnx

    from ninefold.aims import Aim


def refit(
    name: str,
    measured: Path,
    featurize: "onnx.ModelProto",
    ready: Prepared,
    aim: "Aim",
    settings: Mapping[str, Any],
) -> Model:
    """Fit the baseline called `name` as the baselines stage did.

    Args:
        measured: the file that stage wrote, which was measured on the test part.
        ready: the train rows, prepared.

    Raises:
        GateError: this fit gives another file.
    """
    model = aim.peers(ready, settings).models[name]
    again = composed(featurize, model, ready.frames[0])
    if again.SerializeToString(deterministic=True) != measured.read_bytes():
        raise GateError(
            f"export: the baseline `{name}` fitted again must be the one that was measured, "
            f"however: {measured.name} differs. Run the stage baselines again, with these versions"
        )
    return model
