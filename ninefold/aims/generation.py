"""generation: new rows like those of the table; a seed goes in, a row comes out."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ninefold.aims import Aim, Peers, Settings, Tested, report_of
from ninefold.training.under_way import NO_FILES, RunFiles

if TYPE_CHECKING:
    from ninefold.columns import Frame
    from ninefold.generating.model import Sampler
    from ninefold.unlabelled.model import Model
    from ninefold.unlabelled.preparing import Prepared


class Generation(Aim):
    """A Wasserstein GAN for rows, beside normal distributions."""

    task: ClassVar[str] = "generation"
    about: ClassVar[str] = "new rows like those of the table"
    is_diagnosed: ClassVar[bool] = True
    sections: ClassVar[tuple[str, ...]] = ("generate",)
    draft: ClassVar[tuple[str, ...]] = (
        "generate:",
        "  steps: 2000              # of the generator",
    )
    titles: ClassVar[Mapping[str, str]] = {
        "gaussian": "correlated normal distributions",
        "independent": "independent normal distributions",
    }
    preprocess: ClassVar[str] = "{number: {scale: quantile}}   # numbers as a normal distribution"
    plots: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "Distance the critic sees": {
            "template": "linear",
            "x": "epoch",
            "y": {"models/network/history.csv": "wasserstein"},
        },
    }

    def rows(self, frame: "Frame") -> "Frame":
        """Return the raw columns that can be drawn: no texts, nothing derived."""
        chosen = [c for c in frame.columns if "derived" not in c.roles and c.kind != "text"]
        return frame.select([column.name for column in chosen])

    def fit(self, ready: "Prepared", settings: Settings, files: RunFiles = NO_FILES) -> "Sampler":
        from ninefold.generating.fitting import fit

        return fit(ready, settings["generate"], files)

    def peers(self, ready: "Prepared", settings: Settings) -> Peers:
        from ninefold.generating.fitting import peers

        found = peers(ready)
        return Peers(found, report_of(found, self.titles))

    def diagnosis(self, model: "Model", ready: "Prepared") -> dict[str, Any]:
        from ninefold.generating.diagnosing import diagnosis
        from ninefold.generating.model import Sampler

        assert isinstance(model, Sampler)
        return diagnosis(model, *ready.frames)

    def load(self, folder: Path) -> "Sampler":
        from ninefold.generating.model import Sampler

        return Sampler.load(folder)

    def evaluate(self, model: "Model", tested: Tested) -> dict[str, Any]:
        from ninefold.generating.evaluating import evaluate
        from ninefold.generating.model import Sampler

        assert isinstance(model, Sampler)
        plain = replace(model, history=())
        return evaluate(
            plain, tested.parts, tested.said, tested.problem, tested.spec, tested.titles
        )
