"""What parts of a cell add to an answer: words of texts, regions of pictures, steps of sequences.

Each part is left out once (Zeiler & Fergus, Visualizing and understanding convolutional networks,
ECCV 2014), all in one run of the model; a part adds what the answer loses without it. Needs nothing
but the file: no gradients.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ninefold.pixels import objects
from ninefold.signature import Input
from ninefold.texts import all_words

Array = np.ndarray[Any, Any]
WHAT: Mapping[str, str] = {"text": "words", "image": "regions", "sequence": "steps"}
"""Kind of a column -> what its cells are made of."""
PARTS = 64
"""Parts of a cell; where a cell has more words or steps, neighbours go together."""
SIDE = 8
"""Regions along a side of a picture."""
COLUMNS = 8
"""Columns whose parts are told, the most important ones."""


@dataclass(frozen=True)
class Part:
    """A cell without one part, and which part that is."""

    cell: Any
    told: Mapping[str, Any]


class Occlusion:
    """Leaves out parts of the cells of a row.

    `what` holds column -> `words`, `regions` or `steps`, for columns that have such parts.
    """

    def __init__(self, columns: Sequence[Input], background: Mapping[str, Array]) -> None:
        """Take the columns, most important first, and usual cells of each, `(m, …)`."""
        told = [column for column in columns if column.kind in WHAT][:COLUMNS]
        self.what = {column.name: WHAT[column.kind] for column in told}
        self._colours = {n: _colour(background[n]) for n, w in self.what.items() if w == "regions"}

    def parts(self, row: Mapping[str, Array]) -> dict[str, list[Part]]:
        """Return the parts of each cell of a row of feeds `(1, …)`; none where it is missing."""
        found = {}
        for name, what in self.what.items():
            cell = row[name].ravel()[0]
            if what == "words":
                parts = _words(cell)
            elif what == "regions":
                parts = _regions(cell, self._colours[name])
            else:
                parts = _steps(cell)
            if parts:
                found[name] = parts
        return found

    @staticmethod
    def feeds(row: Mapping[str, Array], parts: Mapping[str, Sequence[Part]]) -> dict[str, Array]:
        """Return the row as it is, and once without each part, `(1 + parts, …)`."""
        count = 1 + sum(map(len, parts.values()))
        feeds = {name: np.repeat(values, count, axis=0) for name, values in row.items()}
        place = 1
        for name, own in parts.items():
            cells = objects(part.cell for part in own)
            feeds[name][place : place + len(own)] = cells.reshape(-1, *feeds[name].shape[1:])
            place += len(own)
        return feeds

    def told(self, parts: Mapping[str, Sequence[Part]], answers: Array) -> list[dict[str, Any]]:
        """Word what each part adds, by the answers `(1 + parts,)` to `feeds`."""
        added, place, found = answers[0] - answers[1:], 0, []
        for name, own in parts.items():
            values = added[place : place + len(own)].tolist()
            place += len(own)
            said = [{**part.told, "value": v} for part, v in zip(own, values, strict=True)]
            found.append({"column": name, self.what[name]: said})
        return found


def _words(text: str) -> list[Part]:
    words = all_words(str(text))
    return [
        Part(" ".join(words[:first] + words[end:]), {"text": " ".join(words[first:end])})
        for first, end in spans(len(words), PARTS)
    ]


def _regions(picture: Array, colour: Array | None) -> list[Part]:
    height, width = picture.shape[:2]
    if not picture.size:
        return []
    if colour is None:
        colour = _mean(picture)
    found = []
    for top, bottom in spans(height, SIDE):
        for left, right in spans(width, SIDE):
            cell = picture.copy()
            cell[top:bottom, left:right] = colour
            told = {"top": top, "bottom": bottom, "left": left, "right": right}
            found.append(Part(cell, told))
    return found


def _steps(sequence: Array) -> list[Part]:
    found = []
    for first, end in spans(len(sequence), PARTS):
        cell = sequence.copy()
        cell[first:end] = np.nan
        found.append(Part(cell, {"first": first, "last": end - 1}))
    return found


def spans(count: int, most: int) -> list[tuple[int, int]]:
    """Divide `count` things into at most so many runs of neighbours, as equal as can be."""
    edges = np.linspace(0, count, min(count, most) + 1).round().astype(int).tolist()
    return list(pairwise(edges))


def _colour(pictures: Array) -> Array | None:
    """Return the mean colour `(C,)` of pictures, None where there is none."""
    known = [_mean(picture) for picture in pictures.ravel() if picture.size]
    return np.mean(known, axis=0).round().astype(np.uint8) if known else None


def _mean(picture: Array) -> Array:
    return np.asarray(picture.mean(axis=(0, 1)).round().astype(np.uint8))
