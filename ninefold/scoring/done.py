"""What a job has scored: rows, rows without a prediction, what is unusual, what was counted."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from ninefold.scoring.marks import merged
from ninefold.serving.model import Array


class Counting(Protocol):
    """Counts what is to be known of rows and predictions as a whole."""

    def count(self, feeds: Mapping[str, Array], outputs: Mapping[str, Array]) -> dict[str, Any]:
        """Return the counts of a chunk, as JSON takes them."""

    def add(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
        """Return the counts of both; either may be empty."""


@dataclass(frozen=True)
class FileDone:
    """One scored source: rows, those without a prediction, flagged cells by kind and column, what
    was counted, how many of the rows an earlier run had scored, and whether they were judged then.
    """

    name: str
    rows: int = 0
    failed: int = 0
    flagged: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    counts: Mapping[str, Any] = field(default_factory=dict)
    before: int = 0
    is_judged: bool = False


@dataclass(frozen=True)
class Done:
    """A job that is finished."""

    model_version: str
    files: tuple[FileDone, ...]
    counts: Mapping[str, Any]

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def failed(self) -> int:
        return sum(file.failed for file in self.files)

    @property
    def before(self) -> int:
        """Rows that an earlier run had scored."""
        return sum(file.before for file in self.files)

    @property
    def unjudged(self) -> tuple[FileDone, ...]:
        """The sources that no run has judged yet."""
        return tuple(file for file in self.files if not file.is_judged)

    @property
    def flagged(self) -> dict[str, dict[str, int]]:
        """Flagged cells by kind and column."""
        found: dict[str, dict[str, int]] = {}
        for file in self.files:
            found = merged(found, file.flagged)
        return found


def tally(done: FileDone) -> dict[str, Any]:
    """Return what a line of the journal says of a part or a source."""
    content = asdict(done)
    return {name: content[name] for name in ("rows", "failed", "flagged", "counts")}


def summed(
    name: str, lines: Sequence[Mapping[str, Any]], before: int, counter: Counting | None
) -> FileDone:
    """Return what lines of the journal add up to."""
    flagged: dict[str, dict[str, int]] = {}
    counts: dict[str, Any] = {}
    for line in lines:
        flagged = merged(flagged, line["flagged"])
        counts = counter.add(counts, line["counts"]) if counter else {}
    rows, failed = sum(line["rows"] for line in lines), sum(line["failed"] for line in lines)
    return FileDone(name, rows, failed, flagged, counts, before)
