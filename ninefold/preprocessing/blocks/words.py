"""Free text: which of the frequent words occur in it."""

import string
from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.preprocessing.blocks.block import Block, Reader
from ninefold.preprocessing.spec import WordsSpec

MOST_SPLITS = 511
"""Words beyond are not looked at: ONNX pads every text to the longest of its batch."""
QUOTES = "“”„‚‘’«»…–—¿¡"


@dataclass(frozen=True)
class WordCell:
    """One word and the spellings of it in the train rows: capitals, punctuation at its ends."""

    column: str
    word: str
    spellings: tuple[str, ...]

    @property
    def name(self) -> str:
        """Column and word."""
        return f"{self.column} has {self.word!r}"


@dataclass(frozen=True)
class WordBlock(Block):
    """1 where the word occurs in the text, else 0; all words of one column."""

    cells: tuple[WordCell, ...]

    def emit(self, reader: Reader) -> str:
        """Split at spaces and look for the known spellings."""
        graph = reader.graph
        words = emit_split(reader, self.cells[0].column)
        pool = [(s, index) for index, cell in enumerate(self.cells) for s in cell.spellings]
        counts = graph.TfIdfVectorizer(
            words,
            mode="TF",
            min_gram_length=1,
            max_gram_length=1,
            max_skip_count=0,
            ngram_counts=[0],
            ngram_indexes=[index for _, index in pool],
            pool_strings=[spelling for spelling, _ in pool],
        )
        return graph.cast(graph.Greater(counts, np.float32(0)), np.float64)


def fit_words(column: str, texts: Array, spec: WordsSpec) -> list[WordCell]:
    """Return the words that occur in most of the train texts `(n,)`, in order of frequency."""
    ranked, spellings = counted(texts)
    frequent = [word for word, count in ranked if spec.min_count <= count < len(texts)]
    return [WordCell(column, word, spellings[word]) for word in frequent[: spec.max_words]]


def counted(texts: Array) -> tuple[list[tuple[str, int]], dict[str, tuple[str, ...]]]:
    """Return the words with the number of texts `(n,)` they occur in, the most frequent first, and
    the spellings of each.
    """
    spellings: dict[str, set[str]] = defaultdict(set)
    counts: Counter[str] = Counter()
    for text in texts.tolist():
        found = set()
        for spelling in split_text(text):
            word = spelling.lower().strip(string.punctuation + QUOTES)
            if word:
                spellings[word].add(spelling)
                found.add(word)
        counts.update(found)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ranked, {word: tuple(sorted(found)) for word, found in spellings.items()}


def emit_split(reader: Reader, column: str) -> str:
    """Add the nodes that split a text at spaces: `[N, 1]` -> `[N, T]`, "." before its words."""
    graph = reader.graph
    text = graph.StringConcat(graph.constant(". "), reader.raw(column))
    split = graph.node("StringSplit", text, outputs=2, maxsplit=MOST_SPLITS)[0]
    return str(graph.Squeeze(split, np.array([1])))


def split_text(text: str) -> list[str]:
    """Split at spaces, as ONNX's StringSplit does."""
    return [word for word in text.split(" ") if word][: MOST_SPLITS - 1]
