"""What a run found, as one offline HTML file: `ninefold.report.page.render`."""

from pydantic import Field

from ninefold.config import Spec


class ReportSpec(Spec):
    """How the report is worded and how much it lists."""

    title: str | None = Field(default=None, min_length=1, max_length=200)
    """Headline of the report; default: what is predicted."""
    max_columns: int = Field(default=24, ge=1, le=1000)
    """Columns drawn at once; the others are folded away, never left out."""
    max_rows: int = Field(default=10, ge=0, le=1000)
    """Failing rows shown per expectation."""
