"""Real series with a class each, from the package aeon (BSD), which ships them as `.ts` files."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import model_validator

from ninefold.datasets.packaged import folder_of
from ninefold.datasets.ts_file import TsFileSpec

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source

INSTALL = "pip install --no-deps aeon==1.6.0"
"""Only its files are read; what aeon itself needs does not go with this pandas."""


class AeonSeriesSpec(TsFileSpec):
    """One of these sets, train and test file together: JapaneseVowels (640 utterances of 9
    speakers, 12 channels, 7 to 29 steps; Kudo, Toyama and Shimbo, 1999), BasicMotions (80
    recordings of 4 activities, 6 channels), ItalyPowerDemand (1,096 days, winter or summer),
    GunPoint (200) or ArrowHead (211 outlines). See `ingest: {kind: ts_file}`.
    """

    kind: Literal["aeon_series"] = "aeon_series"  # type: ignore[assignment]
    name: Literal["JapaneseVowels", "BasicMotions", "ItalyPowerDemand", "GunPoint", "ArrowHead"]
    """Which set."""

    @model_validator(mode="before")
    @classmethod
    def _known(cls, content: Any) -> Any:
        """Fill in where the files of the set lie."""
        name = content.get("name")
        return {"paths": [f"{name}/{name}_{part}.ts" for part in ("TRAIN", "TEST")], **content}

    def open(self, workspace: Path) -> "Source":
        return super().open(folder_of("aeon", INSTALL) / "datasets" / "data")
