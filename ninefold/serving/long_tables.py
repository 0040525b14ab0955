"""Long tables in a body: one step a line, one row for each entity, as training read them.

The format of the model's column of sequences names the columns: channels, entity and time.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ninefold import dates, sequences
from ninefold.numerals import to_number
from ninefold.serving.limits import Limits, RequestError
from ninefold.signature import NAT, Array, Input, Signature

Lines = Sequence[Mapping[str, Any]]


class Long(NamedTuple):
    """What a long table holds: rows as the model takes them, and whose they are."""

    rows: list[dict[str, Any]]
    of: list[dict[str, Any]]


class LongTable:
    """Reads the long tables that go with a model's column of sequences."""

    def __init__(self, item: Input, others: Sequence[Input], limits: Limits) -> None:
        self._item, self._recipe, self._limits = item, sequences.recipe(item.format), limits
        self.channels: tuple[str, ...] = tuple(self._recipe["channels"])
        self.entity: str | None = self._recipe.get("entity")
        self._time: str | None = self._recipe.get("time")
        self._formats: Mapping[str, str] = self._recipe.get("formats", {})
        self._others = [other.name for other in others if other.name != self.entity]

    @staticmethod
    def of(signature: Signature, header: Sequence[str], limits: Limits) -> "LongTable | None":
        """Return what reads a table with this header; None where its lines are rows themselves.

        Raises:
            RequestError: it has neither the column of sequences nor all of a long table.
        """
        wanted = [item for item in signature.inputs if item.kind == "sequence"]
        if len(wanted) != 1 or wanted[0].name in header:
            return None
        others = [item for item in signature.inputs if item is not wanted[0]]
        table = LongTable(wanted[0], others, limits)
        lacking = [name for name in table.needed if name not in header]
        if lacking:
            raise RequestError(
                f"the table must have a column `{wanted[0].name}` of JSON lists, or a step a line "
                f"with the columns {', '.join(table.needed)[:200]}, however: it has no "
                f"`{lacking[0][:100]}`"
            )
        return table

    @property
    def needed(self) -> list[str]:
        """The columns that a table must have."""
        return [name for name in (self.entity, self._time, *self.channels) if name]

    def format_of(self, name: str) -> str | None:
        """Return how the cells of a channel are written."""
        return self._formats.get(name)

    def check_steps(self, count: int) -> None:
        """Refuse more steps than a request may have. Raises `RequestError`."""
        if count > self._limits.max_steps:
            raise RequestError(f"a table must have at most {self._limits.max_steps} steps", 413)

    def read(self, lines: Lines) -> Long:
        """Return a row for each entity, in the order in which they are first met.

        Raises:
            RequestError: 400 a line without entity or time, times that repeat, channels that are no
                numbers; 413 too many entities.
        """
        groups: dict[Any, list[int]] = {}
        for place, line in enumerate(lines):
            groups.setdefault(self._entity_of(place, line), []).append(place)
        self._limits.check_rows(len(groups))
        values, moments = self._values(lines), self._moments(lines)
        rows = []
        for places in groups.values():
            order = np.array(places)
            if moments is not None:
                order = order[np.argsort(moments[order], kind="stable")]
                self._check_once(order, moments)
            rows.append(self._row(lines, order, values, moments))
        return Long(rows, [{self.entity: name} if self.entity else {} for name in groups])

    def _entity_of(self, place: int, line: Mapping[str, Any]) -> Any:
        name = line[self.entity] if self.entity else None
        if self.entity and not isinstance(name, (str, int, float)):
            raise RequestError(f"line {place}: column `{self.entity}` must name the entity")
        return name

    def _values(self, lines: Lines) -> Array:
        """Return the channels `(S, C)`; what is missing or infinite is NaN."""
        found = np.empty((len(lines), len(self.channels)))
        for channel, name in enumerate(self.channels):
            cells = [line[name] for line in lines]
            wrong = [i for i, cell in enumerate(cells) if not _is_number(cell)]
            if wrong:
                raise RequestError(
                    f"line {wrong[0]}: column `{name}` must be a number, however: "
                    f"{str(cells[wrong[0]])[:60]}"
                )
            found[:, channel] = [math.nan if cell is None else _as_float(cell) for cell in cells]
        return np.where(np.isfinite(found), found, np.nan)

    def _moments(self, lines: Lines) -> Array | None:
        """Return the times `(S,)`, numbers as they are, dates in microseconds; None without."""
        if self._time is None:
            return None
        cells = [line[self._time] for line in lines]
        form = self._formats.get(self._time)
        if form is None and all(_is_number(c) and c is not None for c in map(_numeral, cells)):
            return np.array([float(_numeral(cell)) for cell in cells])
        texts = ["" if cell is None else str(cell) for cell in cells]
        moments = dates.to_micros(texts, form)
        if form is not None and (moments == NAT).any():
            moments = np.where(moments == NAT, dates.to_micros(texts, None), moments)
        wrong = np.flatnonzero(moments == NAT)
        if len(wrong):
            own = f' (as "{form}")' if form else ""
            raise RequestError(
                f"line {wrong[0]}: column `{self._time}` must give the time of the step{own}, "
                f"however: {texts[wrong[0]][:60]!r}"
            )
        return moments

    def _check_once(self, order: Array, moments: Array) -> None:
        again = np.flatnonzero(np.diff(moments[order]) == 0)
        if len(again):
            raise RequestError(
                f"line {order[again[0] + 1]}: every step of an entity must have a `{self._time}` "
                "of its own"
            )

    def _row(
        self, lines: Lines, order: Array, values: Array, moments: Array | None
    ) -> dict[str, Any]:
        """Return one entity as a row: its steps, and the first known cell of each other column."""
        steps = values[order]
        if "last" in self._recipe and moments is not None:
            steps = sequences.with_gaps(steps, moments[order])[0][-self._recipe["last"] :]
        row: dict[str, Any] = {self._item.name: sequences.to_cell(steps)}
        for name in self._others:
            cells = [lines[place][name] for place in order if name in lines[place]]
            if name == self._time:
                row[name] = cells[-1]
            elif cells:
                row[name] = next((cell for cell in cells if cell is not None), None)
        return row


def reader(format: str | None, missing: set[str]) -> Callable[[str], Any]:
    """Return what turns a cell of a channel into a number; one that is none stays text."""

    def read(cell: str) -> Any:
        if cell.strip() in missing:
            return None
        number = to_number(cell, format)
        return cell if number is None else number

    return read


def _is_number(cell: Any) -> bool:
    return cell is None or isinstance(cell, (int, float))


def _as_float(cell: float) -> float:
    try:
        return float(cell)
    except OverflowError:
        return math.nan


def _numeral(cell: Any) -> Any:
    """Return a text as the number that it writes; itself if it writes none."""
    if not isinstance(cell, str):
        return cell
    number = to_number(cell, None)
    return cell if number is None else number
