"""Windows over real series that ship with the package statsmodels (public domain)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import model_validator

from ninefold.datasets.packaged import folder_of
from ninefold.datasets.windows import WindowsSpec

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source

SERIES: dict[str, dict[str, Any]] = {
    "co2": {
        "path": "co2/co2.csv",
        "time": "date",
        "value": "co2",
        "columns": {"date": {"kind": "datetime", "format": "%Y%m%d"}},
    },
    "sunspots": {
        "path": "sunspots/sunspots.csv",
        "time": "YEAR",
        "value": "SUNACTIVITY",
        "columns": {"YEAR": {"kind": "datetime", "format": "%Y"}},
    },
}
"""Name -> how its file is read."""


class StatsmodelsSeriesSpec(WindowsSpec):
    """Windows over one of these series: co2 (Mauna Loa, 2,284 weeks from 1958 on, 59 of them
    without a value) or sunspots (309 years from 1700 on). See `ingest: {kind: windows}`.
    """

    kind: Literal["statsmodels_series"] = "statsmodels_series"  # type: ignore[assignment]
    name: Literal["co2", "sunspots"]
    """Which series."""

    @model_validator(mode="before")
    @classmethod
    def _known(cls, content: Any) -> Any:
        """Fill in how the file of the series is read."""
        return {**SERIES.get(str(content.get("name")), {}), **content}

    def open(self, workspace: Path) -> "Source":
        return super().open(folder_of("statsmodels", "pip install statsmodels") / "datasets")
