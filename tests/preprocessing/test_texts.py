"""Texts fall into the same words in Python and in the file, in scripts without spaces too."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold.columns import Column
from ninefold.datasets.tables.evidence import TextEvidence
from ninefold.graph import Graph
from ninefold.preprocessing.blocks.block import Reader
from ninefold.preprocessing.blocks.words import emit_split
from ninefold.runtime import session
from ninefold.texts import MOST_WORDS, split_text


@pytest.fixture(scope="module")
def splitting():
    graph = Graph("words")
    found = emit_split(Reader(graph, [Column("t", "text")]), "t")
    graph.output("words", found, object, ("N", "T"))
    return session(graph.model().SerializeToString())


def words_of(splitting, texts):
    (found,) = splitting.run(None, {"t": np.array(texts, dtype=object).reshape(-1, 1)})
    assert (found[:, 0] == ".").all()
    return [[word for word in row[1:] if word] for row in found.tolist()]


LETTERS = st.sampled_from(
    [*"ab.-'é \t\n\v\f\r\u00a0\u3000\u200b", *"东京。ひカ", *"กข้", "🙂", "\U00020001"]
)


@given(st.lists(st.text(LETTERS) | st.text(), min_size=1, max_size=4))
@settings(max_examples=80, deadline=None)
def test_the_file_splits_as_python_does(splitting, texts):
    assert words_of(splitting, texts) == [split_text(text) for text in texts]


def test_words_beyond_the_most_are_left_out(splitting):
    texts = ["w " * 700, "东" * 700, ""]
    assert [len(words) for words in words_of(splitting, texts)] == [MOST_WORDS, MOST_WORDS, 0]
    assert [len(split_text(text)) for text in texts] == [MOST_WORDS, MOST_WORDS, 0]


COLOURS = ["red", "green", "blue", "dark grey", "white", "black", "brown", "pale pink"]


@pytest.mark.parametrize(
    ("cells", "is_text"),
    [
        (["今天我们一起去吃火锅", "昨天的足球比赛非常精彩", "教练觉得球员训练很努力"], True),
        (["กินข้าวผัดไทยอร่อย", "ฟุตบอลนักเตะเข้าประตู", "สนามแข่งวันนี้ร้อน"], True),
        (["北京市", "上海市", "广州市"], False),
        ([f"{a} {b}" for a in COLOURS for b in ("sofa", "lamp", "old chair")], True),
        ([f"{a} {b}" for a in COLOURS for b in ("sofa", "lamp", "old chair")] * 3, False),
        ([f"{a}{number} {number}" for number, a in enumerate(COLOURS)], False),
        (COLOURS, False),
    ],
)
def test_a_column_of_sentences_or_of_phrases_is_text(cells, is_text):
    import pyarrow as pa

    found = TextEvidence()
    found.add(pa.array(cells), ())
    assert found.is_free_text() is is_text
