"""Texts as rows of word ids, looked up inside the graph."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.preprocessing.blocks.block import Reader
from ninefold.preprocessing.blocks.words import counted, emit_split
from ninefold.preprocessing.layout import TensorLayout
from ninefold.preprocessing.spec import TokensSpec
from ninefold.texts import split_text

PADDING, UNKNOWN, FIRST = 0, 1, 2
SAMPLE_LEVELS = 40


@dataclass(frozen=True)
class TokenTensor:
    """What was fitted for one column of texts.

    words: the known words, most frequent first; their ids count from `FIRST`.
    spellings: of each word, as the train rows write it: capitals, punctuation at its ends.
    idf: inverse document frequencies of the first words, which are told where the tensor is laid
        flat.
    """

    column: str
    words: tuple[str, ...]
    spellings: tuple[tuple[str, ...], ...]
    idf: tuple[float, ...]
    length: int

    def emit(self, reader: Reader) -> str:
        """Add the nodes: text `[N, 1]` -> ids int64 `[N, length]`, 0 after the last word."""
        from ninefold.graph import tensor

        graph = reader.graph
        pairs = [
            (spelling, id_) for id_, known in enumerate(self.spellings, FIRST) for spelling in known
        ]
        ids = graph.LabelEncoder(
            emit_split(reader, self.column),
            keys_tensor=tensor(np.array(["", *(s for s, _ in pairs)], dtype=object)),
            values_tensor=tensor(np.array([PADDING, *(i for _, i in pairs)], dtype=np.int64)),
            default_tensor=tensor(np.array([UNKNOWN], dtype=np.int64)),
        )
        rows = graph.Shape(ids, start=0, end=1)
        room = graph.ConstantOfShape(
            graph.Concat(rows, np.array([self.length]), axis=0),
            value=tensor(np.array([PADDING], dtype=np.int64)),
        )
        padded = graph.Concat(ids, room, axis=1)
        one, end = np.array([1]), np.array([self.length + 1])
        return str(graph.Slice(padded, one, end, np.array([1])))

    @property
    def layout(self) -> TensorLayout:
        """What a network is told."""
        told = self.words[: len(self.idf)]
        return TensorLayout(
            self.column,
            "tokens",
            (self.length,),
            (len(told),),
            tuple(f"{self.column} tf-idf {word!r}" for word in told),
            cardinality=len(self.words) + FIRST,
            weights=self.idf,
        )


def fit_tokens(column: str, texts: Array, spec: TokensSpec) -> TokenTensor | None:
    """Learn the words of the train texts `(n,)`; None if no word is in enough of them."""
    ranked, spellings = counted(texts)
    known = [(w, n) for w, n in ranked if n >= spec.min_count][: spec.max_words]
    if not known:
        return None
    lengths = [len(split_text(text)) for text in texts.tolist()]
    longest = int(np.clip(np.quantile(lengths, 0.95), 1, spec.max_tokens))
    frequent = [n for _, n in known[: spec.flat_words]]
    # As scikit-learn smooths it: one more text, which holds every word.
    idf = tuple(float(np.log((1 + len(texts)) / (1 + n)) + 1) for n in frequent)
    words = tuple(word for word, _ in known)
    return TokenTensor(column, words, tuple(spellings[w] for w in words), idf, longest)
