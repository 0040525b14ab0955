"""Words of steps as tensors: of each its id and how it is written, looked up inside the graph.

A tensor of words is float32 `(T + 1, 2 + M)`: for each step whether it is there, the id of its word
(0 where none is, 1 for an unknown one), and M flags of how the word is written and what it ends in,
which tell of words that training never saw. The step at the end is not there, so that a row without
words has one, too.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.preprocessing.blocks.block import Reader
from ninefold.preprocessing.layout import TensorLayout
from ninefold.preprocessing.spec import StepWordsSpec
from ninefold.preprocessing.tokens import FIRST, UNKNOWN
from ninefold.sequences import words_of

WRITTEN = {
    "begins with a capital": r"\p{Lu}.*",
    "is all capitals": r"[^\p{Ll}]*\p{Lu}[^\p{Ll}]*",
    "holds a digit": r".*\p{Nd}.*",
    "holds no letter": r"[^\p{L}]+",
    "holds a hyphen": r".+-.+",
}
"""Patterns, in RE2's syntax, of whole words."""
ENDINGS = (2, 3)
"""Letters that an ending has."""


@dataclass(frozen=True)
class StepWordsTensor:
    """What was fitted for one column of words of steps.

    words: the known words in small letters, most frequent first; their ids count from `FIRST`.
    spellings: of each word, as the train rows write it, and capitalised and in capitals.
    endings: letters that many known words end in.
    """

    column: str
    words: tuple[str, ...]
    spellings: tuple[tuple[str, ...], ...]
    endings: tuple[str, ...]

    def emit(self, reader: Reader) -> str:
        """Add the nodes: text `[N, 1]` -> float32 `[N, T + 1, 2 + M]`."""
        from ninefold.graph import tensor

        graph = reader.graph
        text = graph.StringConcat(reader.raw(self.column), graph.constant("\n"))
        split = graph.node("StringSplit", text, outputs=2, delimiter="\n")[0]
        words = graph.Squeeze(split, np.array([1]))
        pairs = [(s, id_) for id_, known in enumerate(self.spellings, FIRST) for s in known]
        ids = graph.LabelEncoder(
            words,
            keys_tensor=tensor(np.array(["", *(s for s, _ in pairs)], dtype=object)),
            values_tensor=tensor(np.array([0, *(i for _, i in pairs)], dtype=np.int64)),
            default_tensor=tensor(np.array([UNKNOWN], dtype=np.int64)),
        )
        some = graph.cast(graph.Greater(ids, np.int64(0)), np.int64)
        there = graph.Greater(graph.CumSum(some, np.array(1), reverse=1), np.int64(0))
        flags = [graph.RegexFullMatch(words, pattern=pattern) for pattern in self._patterns()]
        parts = [graph.cast(part, np.float32) for part in (there, ids, *flags)]
        steps = graph.Concat(*[graph.Unsqueeze(part, np.array([2])) for part in parts], axis=2)
        return str(graph.Pad(steps, np.array([0, 1]), np.float32(0), np.array([1])))

    def _patterns(self) -> Iterable[str]:
        return (*WRITTEN.values(), *(f"(?is).+{re.escape(ending)}" for ending in self.endings))

    @property
    def layout(self) -> TensorLayout:
        """What a network is told."""
        count = 2 + len(WRITTEN) + len(self.endings)
        return TensorLayout(
            self.column,
            "words",
            (-1, count),
            (),
            (f"{self.column} steps",),
            cardinality=len(self.words) + FIRST,
        )


def fit_step_words(column: str, texts: Array, spec: StepWordsSpec) -> StepWordsTensor | None:
    """Learn the words of the train rows' steps `(n,)`; None if no word is there often enough."""
    found = Counter(word for text in texts.tolist() for word in words_of(text))
    counts: Counter[str] = Counter()
    spellings: dict[str, set[str]] = {}
    for spelling, count in found.items():
        counts[spelling.lower()] += count
        spellings.setdefault(spelling.lower(), set()).add(spelling)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    known = [word for word, count in ranked if count >= spec.min_count][: spec.max_words]
    if not known:
        return None
    written, taken = [], set[str]()
    for word in known:
        every = {*spellings[word], word, word.capitalize(), word.upper()} - taken
        taken |= every
        written.append(tuple(sorted(every)))
    return StepWordsTensor(column, tuple(known), tuple(written), _endings(counts, spec))


def _endings(words: Iterable[str], spec: StepWordsSpec) -> tuple[str, ...]:
    """Return the endings that most different words have, unseen ones may have them too."""
    found = Counter(
        word[-size:] for word in words for size in ENDINGS
        if len(word) > size and word[-size:].isalpha()
    )  # fmt: skip
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(e for e, count in ranked if count >= spec.min_ending_count)[: spec.max_endings]


def emit_count(graph: Any, value: str) -> str:
    """Add the nodes: a tensor `[N, T, F]` -> how many steps are there, float32 `[N, 1]`."""
    there = graph.Slice(value, np.array([0]), np.array([1]), np.array([2]))
    end = np.array([2**31 - 1])
    total = graph.Slice(graph.CumSum(there, np.array(1)), np.array([-1]), end, np.array([1]))
    return str(graph.Squeeze(total, np.array([2])))
