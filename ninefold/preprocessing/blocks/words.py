"""Free text: which of the frequent words occur in it."""

import string
from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.graph import RUNTIME
from ninefold.preprocessing.blocks.block import Block, Reader
from ninefold.preprocessing.spec import WordsSpec
from ninefold.texts import MOST_WORDS, WORD, split_text

QUOTES = "“”„‚‘’«»…–—¿¡、。「」『』！，：；？"


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
        """Split into words and look for the known spellings."""
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
    """Add the nodes that split a text into words: `[N, 1]` -> `[N, T]`, "." before its words.

    ONNX Runtime's own operator, as ONNX's StringSplit knows neither lines nor scripts without
    spaces.
    """
    graph = reader.graph
    text = graph.StringConcat(graph.constant(". "), reader.raw(column))
    flat = graph.Squeeze(text, np.array([1]))
    words = graph.Tokenizer(flat, domain=RUNTIME, mark=0, pad_value="", mincharnum=1, tokenexp=WORD)
    # ONNX knows nothing of the operator; without the cast, of no type, its checker would crash.
    texts = graph.cast(words, object)
    return str(graph.Slice(texts, np.array([0]), np.array([MOST_WORDS + 1]), np.array([1])))
